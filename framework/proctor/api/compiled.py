"""Queries compiled: what a document asks as plain functions, made once by `compiler` and called for each request.

Whatever is not the plain case, a fault above all, raises; the query is then executed from its beginning by
graphql-core, so that errors and odd answers are its own. That is allowed because a query changes nothing. Fields are
waited for one after the other: reads of the store gain nothing from being begun together.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import GraphQLResolveInfo, GraphQLSchema, OperationDefinitionNode, Undefined, get_variable_values
from graphql.execution.get_variable_signature import GraphQLVariableSignature
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.utilities import coerce_input_value
from strawberry.execution import optimized_is_awaitable

from proctor.api.caller import Caller
from proctor.api.fields import Read, Resolve


class NotPlain(Exception):
    """This is for graphql-core."""


@dataclass(frozen=True, slots=True)
class Request:
    """What differs from one execution of a query to the next."""

    caller: Caller
    variables: VariableValues


Fetch: TypeAlias = Callable[[Any, Request], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Way:
    """How a value becomes what is answered: read at once, or fetched by waiting for what is below it."""

    may_be_null: bool
    read: Read | None = None
    fetch: Fetch | None = None

    async def of(self, value: Any, request: Request) -> Any:  # whatever a resolver gave; any JSON
        """Give what is answered for a value."""
        if value is None:
            self.check_null()
            return None
        if self.read is not None:
            return self.read(value)
        assert self.fetch is not None
        return await self.fetch(value, request)

    def check_null(self) -> None:
        """Let null pass where it may be. Raises NotPlain."""
        if not self.may_be_null:
            raise NotPlain


@dataclass(frozen=True, slots=True)
class Field:
    """A field for which more is needed than to read it."""

    resolve: Resolve
    info: GraphQLResolveInfo[Any]
    arguments: Callable[[VariableValues], Mapping[str, Any]]
    way: Way

    async def of(self, source: Any, request: Request) -> Any:  # as above
        """Give what is answered for an object."""
        values: Any = request.variables.coerced  # as Strawberry has them
        info = self.info._replace(context=request.caller, variable_values=values)
        value = self.resolve(source, info, **self.arguments(request.variables))
        if optimized_is_awaitable(value):
            value = await value
        return await self.way.of(value, request)


@dataclass(frozen=True, slots=True)
class Selection:
    """The fields that are asked of an object."""

    fits: Callable[[type], bool]
    """Tells of an object's class whether it is of the plain case."""
    names: Sequence[str]
    """All names in the answer, in order."""
    plain: Sequence[tuple[str, Read, Read, bool]]
    """Fields that are read: name, how the value is read, how it is written, whether it may be null."""
    fields: Sequence[tuple[str, Field]]
    """The others."""

    def read(self, source: Any) -> dict[str, Any]:  # as above
        """Give what is read from an object; what else is asked is still null."""
        if not self.fits(type(source)):
            raise NotPlain
        answer: dict[str, Any] = dict.fromkeys(self.names)
        for name, read, write, may_be_null in self.plain:
            value = read(source)
            if value is not None:
                answer[name] = write(value)
            elif not may_be_null:
                raise NotPlain
        return answer

    async def fetch(self, source: Any, request: Request) -> dict[str, Any]:  # as above
        """Give the whole answer for an object."""
        answer = self.read(source)
        for name, field in self.fields:
            answer[name] = await field.of(source, request)
        return answer


@dataclass(frozen=True, slots=True)
class Query:
    """An operation, compiled."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    variables: Mapping[str, GraphQLVariableSignature]
    root: Selection

    async def run(self, caller: Caller, given: Mapping[str, Any]) -> dict[str, Any]:
        """Give the data of the answer. Whatever it raises, graphql-core has to be asked."""
        return await self.root.fetch(None, Request(caller, self._coerced(given)))

    def _coerced(self, given: Mapping[str, Any]) -> VariableValues:
        if not self.variables.keys() <= given.keys():  # then defaults play a part
            values = get_variable_values(self.schema, self.operation.variable_definitions or (), dict(given))
            if isinstance(values, list):
                raise NotPlain
            return values
        sources = {name: VariableValueSource(each, given[name]) for name, each in self.variables.items()}
        coerced = {name: coerce_input_value(given[name], each.type) for name, each in self.variables.items()}
        if any(value is Undefined for value in coerced.values()):
            raise NotPlain
        return VariableValues(sources, coerced)
