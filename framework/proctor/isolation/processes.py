"""The processes that ask strangers' steps: one for all steps that the same distributions have brought."""

import asyncio
import os
import sys
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from proctor.assembly import strangers
from proctor.blame import Blamed, checked
from proctor.contracts.answers import TEXT
from proctor.contracts.wrapper import Inner
from proctor.domain.interaction import Command, Outcome, Result
from proctor.domain.scope import Scope
from proctor.domain.session import Session
from proctor.domain.workflow import PinnedStep
from proctor.errors import PluginBroken, PluginClash, PluginMissing
from proctor.isolation.process import NONSENSE, Lost, Process, started
from proctor.isolation.wire import Answer, Request

UNAVAILABLE = {error.code: error for error in (PluginMissing, PluginBroken, PluginClash)}

Said = TypeVar("Said", Command, Outcome)


class Processes:
    """Asks strangers' steps outside of this process. Each process is started when the first of its steps is asked."""

    def __init__(self, may_load: Collection[str] | None, environment: Mapping[str, str], *, seconds: float) -> None:
        self._may_load = may_load
        self._environment = {**environment, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
        self._seconds = seconds
        self._shared: dict[str, asyncio.Task[Process]] = {}
        self._all: set[asyncio.Task[Process]] = set()
        self._one_at_a_time = asyncio.Lock()

    def step(self, workflow: str, pinned: PinnedStep) -> Inner:
        """Give a step of a workflow, to be asked. It may raise Blamed, PluginMissing, PluginBroken or PluginClash."""
        return _Isolated(self, workflow, pinned, self._seconds)

    async def ask(self, request: Request) -> Answer:
        """Ask a step. Raises Blamed.

        Several may be asked in one process when it ends, and only one is to blame: each is asked once more, alone.
        """
        who = " and ".join(strangers(request.step))
        try:
            return await (await self._at_hand(who)).ask(request)
        except Lost as lost:
            if lost.alone:
                raise Blamed(str(lost)) from None
        async with self._one_at_a_time:
            process = await self._begun(self._start(who))
            try:
                return await process.ask(request)
            except Lost as lost:
                raise Blamed(str(lost)) from None
            finally:
                await process.close()

    async def close(self) -> None:
        """End all processes."""
        for starting in [*self._all]:
            with suppress(OSError):
                await (await starting).close()

    async def _at_hand(self, who: str) -> Process:
        """Give the process that all steps of `who` share."""
        starting = self._shared.get(who)
        if starting is None or _is_over(starting):
            starting = self._shared[who] = self._start(who)
        return await self._begun(starting)

    def _start(self, who: str) -> asyncio.Task[Process]:
        """Start a process; its start goes on even if whoever wanted it is cancelled, so that `close` finds it."""
        starting = asyncio.ensure_future(started(who, self._may_load, self._environment))
        self._all = {starting, *(each for each in self._all if not _is_over(each))}
        return starting

    async def _begun(self, starting: asyncio.Task[Process]) -> Process:
        try:
            return await asyncio.shield(starting)
        except OSError as error:
            raise Blamed(f"could not be asked: its process could not be started: {error}") from None


@dataclass(frozen=True, slots=True)
class _Isolated:
    """A step that is asked in another process. It is an `Inner`."""

    processes: Processes
    workflow: str
    pinned: PinnedStep
    seconds: float

    async def get_command(self, scope: Scope, session: Session) -> Command:
        answer = await self.processes.ask(Request(self.workflow, self.pinned, self.seconds, scope, session))
        return _said(answer, answer.command, Command)

    async def handle_result(self, scope: Scope, session: Session, result: Result) -> Outcome:
        answer = await self.processes.ask(Request(self.workflow, self.pinned, self.seconds, scope, session, result))
        return _said(answer, answer.outcome, Outcome)


def _said(answer: Answer, said: Said | None, kind: type[Said]) -> Said:
    """Give what a step said, or raise why it said nothing. Nothing that such a process writes is trusted."""
    try:
        if answer.unavailable is not None:
            raise UNAVAILABLE[answer.unavailable.code](**answer.unavailable.facts)
        if answer.blame is not None:
            raise Blamed(answer.blame[:TEXT])
        return checked(said, kind)
    except (KeyError, TypeError, AttributeError):
        raise Blamed(NONSENSE) from None


def _is_over(starting: asyncio.Task[Process]) -> bool:
    return starting.done() and (starting.cancelled() or starting.exception() is not None or starting.result().over)
