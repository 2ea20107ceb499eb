"""How fields are read or resolved, and their leaves written, with nothing of Strawberry and graphql-core in between."""

from collections.abc import Awaitable, Callable, Generator, Iterable
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from operator import attrgetter
from types import FunctionType
from typing import Any, TypeAlias

import strawberry
from graphql import GraphQLField, GraphQLLeafType, GraphQLNonNull, Undefined, is_specified_scalar_type
from strawberry.schema.schema_converter import CustomGraphQLEnumType, GraphQLCoreConverter
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

BACKREF = GraphQLCoreConverter.DEFINITION_BACKREF

Read: TypeAlias = Callable[[Any], Any]
"""Gives something of an object, or a value as it is answered. What raises is not the plain case."""
Resolve: TypeAlias = Callable[..., Any]
"""Called with an object, graphql-core's info and the arguments; what it gives may have to be awaited."""


def read_of(field: GraphQLField) -> Read | None:
    """Give what reads a field of an object: an attribute, or a resolver that takes nothing but the object."""
    definition = _definition(field)
    if field.args or definition is None:
        return None
    if (resolver := definition.base_resolver) is None:
        return attrgetter(definition.python_name)
    return None if resolver.is_async or resolver.info_parameter else _function(resolver)


def resolve_of(field: GraphQLField) -> Resolve | None:
    """Give what resolves a field: its own function if its arguments need no conversion, else Strawberry's."""
    if read := read_of(field):
        return lambda source, _: read(source)
    definition = _definition(field)
    resolver = definition.base_resolver if definition else None
    function = _function(resolver) if resolver else None
    plain = all(is_specified_scalar_type(_nullable(argument.type)) for argument in field.args.values())
    if definition is None or resolver is None or function is None or not plain:
        return field.resolve
    names = {name: argument.extensions[BACKREF].python_name for name, argument in field.args.items()}
    takes_info = resolver.info_parameter.name if resolver.info_parameter else None

    def resolve(source: Any, info: Any, **given: Any) -> Any:  # whatever the resolver takes and gives
        arguments = {names[name]: value for name, value in given.items()}
        if takes_info is not None:
            arguments[takes_info] = strawberry.Info(_raw_info=info, _field=definition)
        return function(source, **arguments)

    return resolve


def _definition(field: GraphQLField) -> StrawberryField | None:
    """Give Strawberry's definition of a field, if nothing is wrapped around it."""
    found = field.extensions.get(BACKREF)
    return found if isinstance(found, StrawberryField) and not found.extensions else None


def _function(resolver: StrawberryResolver[Any]) -> Resolve | None:
    """Give the function of a resolver that is a plain method."""
    function, odd = resolver.wrapped_func, resolver.root_parameter or resolver.parent_parameter
    return function if resolver.self_parameter and not odd and isinstance(function, FunctionType) else None


def _nullable(kind: Any) -> Any:  # the type that is inside, whatever it is
    return kind.of_type if isinstance(kind, GraphQLNonNull) else kind


def writer(kind: GraphQLLeafType) -> Read:
    """Give what writes the values of a scalar or enum, those that are not null."""
    write: Read = kind.coerce_output_value
    if isinstance(kind, CustomGraphQLEnumType):
        names = {value.value: name for name, value in kind.values.items()}
        members: Iterable[Enum] = kind.wrapped_cls
        return {member: names[member.value] for member in members}.__getitem__
    if is_specified_scalar_type(kind):
        return write

    is_moment = kind.name == "DateTime"

    def careful(value: object) -> object:
        if is_moment and type(value) is datetime and value.tzinfo is UTC:
            return value  # encoding the answer gives the same text, and faster
        written = Undefined if is_odd(type(value)) else write(value)  # type: ignore[arg-type] # a class can be hashed
        if written is None or written is Undefined:
            raise ValueError(value)
        return written

    return careful


@lru_cache
def is_odd(kind: type) -> bool:
    """Tell whether values of a class may be faults, or may have to be awaited: they are no plain values."""
    return issubclass(kind, (Exception, Awaitable, Generator))
