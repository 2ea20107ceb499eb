"""Subscriptions that can begin anywhere: where they start is taken out of the document, and given from outside.

A subscription is resumable if its field takes `after`, a cursor, and what it yields has one in its attribute `cursor`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    VariableDefinitionNode,
    VariableNode,
)
from graphql.utilities import value_from_ast_untyped

from proctor.api.documents import Prepared
from proctor.api.execution import Ready

AFTER = "after"
_VARIABLE = VariableNode(name=NameNode(value="proctorAfter"))
_DEFINITION = VariableDefinitionNode(variable=_VARIABLE, type=NamedTypeNode(name=NameNode(value="String")))


@dataclass(frozen=True, slots=True)
class Resumable:
    """A subscription, and where it begins."""

    ready: Ready
    after: str | None
    """The cursor behind which the client wants to begin; None is the beginning of all."""
    question: tuple[object, ...]
    """What is asked, apart from where it begins: who asks the same gets the same."""
    can_move: bool
    """Whether it can be made to begin elsewhere."""

    def beginning(self, after: str | None) -> Ready:
        """Give the same subscription, beginning behind another cursor."""
        if after == self.after:
            return self.ready
        operation = self.ready.operation
        variables = {**operation.variables, _VARIABLE.name.value: after}
        return replace(
            self.ready,
            operation=replace(operation, variables=variables),
            prepared=replace(self.ready.prepared, document=_moved(self.ready.prepared, operation.name)),
        )


def resumable(ready: Ready, schema: GraphQLSchema, last: str | None = None) -> Resumable:
    """Find out where a subscription begins; `last`, what the client saw last, counts more than what it asks."""
    operation = ready.prepared.operation(ready.operation.name)
    field = operation.selection_set.selections[0]
    variables = ready.operation.variables
    if not isinstance(field, FieldNode) or not _takes_after(schema, field):
        return Resumable(ready, None, _question(ready, variables), can_move=False)
    argument = next((node for node in field.arguments or () if node.name.value == AFTER), None)
    after = value_from_ast_untyped(argument.value, dict(variables)) if argument else None
    asked = after if isinstance(after, str) else None
    feeds = argument.value.name.value if argument and isinstance(argument.value, VariableNode) else None
    rest = {name: value for name, value in variables.items() if name != feeds}
    found = Resumable(ready, asked, _question(ready, rest), can_move=True)
    if last is None or last == asked:
        return found
    return replace(found, ready=found.beginning(last), after=last)


def _takes_after(schema: GraphQLSchema, field: FieldNode) -> bool:
    root = schema.subscription_type
    return root is not None and AFTER in root.fields[field.name.value].args


def _question(ready: Ready, variables: Mapping[str, Any]) -> tuple[object, ...]:
    return (ready.prepared.text, ready.operation.name, canonical(variables))


def canonical(value: object) -> object:
    """Give a value that is equal, and has an equal hash, for equal JSON and no other."""
    if isinstance(value, Mapping):
        return ("object", frozenset((key, canonical(item)) for key, item in value.items()))
    if isinstance(value, list):
        return ("list", tuple(map(canonical, value)))
    return (type(value), value)


def _moved(prepared: Prepared, name: str | None) -> DocumentNode:
    """Give the document with `after` taken from our own variable."""
    meant = prepared.operation(name)
    definitions = tuple(
        _operation(node) if node is meant and isinstance(node, OperationDefinitionNode) else node
        for node in prepared.document.definitions
    )
    return replace(prepared.document, definitions=definitions)


def _operation(node: OperationDefinitionNode) -> OperationDefinitionNode:
    field = node.selection_set.selections[0]
    assert isinstance(field, FieldNode)
    kept = tuple(argument for argument in field.arguments or () if argument.name.value != AFTER)
    after = ArgumentNode(name=NameNode(value=AFTER), value=_VARIABLE)
    moved = replace(field, arguments=(*kept, after))
    return replace(
        node,
        variable_definitions=(*(node.variable_definitions or ()), _DEFINITION),
        selection_set=replace(node.selection_set, selections=(moved,)),
    )
