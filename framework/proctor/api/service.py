"""What every transport of the API shares: who calls, what is executed for whom, and what is written down of it."""

import asyncio
import logging
import re
import secrets
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from graphql import ExecutionResult, OperationType

from proctor.api.audit import audit, audit_refusal, root_fields, session_of
from proctor.api.auth import Auth
from proctor.api.caller import Caller
from proctor.api.documents import Rejected
from proctor.api.execution import Execution, Ready
from proctor.api.fanout import Fanout
from proctor.app import App

log = logging.getLogger(__name__)

_REQUEST_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Service:
    """The API, whatever it is reached by."""

    app: App
    auth: Auth
    execution: Execution
    fanout: Fanout
    repositories: tuple[Path, ...] | None = None
    """The folders about whose repositories sessions may be created; None is anywhere."""
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server stops: streams without an end are to end."""

    async def caller(self, authorization: str | None, request_id: str) -> Caller:
        """Find out who calls. Raises Unauthorized."""
        grant = await self.auth.grant(authorization)
        return Caller(self.app, grant.scope, grant.role, request_id, self.repositories)

    async def run(self, ready: Ready, caller: Caller) -> ExecutionResult:
        """Execute a query or mutation, and write it down. Raises Rejected."""
        begun = time.perf_counter()
        if ready.kind is not OperationType.MUTATION:
            result = await self.execution.run(ready, caller)
        else:
            result = await self._mutate(ready, caller)
        self.note(ready, caller, begun, len(result.errors or ()))
        return result

    async def _mutate(self, ready: Ready, caller: Caller) -> ExecutionResult:
        caller = replace(caller, acts=[])
        try:
            result = await self.execution.run(ready, caller)
        except Rejected:
            await audit_refusal(self.app.store, caller, ready)
            raise
        finally:
            await audit(self.app.store, caller)
        if result.errors and not caller.acts:
            await audit_refusal(self.app.store, caller, ready)
        return result

    def note(self, ready: Ready, caller: Caller, begun: float, errors: int) -> None:
        """Log an operation: mutations and subscriptions always, queries where all is to be seen."""
        level = logging.DEBUG if ready.kind is OperationType.QUERY and not errors else logging.INFO
        if not log.isEnabledFor(level):
            return
        meant = ready.prepared.operation(ready.operation.name)
        facts = {
            "request": caller.request_id,
            "user": caller.scope.user,
            "operation": meant.operation.value,
            "fields": [field.name.value for field in root_fields(ready.prepared, meant.selection_set)],
            "session": session_of(ready.operation.variables),
            "errors": errors,
            "ms": round((time.perf_counter() - begun) * 1000, 1),
        }
        log.log(level, "executed", extra=facts)


def request_id(given: str | None) -> str:
    """Take the id that the client gave its request, or make one."""
    return given if given and _REQUEST_ID.fullmatch(given) else secrets.token_hex(16)
