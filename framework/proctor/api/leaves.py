"""A shorter way for fields that only read an attribute: no path, no info, no arguments are made for them.

What a selection reads is worked out once, and then read from object after object: leaves, and objects and lists of
objects whose own fields are all read so. Whatever is not the plain case, a fault above all, goes the long way, so that
answers and errors are graphql-core's own.
"""

from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, TypeAlias, cast

from graphql import (
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    Undefined,
    is_leaf_type,
    is_specified_scalar_type,
)
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import CustomGraphQLEnumType, GraphQLCoreConverter
from strawberry.types.field import StrawberryField

Write: TypeAlias = Callable[[Any], Any]
"""Gives a value as it is answered. What gives None or Undefined, or raises, is not the plain case."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field that is an attribute, and how its value is written."""

    attribute: str
    write: Write
    may_be_null: bool


Leaves: TypeAlias = Mapping[str, Mapping[str, Leaf]]
"""Type's name -> field's name -> leaf."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A selection of fields: those that are read, by their names in the answer, and the rest."""

    kind: type | None
    """The class of which an object has to be, if its type looks at that."""
    leaves: tuple[tuple[str, str, Write, bool], ...]
    """Name, attribute, how it is written, whether it may be null."""
    rest: dict[str, Any]

    def read(self, source: Any) -> Any:  # whatever the resolver above gave
        """Give what is read from an object; Undefined if this is not the plain case."""
        answer: dict[str, object] = {}
        try:
            for name, attribute, write, may_be_null in self.leaves:
                value = getattr(source, attribute)
                if value is not None:
                    answer[name] = written = write(value)
                    if written is None or written is Undefined:
                        return Undefined
                elif may_be_null:
                    answer[name] = None
                else:
                    return Undefined
        except Exception:  # noqa: BLE001 # the long way meets it again, and says it as it has to be said
            return Undefined
        return answer

    def read_whole(self, source: Any) -> Any:  # as above
        """Give the whole answer for an object; Undefined if this is not the plain case."""
        plain = not self.rest and (self.kind is None or type(source) is self.kind)
        return self.read(source) if plain else Undefined

    def read_all(self, sources: Any) -> Any:  # as above
        """Give the whole answer for each object of a list; Undefined if one of them is not the plain case."""
        if not isinstance(sources, list):
            return Undefined
        answers = [self.read_whole(source) for source in sources]
        return Undefined if any(answer is Undefined for answer in answers) else answers


def leaves(schema: GraphQLSchema) -> Leaves:
    """Find the leaves of a schema."""
    types = [each for each in schema.type_map.values() if isinstance(each, GraphQLObjectType)]
    return {each.name: dict(_leaves_of(each)) for each in types}


def _leaves_of(parent: GraphQLObjectType) -> Iterator[tuple[str, Leaf]]:
    for name, field in parent.fields.items():
        inner, attribute = _nullable(field.type), _attribute(field)
        if attribute is not None and is_leaf_type(inner):
            yield name, Leaf(attribute, _writer(inner), inner is field.type)


def _attribute(field: GraphQLField) -> str | None:
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if isinstance(definition, StrawberryField) and definition.is_basic_field and not field.args:
        return definition.python_name
    return None


def _nullable(kind: GraphQLOutputType) -> Any:  # the one that is inside, whatever it is
    return kind.of_type if isinstance(kind, GraphQLNonNull) else kind


def _writer(kind: Any) -> Write:  # a leaf
    write: Write = kind.coerce_output_value
    if isinstance(kind, CustomGraphQLEnumType):
        names = {value.value: name for name, value in kind.values.items()}
        members: Iterable[Enum] = kind.wrapped_cls
        return {member: names[member.value] for member in members}.__getitem__
    if is_specified_scalar_type(kind):
        return write

    def careful(value: object) -> object:
        odd = _is_odd(type(value))  # type: ignore[arg-type] # a class can be hashed
        return Undefined if odd else write(value)

    return careful


