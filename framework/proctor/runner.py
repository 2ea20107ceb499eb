"""The runner: executes commands on this machine and submits their results.

It is one more client of the session service. It starts a step, executes its command, submits the result, and goes on
until the session ends, parks or is taken from it.
"""

import asyncio
import time
from collections.abc import Callable

from proctor.blame import Blamed, answered
from proctor.contracts.activity import Activity
from proctor.contracts.executor import Surroundings
from proctor.domain.interaction import Result
from proctor.domain.scope import Scope
from proctor.domain.session import TERMINAL
from proctor.domain.workflow import FAULT
from proctor.errors import (
    DatabaseBusy,
    DatabaseUnusable,
    DiskUnusable,
    NothingPending,
    ProctorError,
    SessionBlocked,
    SessionNotFound,
    StaleFence,
)
from proctor.registry import OWN, Registry
from proctor.sessions import LEASE_S, Sessions, Started, Submitted
from proctor.store.busy import patiently

LOST = (StaleFence, NothingPending, SessionNotFound)
"""The interaction is not ours any more."""

MACHINE = (DatabaseBusy, DatabaseUnusable, DiskUnusable)
"""The machine's trouble. It says nothing about the work, so it is no result: the command is executed again."""

GRACE_S = 10.0
"""Time for a stranger's executor to end what it started once it is cancelled."""

LONGEST_S = 4 * 3600.0
"""Executors keep the limits of their commands; one that does not is ended after this time."""

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
        longest_s: float = LONGEST_S,
    ) -> None:
        self._sessions = sessions
        self._registry = registry
        self._prepare = prepare
        self._scope = scope
        self._owner = owner
        self._tell = tell
        self._renew_every_s = renew_every_s
        self._longest_s = longest_s
        self._brought_by = {plugin.name: plugin for plugin in registry.plugins() if plugin.group == "proctor.executors"}

    async def advance(self, session_id: str) -> None:
        """Take a session as far as it goes. Raises DatabaseBusy, DatabaseUnusable or DiskUnusable."""
        started = await self._proceed(session_id)
        while started is not None:
            result = await self._carry_out(started)
            if result is None:
                return
            started = await self._submit(session_id, started, result)

    async def _proceed(self, session_id: str) -> Started | None:
        return await patiently(lambda: self._sessions.proceed(self._scope, session_id, owner=self._owner))

    async def _submit(self, session_id: str, started: Started, result: Result) -> Started | None:
        try:
            submitted = await patiently(lambda: self._submitted(session_id, started, result))
        except (*LOST, SessionBlocked):
            return None  # cancelled or taken over meanwhile, or nobody is there who could judge
        if submitted.session_status in TERMINAL:
            return None
        following = submitted.started
        if following is None:
            return await self._proceed(session_id)
        return following if following.fresh else None

    async def _submitted(self, session_id: str, started: Started, result: Result) -> Submitted:
        return await self._sessions.submit(
            self._scope,
            session_id,
            started.fence,
            result,
            go_on=True,
            owner=self._owner,
            executed_by=self._owner,
            head=started.head,
        )

    async def _carry_out(self, started: Started) -> Result | None:
        """Execute the command while its lease is renewed; None if the session was taken from us meanwhile."""
        work = asyncio.ensure_future(self._execute(started))
        try:
            await asyncio.sleep(0)
            if not work.done():
                await self._outlast(work, started)
            return work.result() if work.done() else None
        finally:
            if not work.done():
                work.cancel()
                await asyncio.wait((work,))

    async def _outlast(self, work: asyncio.Future[Result], started: Started) -> None:
        """Renew the lease until the work is done or the lease is lost."""
        lease = asyncio.ensure_future(self._keep(started))
        try:
            await asyncio.wait((work, lease), return_when=asyncio.FIRST_COMPLETED)
        finally:
            lease.cancel()
            await asyncio.gather(lease, return_exceptions=True)

    async def _keep(self, started: Started) -> None:
        """Renew the lease until it is lost."""
        while True:
            await asyncio.sleep(self._renew_every_s)
            try:
                await self._sessions.renew(self._scope, started.head.id, started.fence)
            except LOST:
                return
            except ProctorError:  # a busy database, say: the lease still runs, and the next try is soon
                continue

    async def _execute(self, started: Started) -> Result:
        begun, kind = time.monotonic(), started.interaction.command.kind
        plugin = self._brought_by.get(kind)
        stranger = plugin is not None and plugin.distribution != OWN
        who = f"the executor {kind}" + (f" of {plugin.distribution} {plugin.version}" if plugin and stranger else "")
        try:
            return await self._result(started, who, stranger=stranger)
        except MACHINE:
            raise
        except ProctorError as error:
            message = str(error)
        except Blamed as blamed:
            message = f"{who} {blamed}"
        return Result(FAULT, error_message=message, duration_s=time.monotonic() - begun)

    async def _result(self, started: Started, who: str, *, stranger: bool) -> Result:
        command = started.interaction.command
        surroundings = self._prepare(started, lambda activity: self._tell(started, activity))
        return await answered(
            lambda: self._registry.executor(command.kind)().execute(command, surroundings),
            Result,
            who=who,
            stranger=stranger,
            seconds=self._longest_s,
            grace_s=GRACE_S,
            but=(ProctorError,),
        )
