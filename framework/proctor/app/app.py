"""Everything that a command or a server needs, wired in one place by plain constructor arguments."""

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from proctor import owner
from proctor.activity_log import ActivityLog
from proctor.app.agents import Agents
from proctor.app.order import carried_along
from proctor.app.orders import Orders, unfinished
from proctor.config import Settings
from proctor.contracts.activity import Activity
from proctor.contracts.engine import Due, Engine
from proctor.contracts.executor import Surroundings
from proctor.contracts.process import ProcessLimits
from proctor.contracts.store import Store
from proctor.domain.event import Event
from proctor.domain.head import Birth, Head
from proctor.domain.interaction import Result
from proctor.domain.scope import Scope
from proctor.domain.session import TERMINAL
from proctor.driver import Driver
from proctor.errors import (
    InvalidSetting,
)
from proctor.executors.surroundings import LocalSurroundings, allowed_environment
from proctor.registry import Registry
from proctor.retention import in_background
from proctor.runner import Runner
from proctor.sessions import Sessions, Started
from proctor.settings_file import settings_file
from proctor.steps import Steps
from proctor.store import open_store
from proctor.workspace import Workspaces, sweep

if TYPE_CHECKING:
    from proctor.isolation.processes import Processes

KEPT_ID = 8
"""Digits of a root's id that name the folder in which its work folders are kept."""