@lru_cache
def _is_odd(kind: type) -> bool:
    """Tell whether values of a class may be faults, or may have to be awaited: any other scalar might take them."""
    return issubclass(kind, (Exception, Awaitable, Generator))


class LeafExecutor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor, with the shorter way."""

    def __init__(self, *positional: Any, leaves: Leaves, **named: Any) -> None:  # strawberry's and graphql-core's own
        super().__init__(*positional, **named)
        self._leaves = leaves
        self._plans: dict[int, tuple[Any, Plan]] = {}

    def build_per_event_executor(self, payload: Any) -> "LeafExecutor":  # graphql-core's own
        """Copy it for an event. What it remembers of selections is its own: shared, it would grow for ever."""
        executor = cast(LeafExecutor, super().build_per_event_executor(payload))
        vars(executor).update(_relevant_sub_fields={}, _plans={})
        return executor

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Any,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:  # as the method that it stands in for
        """Execute the fields of one object, those that are read the short way."""
        plan = self._plan(parent_type, grouped_field_set)
        read = plan.read(source_value) if plan.leaves else Undefined
        if read is Undefined:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        if not plan.rest:
            return read
        executed: Any = super().execute_fields(parent_type, source_value, path, plan.rest, position_context)
        if self.is_awaitable(executed):
            return _together(grouped_field_set, read, executed)
        return _ordered(grouped_field_set, read | executed)

    def complete_iterable_value(
        self,
        item_type: GraphQLOutputType,
        field_details_list: Any,
        info: Any,
        path: Any,
        items: Any,
        position_context: Any,
    ) -> Any:  # as the method that it stands in for
        """Give the items of a list, the short way if they are objects that are only read."""
        plan = self._plan_of(_nullable(item_type), field_details_list)
        read = Undefined if plan is None else plan.read_all(items)
        if read is not Undefined:
            return read
        return super().complete_iterable_value(item_type, field_details_list, info, path, items, position_context)

    def _plan_of(self, kind: Any, details: Any) -> Plan | None:
        """Plan what is selected of an object's type."""
        if not isinstance(kind, GraphQLObjectType):
            return None
        return self._plan(kind, self.collect_subfields(kind, details).grouped_field_set)

    def _plan(self, kind: GraphQLObjectType, selected: Any) -> Plan:
        known = self._plans.get(id(selected))
        if known is None:  # the selection is kept as well, so that its id stays its own
            known = self._plans[id(selected)] = selected, self._planned(kind, selected)
        return known[1]

    def _planned(self, kind: GraphQLObjectType, selected: Any) -> Plan:
        read, rest = list[tuple[str, str, Write, bool]](), dict[str, Any]()
        for name, details in selected.items():
            leaf = self._leaf(kind, details)
            if leaf is None:
                rest[name] = details
            else:
                read.append((name, leaf.attribute, leaf.write, leaf.may_be_null))
        definition: Any = kind.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        return Plan(definition.origin if kind.is_type_of else None, tuple(read), rest)

    def _leaf(self, kind: GraphQLObjectType, details: Any) -> Leaf | None:
        name = details[0].node.name.value
        if name == "__typename":
            return Leaf("__class__", lambda _: kind.name, may_be_null=False)
        return self._leaves[kind.name].get(name) or self._branch(kind.fields.get(name), details)

    def _branch(self, field: GraphQLField | None, details: Any) -> Leaf | None:
        """Make a leaf of an attribute that holds objects which are only read."""
        attribute = _attribute(field) if field else None
        if field is None or attribute is None:
            return None
        inner = _nullable(field.type)
        is_list = isinstance(inner, GraphQLList)
        plan = self._plan_of(_nullable(inner.of_type) if is_list else inner, details)
        if plan is None or plan.rest:
            return None
        return Leaf(attribute, plan.read_all if is_list else plan.read_whole, inner is field.type)


async def _together(names: Mapping[str, Any], read: Any, executed: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    return _ordered(names, read | await executed)


def _ordered(names: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    return {name: answer[name] for name in names if name in answer}
