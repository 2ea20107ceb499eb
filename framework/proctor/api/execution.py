"""Executes operations on behalf of callers, and encodes what came of them."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import strawberry
from graphql import (
    ExecutionResult,
    Executor,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    create_source_event_stream,
    execute_root_selection_set,
)
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from proctor.api.caller import Caller
from proctor.api.compiled import Query
from proctor.api.compiler import compiled
from proctor.api.cost import check_cost
from proctor.api.documents import Documents, Prepared, Rejected, coded
from proctor.api.limits import Limits
from proctor.api.operation import Operation
from proctor.api.shown import shown
from proctor.errors import ProctorError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ready:
    """An operation whose document is valid and which is within the limits."""

    operation: Operation
    prepared: Prepared
    kind: OperationType


class Execution:
    """A schema, ready to execute. Strawberry's own pipeline, and with it its extensions, is not in the way."""

    def __init__(self, schema: strawberry.Schema, limits: Limits) -> None:
        self.limits = limits
        self.schema: GraphQLSchema = schema._schema  # noqa: SLF001 # strawberry has no public name for it
        self._documents = Documents(self.schema, limits)

    def ready(self, operation: Operation) -> Ready:
        """Prepare an operation. Raises Rejected."""
        prepared = self._documents.prepare(operation.text)
        meant = prepared.operation(operation.name)
        if operation.name not in prepared.cheap:
            self._check_cost(prepared, meant, operation)
        return Ready(operation, prepared, meant.operation)

    def _check_cost(self, prepared: Prepared, meant: OperationDefinitionNode, operation: Operation) -> None:
        try:
            check_cost(self.schema, prepared, meant, operation.variables, self.limits)
        except GraphQLError as error:
            raise Rejected(error) from None
        if not prepared.has_pages_by_variable:
            prepared.cheap.add(operation.name)

    async def run(self, ready: Ready, caller: Caller) -> ExecutionResult:
        """Execute a query or mutation within its time. Raises Rejected if its variables do not fit."""
        try:
            async with asyncio.timeout(self.limits.seconds):
                return await self._run_compiled(ready, caller) or await self._run(ready, caller)
        except TimeoutError:
            return ExecutionResult(None, [_late(self.limits.seconds)])

    async def _run_compiled(self, ready: Ready, caller: Caller) -> ExecutionResult | None:
        query = self._compiled(ready)
        if query is None:
            return None
        try:
            return ExecutionResult(await query.run(caller, ready.operation.variables))
        except Exception:  # noqa: BLE001 # graphql-core meets it again, and says it as it has to be said
            return None

    def _compiled(self, ready: Ready) -> Query | None:
        known, name = ready.prepared.compiled, ready.operation.name
        if name not in known:
            known[name] = compiled(self.schema, ready.prepared, ready.prepared.operation(name))
        return known[name]

    async def _run(self, ready: Ready, caller: Caller) -> ExecutionResult:
        result = execute_root_selection_set(self.executor(ready, caller))
        return result if isinstance(result, ExecutionResult) else await result

    async def source(self, ready: Ready, caller: Caller) -> tuple[Executor[Caller], AsyncIterator[Any]]:
        """Open the stream of events behind a subscription. Raises Rejected."""
        executor = self.executor(ready, caller)
        stream = create_source_event_stream(executor)
        if executor.is_awaitable(stream):
            stream = await stream
        if isinstance(stream, ExecutionResult):
            raise Rejected(*(told(error, caller) for error in stream.errors or ()))
        return executor, aiter(stream)  # type: ignore[arg-type] # narrowed by what was ruled out

    def executor(self, ready: Ready, caller: Caller) -> Executor[Caller]:
        """Make the executor of an operation. Raises Rejected."""
        built = StrawberryGraphQLCoreExecutionContext.build(
            self.schema,
            ready.prepared.document,
            context_value=caller,
            raw_variable_values=dict(ready.operation.variables),
            operation_name=ready.operation.name,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type] # it is one, but for its annotation
        )
        if isinstance(built, Executor):
            return built
        raise Rejected(*(coded(error, "invalid_variables") for error in built))


def encode(result: ExecutionResult, caller: Caller) -> bytes:
    """Encode what came of an execution."""
    answer: dict[str, object] = {"data": result.data}
    if result.errors:
        answer = {"errors": [told(error, caller).formatted for error in result.errors], **answer}
    return dump(answer)


def encode_errors(errors: Sequence[GraphQLError]) -> bytes:
    """Encode why nothing was executed."""
    return dump({"errors": [error.formatted for error in errors]})


def dump(value: object) -> bytes:
    """Encode as JSON; what orjson does not take (an integer beyond 64 bits, a lone surrogate) goes the slow way."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, default=_text).encode()


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def told(error: GraphQLError, caller: Caller) -> GraphQLError:
    """Give the error as a client may see it: a fault of ours is logged, and not told but for its number."""
    cause = error.original_error
    if cause is None or isinstance(cause, GraphQLError):
        return coded(error, "execution_error")
    if isinstance(cause, ProctorError):
        extensions = {**(error.extensions or {}), "code": cause.code}
        return GraphQLError(shown(cause), error.nodes, path=error.path, extensions=extensions)
    log.error("a resolver failed", extra={"request": caller.request_id, "path": error.path}, exc_info=cause)
    message = f"Something went wrong in the server. Its log tells more, under the request {caller.request_id}."
    extensions = {"code": "internal_error", "requestId": caller.request_id}
    return GraphQLError(message, error.nodes, path=error.path, extensions=extensions)


def _late(seconds: float) -> GraphQLError:
    message = (
        f"The operation took longer than {seconds:g} s and was ended. What it may have changed can be asked for; "
        "a mutation is repeated safely under its idempotency key."
    )
    return GraphQLError(message, extensions={"code": "timeout"})
