"""A shorter way for fields that only read an attribute: no path, no info, no arguments are made for them.

Whatever is not the plain case, a fault above all, goes the long way, so that answers and errors are graphql-core's own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import GraphQLNonNull, GraphQLObjectType, GraphQLSchema, Undefined, is_leaf_type
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field that is an attribute, and how its value is written."""

    attribute: str
    write: Callable[[Any], Any]
    may_be_null: bool

    def read(self, source: Any) -> Any:  # whatever the resolver above gave
        """Give the written value; Undefined if this is not the plain case."""
        try:
            value = getattr(source, self.attribute)
            if value is None:
                return None if self.may_be_null else Undefined
            if isinstance(value, Exception) or optimized_is_awaitable(value):
                return Undefined
            written = self.write(value)
        except Exception:  # noqa: BLE001 # the long way meets it again, and says it as it has to be said
            return Undefined
        return Undefined if written is None else written


Leaves: TypeAlias = dict[str, dict[str, Leaf]]
"""Type's name -> field's name -> leaf."""


def leaves(schema: GraphQLSchema) -> Leaves:
    """Find the leaves of a schema."""
    types = [each for each in schema.type_map.values() if isinstance(each, GraphQLObjectType)]
    return {each.name: dict(_leaves_of(each)) for each in types}


def _leaves_of(parent: GraphQLObjectType) -> list[tuple[str, Leaf]]:
    found = []
    for name, field in parent.fields.items():
        inner = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
        definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        is_plain = isinstance(definition, StrawberryField) and definition.is_basic_field and not field.args
        if is_plain and is_leaf_type(inner):
            leaf = Leaf(definition.python_name, inner.coerce_output_value, inner is field.type)
            found.append((name, leaf))
    return found


class LeafExecutor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor, with the shorter way."""

    def __init__(self, *positional: Any, leaves: Leaves, **named: Any) -> None:  # strawberry's and graphql-core's own
        super().__init__(*positional, **named)
        self._leaves = leaves

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Any,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:  # as the method that it stands in for
        """Execute the fields of one object: the short way if all of them are leaves."""
        known, results = self._leaves.get(parent_type.name, {}), {}
        for response_name, details in grouped_field_set.items():
            leaf = known.get(details[0].node.name.value)
            value = Undefined if leaf is None else leaf.read(source_value)
            if value is Undefined:
                return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
            results[response_name] = value
        return results
