"""The runner: executes commands on this machine and submits their results.

It is one more client of the session service. It starts a step, executes its command, submits the result, and goes on
until the session ends, parks or is taken from it.
"""

import asyncio
import time
import traceback
from collections.abc import Callable
from contextlib import suppress

from proctor.contracts.activity import Activity
from proctor.contracts.executor import Surroundings
from proctor.domain.interaction import Command, Result
from proctor.domain.scope import Scope
from proctor.domain.workflow import FAULT
from proctor.errors import NothingPending, ProctorError, SessionNotFound, StaleFence
from proctor.registry import Registry
from proctor.sessions import LEASE_S, Sessions, Started

Prepare = Callable[[Started, Callable[[Activity], None]], Surroundings]
"""Makes the surroundings of a command."""


class Runner:
    """Advances sessions on behalf of one owner."""

    def __init__(
        self,
        sessions: Sessions,
        registry: Registry,
        prepare: Prepare,
        *,
        scope: Scope,
        owner: str,
        tell: Callable[[Started, Activity], None] = lambda _started, _activity: None,
        renew_every_s: float = LEASE_S / 3,
    ) -> None:
        self._sessions = sessions
        self._registry = registry
        self._prepare = prepare
        self._scope = scope
        self._owner = owner
        self._tell = tell
        self._renew_every_s = renew_every_s

    async def advance(self, session_id: str) -> None:
        """Take a session as far as it goes."""
        started = await self._sessions.proceed(self._scope, session_id, owner=self._owner)
        while started is not None:
            result = await self._carry_out(started)
            if result is None:
                return
            started = await self._submit(session_id, started, result)

    async def _submit(self, session_id: str, started: Started, result: Result) -> Started | None:
        try:
            submitted = await self._sessions.submit(
                self._scope,
                session_id,
                started.fence,
                result,
                key=f"{started.interaction.sequence}.{started.fence}",
                go_on=True,
                owner=self._owner,
                executed_by=self._owner,
            )
        except (StaleFence, NothingPending, SessionNotFound):
            return None  # cancelled or taken over meanwhile: the result does not count
        following = submitted.started
        if following is None:
            return await self._sessions.proceed(self._scope, session_id, owner=self._owner)
        return following if following.fresh else None

    async def _carry_out(self, started: Started) -> Result | None:
        """Execute the command while its lease is renewed; None if the session was taken from us meanwhile."""
        work = asyncio.ensure_future(self._execute(started))
        lease = asyncio.ensure_future(self._keep(started))
        try:
            await asyncio.wait((work, lease), return_when=asyncio.FIRST_COMPLETED)
            return work.result() if work.done() else None
        finally:
            for task in (work, lease):
                task.cancel()
            await asyncio.gather(work, lease, return_exceptions=True)

    async def _keep(self, started: Started) -> None:
        """Renew the lease until it is lost."""
        while True:
            await asyncio.sleep(self._renew_every_s)
            with suppress(TimeoutError):
                try:
                    await self._sessions.renew(self._scope, started.session.id, started.fence)
                except (StaleFence, NothingPending, SessionNotFound):
                    return

    async def _execute(self, started: Started) -> Result:
        begun, command = time.monotonic(), started.interaction.command
        try:
            executor = self._registry.executor(command.kind)()
            surroundings = self._prepare(started, lambda activity: self._tell(started, activity))
            result: object = await executor.execute(command, surroundings)
        except ProctorError as error:
            return Result(FAULT, error_message=str(error), duration_s=time.monotonic() - begun)
        except (Exception, SystemExit) as error:  # noqa: BLE001 # a plugin may raise anything
            return Result(FAULT, error_message=_blame(command, error), duration_s=time.monotonic() - begun)
        if not isinstance(result, Result):
            message = f"the executor {command.kind} gave {type(result).__name__} where a Result was expected"
            return Result(FAULT, error_message=message)
        return result


def _blame(command: Command, error: BaseException) -> str:
    where = "".join(traceback.format_exception(error)[-2:]).strip()
    return f"the executor {command.kind} raised {type(error).__name__}: {error}\n{where}"[:4000]
