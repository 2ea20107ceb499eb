"""The composition root: plain constructor arguments, wired in one place."""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import orjson
from pydantic import ValidationError

from proctor import owner
from proctor.activity_log import ActivityLog
from proctor.config import AgentSettings, Settings, settings_file
from proctor.contracts.activity import Activity
from proctor.contracts.agent import Agent
from proctor.contracts.engine import Due, Engine
from proctor.contracts.executor import Surroundings
from proctor.contracts.process import ProcessLimits
from proctor.contracts.store import Store
from proctor.domain.component import Context
from proctor.domain.event import Event
from proctor.domain.head import Birth, Head
from proctor.domain.json import Json, JsonObject
from proctor.domain.scope import Scope
from proctor.domain.session import TERMINAL, AgentChoice, ExecutionMode
from proctor.driver import Driver
from proctor.errors import (
    BranchExists,
    Conflict,
    IdentityMissing,
    InvalidSetting,
    PluginMissing,
    SessionClosed,
    SessionPaused,
    UnknownAgent,
)
from proctor.executors.surroundings import LocalSurroundings, allowed_environment
from proctor.registry import Registry
from proctor.runner import Runner
from proctor.sessions import Draft, Sessions, Started
from proctor.steps import Steps
from proctor.store import open_store
from proctor.workspace import Repository, Workspaces, identify, sweep

if TYPE_CHECKING:
    from proctor.isolation.processes import Processes


@dataclass(frozen=True, slots=True)
class Order:
    """What a user wants done."""

    path: Path
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    branch: str | None = None
    agent: str | None = None
    """None: the one in the settings."""
    execution_mode: ExecutionMode = "auto"
    workflow: str | None = None
    """What kind of session; None: the one in the settings, which tests a package."""
    new: bool = False
    """Begin again: an unfinished session about the same is cancelled."""

    def wish(self) -> list[Json]:
        """Give what is asked for as JSON, to tell one order from another."""
        names = [self.workflow, self.branch, self.agent, self.execution_mode]
        return [str(self.path), [*self.only], [*self.exclude], *names]


@dataclass(frozen=True, slots=True)
class Begun:
    """The session that does it."""

    session_id: str
    repository: Repository
    continued: bool
    """It had been begun before."""
    attached: bool = False
    """Another living process drives it; this one only watches."""


