"""What an operation may cost: the fields that it would resolve if every page were full."""

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Undefined,
    get_named_type,
)
from graphql.utilities import value_from_ast_untyped

from proctor.api.documents import Prepared
from proctor.api.limits import PAGE, Limits, beyond
from proctor.domain.json import JsonObject


def check_cost(
    schema: GraphQLSchema, prepared: Prepared, operation: OperationDefinitionNode, variables: JsonObject, limits: Limits
) -> None:
    """Refuse an operation with too long a page, or too many fields in all. Raises GraphQLError."""
    counting = _Cost(schema, prepared.fragments, {**_defaults(operation), **variables}, limits)
    cost = counting.of(operation.selection_set, schema.get_root_type(operation.operation))
    if cost > limits.cost:
        raise beyond("cost", cost, limits.cost)


@dataclass(frozen=True, slots=True)
class _Cost:
    """Counts the cost of selections in a valid document."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: dict[str, object]
    limits: Limits

    def of(self, selections: SelectionSetNode | None, parent: GraphQLNamedType | None) -> int:
        cost = 0
        for node in selections.selections if selections else ():
            match node:
                case FieldNode():
                    cost += self._field(node, parent)
                case InlineFragmentNode():
                    condition = node.type_condition
                    inner = self.schema.get_type(condition.name.value) if condition else parent
                    cost += self.of(node.selection_set, inner)
                case FragmentSpreadNode():
                    fragment = self.fragments[node.name.value]
                    cost += self.of(fragment.selection_set, self.schema.get_type(fragment.type_condition.name.value))
            if cost > self.limits.cost:  # a fragment spread again and again is not followed to its end
                break
        return cost

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> int:
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            return 1
        definition = parent.fields.get(node.name.value)
        if definition is None or node.selection_set is None:
            return 1
        times = self._page(node, definition.args[PAGE].default_value) if PAGE in definition.args else 1
        return 1 + times * self.of(node.selection_set, get_named_type(definition.type))

    def _page(self, node: FieldNode, default: object) -> int:
        asked: object = Undefined
        for argument in node.arguments or ():
            if argument.name.value == PAGE:
                asked = value_from_ast_untyped(argument.value, self.variables)
        asked = default if asked is Undefined else asked
        if not isinstance(asked, int | float):  # 3.0 is a whole number for GraphQL, and no page is a full one
            return self.limits.page
        if asked > self.limits.page:
            raise beyond("page", asked, self.limits.page)
        return max(int(asked), 0)


def _defaults(operation: OperationDefinitionNode) -> dict[str, object]:
    return {
        definition.variable.name.value: value_from_ast_untyped(definition.default_value)
        for definition in operation.variable_definitions or ()
        if definition.default_value is not None
    }
