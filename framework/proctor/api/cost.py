"""What an operation may cost: the fields that it would resolve if every page were full."""

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Undefined,
    ValueNode,
    get_named_type,
)
from graphql.utilities import value_from_ast_untyped

from proctor.api.documents import Prepared
from proctor.api.limits import PAGES, Limits, beyond
from proctor.api.pages import USUAL
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
        return 1 + self._times(node, definition.args) * self.of(node.selection_set, get_named_type(definition.type))

    def _times(self, node: FieldNode, known: Mapping[str, GraphQLArgument]) -> int:
        """Give the length of a field's page; 1 if it is no list of pages."""
        arguments = {argument.name.value: argument.value for argument in node.arguments or ()}
        names = [name for name in PAGES if name in known]
        pages = [self._page(arguments.get(name), known[name].default_value) for name in names]
        return max((page for page in pages if page is not None), default=self.limits.page) if names else 1

    def _page(self, given: ValueNode | None, default: object) -> int | None:
        """Give the length of a page as one of its arguments has it; None if that says nothing."""
        asked = value_from_ast_untyped(given, self.variables) if given else Undefined
        if asked is Undefined and isinstance(default, int):
            return min(default, self.limits.page)  # see `bound_pages`
        if asked is None and default is not None:
            asked = USUAL
        if asked is None or asked is Undefined:
            return None
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