class App:
    """Everything that a command or a server needs, wired together."""

    def __init__(self, settings: Settings, store: Store, scope: Scope) -> None:
        self.settings = settings
        self.store = store
        self.scope = scope
        self.registry = Registry(settings.may_load())
        self._environment = allowed_environment(os.environ, settings.environment)
        self._processes = self._isolated() if settings.plugins.isolate else None
        self.sessions = Sessions(
            store,
            self.registry,
            clock=time.time,
            new_id=lambda: uuid4().hex,
            on_ready=self._ready,
            steps=Steps(
                self.registry,
                seconds=settings.plugins.seconds,
                isolate=None if self._processes is None else self._processes.step,
            ),
        )
        self.workspaces = Workspaces(settings.cache.resolve(), store.get)
        self.agents = Agents(settings, self.registry)
        self._activities = ActivityLog(store, time.time)
        self._owner = owner.myself()
        self.orders = Orders(
            settings, store, self.sessions, self.workspaces, self.agents, myself=self._owner, scope=scope
        )
        self._driver = Driver(
            store,
            self.sessions,
            self._activities,
            myself=self._owner,
            make_engine=self._engine,
            make_runner=self._runner,
        )

    async def close(self) -> None:
        """End what was started for all sessions together."""
        if self._processes is not None:
            await self._processes.close()

    # -- driving ---------------------------------------------------------------------------------------------------

    async def drive(self, root: str, *, jobs: int | None = None) -> Head:
        """Run a tree that this process owns until it has ended, or nothing in it can go on; give its root's head."""
        await asyncio.to_thread(sweep, self.settings.cache)
        async with in_background(self.store, self.settings), self._driver.running(jobs or self.settings.jobs):
            return await self._driver.drive(self.scope, root)

    async def serve(self) -> None:
        """Run every tree that a server is to run and that nobody else does, until cancelled."""
        await asyncio.to_thread(sweep, self.settings.cache)
        async with in_background(self.store, self.settings):
            await self._driver.serve(self.settings.jobs)

    async def run_session(self, scope: Scope, session_id: str) -> Head:
        """Have `serve` run the tree of a session, whatever its execution mode.

        Raises SessionNotFound, SessionClosed or SessionPaused.
        """
        head = await unfinished(self.sessions, scope, session_id)
        self._driver.ask(head.birth.root)
        return head

    async def execute(self, started: Started) -> Result:
        """Carry out a command that was handed out here. What it is doing meanwhile is told to nobody."""
        command = started.interaction.command
        surroundings = self._prepare(started, lambda _activity: None)
        return await self.registry.executor(command.kind)().execute(command, surroundings)

    async def stranded(self, root: str) -> bool:
        """Tell whether nobody is there who takes an unfinished tree further: no process drives it, no client is to."""
        head = await self.sessions.head(self.scope, root)
        if head.status in TERMINAL or head.birth.execution_mode == "manual":
            return False
        tree = await self.store.tree(self.scope, root)
        return tree is None or tree.owner is None or not owner.alive(tree.owner)

    async def watch(self, root: str, *, after: int = 0) -> AsyncIterator[Event]:
        """Give a tree's events from behind `after`, the past first, until its root has ended or `drive` gives up."""
        while True:
            over = self._driver.halted(root) or (await self.sessions.head(self.scope, root)).status in TERMINAL
            while events := await self.sessions.events(self.scope, root, after=after):
                for event in events:
                    yield event
                after = events[-1].sequence
            if over:
                return
            await self.store.wait(root, after, 1.0)

    async def cancel(self, session_id: str, *, scope: Scope | None = None, key: str | None = None) -> None:
        """Cancel a session and everything below it; what runs for it here is ended. Raises SessionNotFound."""
        await self.sessions.cancel(scope or self.scope, session_id, key=key)
        self._driver.turn(session_id)

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _carried(self, birth: Birth) -> Mapping[str, str]:
        """Give what is laid below the overlay of every command of a tree: its root's subject names it."""
        root = await self.sessions.head(birth.scope, birth.root)
        return carried_along(root.birth.subject)

    def kept(self, root: str) -> Path | None:
        """Give the folder in which the work folders of a tree are kept; None if they are not."""
        return self.workspaces.kept(root[:KEPT_ID]) if self.settings.keep else None

    def _isolated(self) -> "Processes":
        from proctor.isolation.processes import Processes

        return Processes(self.settings.may_load(), self._environment, seconds=self.settings.plugins.seconds)

    def _ready(self, birth: Birth, session_ids: Sequence[str]) -> None:
        self._driver.ready(birth, session_ids)

    def _engine(self, due: Due) -> Engine:
        return self.registry.engine("local")(due)

    def _runner(self, scope: Scope) -> Runner:
        return Runner(
            self.sessions,
            self.registry,
            self._prepare,
            scope=scope,
            owner=f"{self._owner.host}:{self._owner.pid}:{self._owner.started:.2f}",
            tell=self._activities.tell,
        )

    def _prepare(self, started: Started, emit: Callable[[Activity], None]) -> Surroundings:
        kept_as = _place(started) if self.settings.keep else None
        return LocalSurroundings(
            session_id=started.head.id,
            workspaces=self.workspaces.fitted(partial(self._carried, started.head.birth), kept_as),
            store=self.store,
            emit=emit,
            limits=ProcessLimits(),
            environment=self._environment,
            agent=self.agents.make,
            brought_by=self.agents.brought_by,
        )


def _place(started: Started) -> str:
    """Name the folder in which a command's workspace is kept: its tree, component, number and step."""
    birth, interaction = started.head.birth, started.interaction
    name = str(birth.subject.get("name") or birth.key or birth.workflow)
    who = name if birth.attempt == 1 else f"{name}-{birth.attempt}"
    what = f"{interaction.sequence:02}-{interaction.command.step}"
    return "/".join(re.sub(r"[^\w.-]+|^\.+", "-", part)[:100] for part in (birth.root[:KEPT_ID], who, what))


@asynccontextmanager
async def open_app(settings: Settings) -> AsyncIterator[App]:
    """Open the database and wire everything to it. Raises DatabaseUnusable, DatabaseNewer or InvalidSetting."""
    try:
        settings.cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidSetting(reason=f"cache: {settings.cache}: {error.strerror}", where=settings_file()) from error
    store = await open_store(settings.database_url())
    try:
        app = App(settings, store, Scope())
        try:
            yield app
        finally:
            with suppress(asyncio.CancelledError):
                await app.close()
    finally:
        with suppress(asyncio.CancelledError):
            await store.close()