@dataclass(frozen=True, slots=True)
class Created:
    """A session that was made for somebody."""

    head: Head
    continued: bool
    """It had been begun before, under another key or none."""


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
        self.workspaces = Workspaces(settings.cache, store.get)
        self._activities = ActivityLog(store, time.time)
        self._owner = owner.myself()
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

    # -- beginning -------------------------------------------------------------------------------------------------

    async def begin(
        self, order: Order, *, scope: Scope | None = None, take: bool = True, key: str | None = None
    ) -> Begun:
        """Create the session of an order, or find the unfinished one. Raises a UsageError when it cannot be done.

        With `take` this process owns it from now on and is to drive it; else `serve` does, unless the order is manual.
        """
        scope = scope or self.scope
        repository = await identify(order.path)
        if repository.identity is None:
            raise IdentityMissing
        if order.branch and await self.workspaces.branch_exists(repository, order.branch):
            raise BranchExists(branch=order.branch, repository=repository.top)
        draft = self._draft(order, repository)
        if order.new:
            await self._give_up(scope, draft)
        elif found := await self._continue(scope, draft, repository, take=take):
            return found
        try:
            owned = self._owner if take else None
            head = await self.sessions.create(scope, draft, owner=owned, key=key, wish=order.wish())
        except Conflict:
            found = await self._continue(scope, draft, repository, take=take)
            if found is None:
                raise
            return found
        return Begun(head.id, repository, continued=False)

    async def create_session(self, scope: Scope, order: Order, *, key: str) -> Created:
        """Do as `begin` for somebody else: `serve` runs the session, or, if it is manual, its client does.

        Repeated under its key, it gives the same session again. Raises IdempotencyConflict or what `begin` raises.
        """
        for _ in range(2):  # a call under the same key at the same moment may have been quicker
            if (head := await self.sessions.created(scope, key, order.wish())) is not None:
                return Created(head, continued=False)
            with suppress(Conflict):
                begun = await self.begin(order, scope=scope, take=False, key=key)
                return Created(await self.sessions.head(scope, begun.session_id), begun.continued)
        raise Conflict(session_id=key)

    async def _give_up(self, scope: Scope, draft: Draft) -> None:
        """Cancel the unfinished session about the same. Raises TreeOwned if somebody is at it."""
        assert draft.fingerprint is not None
        if tree := await self.sessions.find(scope, draft.fingerprint):
            await self.sessions.adopt(scope, tree.root, self._owner, owner.alive)
            await self.sessions.cancel(scope, tree.root)

    def _draft(self, order: Order, repository: Repository) -> Draft:
        assert repository.identity is not None
        context = Context(
            name=context_name(repository),
            repository=str(repository.top),
            base=repository.base,
            path=repository.path,
            only=order.only,
            exclude=order.exclude,
        )
        name = order.agent or self.settings.agent
        self.agent(name)  # a mistake in its settings is told before any work is done
        agent = AgentChoice(name, deterministic=self._agent_class(name).deterministic)
        project = self.settings.project(repository.top)
        draft = Draft(
            order.workflow or self.settings.workflow,
            context.to_json(),
            agent,
            self.settings.limits.limits(),
            order.execution_mode,
            options=project.steps,
            defaults={
                "author_name": repository.identity.name,
                "author_email": repository.identity.email,
                **_named(virtual_env=os.environ.get("VIRTUAL_ENV")),
            },
            wishes=_named(python=self.settings.python, branch=order.branch),
            plugins=None if project.plugins is None else tuple(project.plugins),
        )
        about = [
            draft.workflow,
            draft.execution_mode,
            draft.subject,
            agent,
            draft.options,
            draft.defaults,
            draft.wishes,
            draft.limits,
        ]
        return replace(draft, fingerprint=hashlib.sha256(orjson.dumps(about)).hexdigest())

    async def _continue(self, scope: Scope, draft: Draft, repository: Repository, *, take: bool) -> Begun | None:
        assert draft.fingerprint is not None
        tree = await self.sessions.find(scope, draft.fingerprint)
        if tree is None:
            return None
        if not take or (tree.owner is not None and tree.owner != self._owner and owner.alive(tree.owner)):
            return Begun(tree.root, repository, continued=True, attached=True)
        await self.sessions.adopt(scope, tree.root, self._owner, owner.alive)
        return Begun(tree.root, repository, continued=True)

    # -- driving ---------------------------------------------------------------------------------------------------

    async def drive(self, root: str, *, jobs: int | None = None) -> Head:
        """Run a tree that this process owns until it has ended, or nothing in it can go on; give its root's head."""
        await asyncio.to_thread(sweep, self.settings.cache)
        async with self._driver.running(jobs or self.settings.jobs):
            return await self._driver.drive(self.scope, root)

    async def serve(self) -> None:
        """Run every tree that a server is to run and that nobody else does, until cancelled."""
        await asyncio.to_thread(sweep, self.settings.cache)
        await self._driver.serve(self.settings.jobs)

    async def run_session(self, scope: Scope, session_id: str) -> Head:
        """Have `serve` run the tree of a session, whatever its execution mode.

        Raises SessionNotFound, SessionClosed or SessionPaused.
        """
        head = await self.sessions.head(scope, session_id)
        if head.status in TERMINAL:
            raise SessionClosed(session_id=session_id, status=head.status)
        if head.paused:
            raise SessionPaused(session_id=session_id)
        self._driver.ask(head.birth.root)
        return head

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

    # -- agents ----------------------------------------------------------------------------------------------------

    def agent(self, name: str) -> Agent:
        """Make the agent of that name, with the user's options. Raises UnknownAgent or InvalidSetting."""
        kind = self._agent_class(name)
        try:
            return kind(kind.Options.model_validate(self._agent_settings(name).options()))
        except ValueError as error:
            raise InvalidSetting(reason=f"agents.{name}{_first(error)}", where=settings_file()) from error

    def _agent_settings(self, name: str) -> AgentSettings:
        return self.settings.agents.get(name) or AgentSettings(plugin=name)

    def _agent_class(self, name: str) -> type[Agent]:
        try:
            return self.registry.agent(self._agent_settings(name).plugin)
        except PluginMissing:
            known = {plugin.name for plugin in self.registry.plugins() if plugin.group == "proctor.agents"}
            names = ", ".join(sorted((known | self.settings.agents.keys()) - {"command"}))
            raise UnknownAgent(name=name, known=names, file=settings_file()) from None

    # -- inside ----------------------------------------------------------------------------------------------------

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
        return LocalSurroundings(
            session_id=started.head.id,
            workspaces=self.workspaces,
            store=self.store,
            emit=emit,
            limits=ProcessLimits(),
            environment=self._environment,
            agent=self.agent,
        )


def _first(error: ValueError) -> str:
    """Give the first thing that is wrong with a plugin's options, and where it stands."""
    if not isinstance(error, ValidationError):
        return f": {error}"
    found = error.errors()[0]
    return "".join(f".{part}" for part in found["loc"]) + f": {found['msg']}"


def _named(**given: str | None) -> JsonObject:
    """Give what was named, and not what was left out."""
    return {name: value for name, value in given.items() if value is not None}


def context_name(repository: Repository) -> str:
    """Give the name of what was named: the package's folder or the module, else the repository's."""
    return (repository.top if repository.path == "." else Path(repository.path)).name.removesuffix(".py")


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
