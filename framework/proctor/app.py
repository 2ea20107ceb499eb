"""The composition root: plain constructor arguments, wired in one place."""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import orjson

from proctor import owner
from proctor.activity_log import ActivityLog
from proctor.config import AgentSettings, Settings, settings_file
from proctor.contracts.activity import Activity
from proctor.contracts.agent import Agent
from proctor.contracts.engine import Engine
from proctor.contracts.executor import Surroundings
from proctor.contracts.process import ProcessLimits
from proctor.contracts.store import Store
from proctor.domain.component import Context
from proctor.domain.event import Event
from proctor.domain.head import Head
from proctor.domain.scope import Scope
from proctor.domain.session import TERMINAL, AgentChoice
from proctor.errors import BranchExists, Conflict, IdentityMissing, InvalidSetting, PluginMissing, UnknownAgent
from proctor.executors.surroundings import LocalSurroundings, allowed_environment
from proctor.registry import Registry
from proctor.runner import Runner
from proctor.sessions import Draft, Sessions, Started
from proctor.store import open_store
from proctor.workspace import Repository, Workspaces, identify, sweep

WORKFLOW = "context_testing"


@dataclass(frozen=True, slots=True)
class Order:
    """What a user wants done."""

    path: Path
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    branch: str | None = None
    new: bool = False
    """Begin again: an unfinished session about the same is cancelled."""


@dataclass(frozen=True, slots=True)
class Begun:
    """The session that does it."""

    session_id: str
    repository: Repository
    continued: bool
    """It had been begun before."""
    attached: bool = False
    """Another living process drives it; this one only watches."""


class App:
    """Everything that a command or a server needs, wired together."""

    def __init__(self, settings: Settings, store: Store, scope: Scope) -> None:
        self.settings = settings
        self.store = store
        self.scope = scope
        self.registry = Registry(settings.plugins)
        self.sessions = Sessions(
            store, self.registry, clock=time.time, new_id=lambda: uuid4().hex, on_ready=self._enqueue
        )
        self.workspaces = Workspaces(settings.cache, store.get)
        self._activities = ActivityLog(store, time.time)
        self._owner = owner.myself()
        self._environment = allowed_environment(os.environ, settings.environment)
        self._engine: Engine | None = None
        self._turned = asyncio.Event()
        self._halted: set[str] = set()

    # -- beginning -------------------------------------------------------------------------------------------------

    async def begin(self, order: Order) -> Begun:
        """Create the session of an order, or find the unfinished one. Raises a UsageError when it cannot be done."""
        repository = await identify(order.path)
        if repository.identity is None:
            raise IdentityMissing
        if order.branch and await self.workspaces.branch_exists(repository, order.branch):
            raise BranchExists(branch=order.branch, repository=repository.top)
        draft = self._draft(order, repository)
        if order.new:
            await self._give_up(draft)
        elif found := await self._continue(draft, repository):
            return found
        try:
            head = await self.sessions.create(self.scope, draft, owner=self._owner)
        except Conflict:
            found = await self._continue(draft, repository)
            if found is None:
                raise
            return found
        return Begun(head.id, repository, continued=False)

    async def _give_up(self, draft: Draft) -> None:
        """Cancel the unfinished session about the same. Raises TreeOwned if somebody is at it."""
        assert draft.fingerprint is not None
        if tree := await self.sessions.find(self.scope, draft.fingerprint):
            await self.sessions.adopt(self.scope, tree.root, self._owner, owner.alive)
            await self.sessions.cancel(self.scope, tree.root)

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
        agent = AgentChoice(self.settings.agent, deterministic=self._agent_class(self.settings.agent).deterministic)
        options = {
            **self.settings.steps,
            f"{WORKFLOW}.initialize": {
                "python": self.settings.python,
                **self.settings.steps.get(f"{WORKFLOW}.initialize", {}),
            },
            f"{WORKFLOW}.finalize": {
                "branch": order.branch,
                "author_name": repository.identity.name,
                "author_email": repository.identity.email,
                **self.settings.steps.get(f"{WORKFLOW}.finalize", {}),
            },
        }
        about = [context.to_json(), agent, options, self.settings.limits.model_dump()]
        return Draft(
            WORKFLOW,
            context.to_json(),
            agent,
            self.settings.limits.limits(),
            options=options,
            fingerprint=hashlib.sha256(orjson.dumps(about)).hexdigest(),
        )

    async def _continue(self, draft: Draft, repository: Repository) -> Begun | None:
        assert draft.fingerprint is not None
        tree = await self.sessions.find(self.scope, draft.fingerprint)
        if tree is None:
            return None
        if tree.owner is not None and tree.owner != self._owner and owner.alive(tree.owner):
            return Begun(tree.root, repository, continued=True, attached=True)
        await self.sessions.adopt(self.scope, tree.root, self._owner, owner.alive)
        return Begun(tree.root, repository, continued=True)

    # -- driving ---------------------------------------------------------------------------------------------------

    async def drive(self, root: str, *, jobs: int | None = None) -> Head:
        """Run a tree that this process owns until it has ended, or nothing in it can go on; give its root's head."""
        self._halted.discard(root)
        await asyncio.to_thread(sweep, self.settings.cache)
        engine = self._engine = self.registry.engine("local")(lambda: self.store.due(root, time.time()))
        open_heads = [head for head in await self.store.descendants(self.scope, root) if head.status not in TERMINAL]
        engine.enqueue(head.id for head in open_heads)
        runner, at_hand = self._runner(), {head.id for head in open_heads}

        async def advance(session_id: str) -> None:
            at_hand.add(session_id)
            await runner.advance(session_id)
            at_hand.discard(session_id)
            if session_id == root:
                self._turned.set()

        work = asyncio.ensure_future(engine.run(advance, jobs or self.settings.jobs))
        log = asyncio.ensure_future(self._activities.run())
        try:
            return await self._ended(root, work, at_hand)
        finally:
            for task in (work, log):
                task.cancel()
            await asyncio.gather(work, log, return_exceptions=True)
            self._engine = None
            try:
                await self._activities.flush()
            finally:
                await self.sessions.release(root, self._owner)

    async def _ended(self, root: str, work: asyncio.Future[None], at_hand: Collection[str]) -> Head:
        """Look at the root after each of its turns here, and every second: another process may have cancelled it.

        `at_hand` are the sessions that are being advanced, or have not been looked at yet.
        """
        while True:
            self._turned.clear()
            head = await self.sessions.head(self.scope, root)
            if head.status in TERMINAL:
                return head
            if work.done():
                work.result()
            if not at_hand and _halted(heads := await self.store.descendants(self.scope, root)):
                self._halted.add(root)
                return heads[0]
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._turned.wait()

    async def watch(self, root: str, *, after: int = 0) -> AsyncIterator[Event]:
        """Give a tree's events from behind `after`, the past first, until its root has ended or `drive` gives up."""
        while True:
            over = root in self._halted or (await self.sessions.head(self.scope, root)).status in TERMINAL
            while events := await self.sessions.events(self.scope, root, after=after):
                for event in events:
                    yield event
                after = events[-1].sequence
            if over:
                return
            await self.store.wait(root, after, 1.0)

    async def cancel(self, session_id: str) -> None:
        """Cancel a session and everything below it; what runs for it is ended."""
        await self.sessions.cancel(self.scope, session_id)
        self._turned.set()

    # -- agents ----------------------------------------------------------------------------------------------------

    def agent(self, name: str) -> Agent:
        """Make the agent of that name, with the user's options. Raises UnknownAgent or InvalidSetting."""
        kind = self._agent_class(name)
        try:
            return kind(kind.Options.model_validate(self._agent_settings(name).options()))
        except ValueError as error:
            raise InvalidSetting(reason=f"agents.{name}: {error}", where=settings_file()) from error

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

    def _enqueue(self, session_ids: Sequence[str]) -> None:
        if self._engine is not None:
            self._engine.enqueue(session_ids)

    def _runner(self) -> Runner:
        return Runner(
            self.sessions,
            self.registry,
            self._prepare,
            scope=self.scope,
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


def _halted(heads: Sequence[Head]) -> bool:
    """Tell whether nothing in a tree can go on: what is open is blocked or paused, or waits for children that are."""
    return all(
        head.status in TERMINAL
        or head.blocked is not None
        or (head.paused and head.pending is None)
        or (head.parked == "children" and (head.paused or head.open_children > 0))
        for head in heads
    )


def context_name(repository: Repository) -> str:
    """Give the name of what was named: the package's folder or the module, else the repository's."""
    return (repository.top if repository.path == "." else Path(repository.path)).name.removesuffix(".py")


@asynccontextmanager
async def open_app(settings: Settings) -> AsyncIterator[App]:
    """Open the database and wire everything to it."""
    store = await open_store(settings.database_url())
    try:
        yield App(settings, store, Scope())
    finally:
        with suppress(asyncio.CancelledError):
            await store.close()
