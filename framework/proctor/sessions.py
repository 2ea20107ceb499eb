"""The session service: every caller, a runner of ours included, comes through here.

Each operation reads a head, lets the pure rules and the step's plugin decide, and commits one `Change` on condition
that the head is still the one that was read; otherwise it begins again. Plugin code never runs inside a transaction.
"""

import asyncio
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import orjson

from proctor.contracts.store import Answer, Change, Committed, Owner, Store, Tree
from proctor.domain import head as heads
from proctor.domain import news as news_of
from proctor.domain.event import Event
from proctor.domain.head import Birth, Head, Pending, snapshot, summary
from proctor.domain.interaction import Command, Interaction, Result
from proctor.domain.json import EMPTY, JsonObject
from proctor.domain.orchestrator import Next, NextStep, Orchestrator
from proctor.domain.scope import Scope
from proctor.domain.session import TERMINAL, AgentChoice, ExecutionMode, Limits, Session, SessionStatus
from proctor.domain.workflow import PinnedWorkflow
from proctor.errors import (
    ChildrenOpen,
    Conflict,
    IdempotencyConflict,
    NoLease,
    NothingPending,
    NothingToRetry,
    PluginBroken,
    PluginClash,
    PluginMissing,
    SessionBlocked,
    SessionClosed,
    SessionNotFound,
    SessionPaused,
    StaleFence,
    TreeOwned,
)
from proctor.registry import Registry
from proctor.steps import Fault, Steps

LEASE_S = 60.0
TRIES = 20
"""How often an operation begins again when others change the same session meanwhile."""

REMEMBERED = 1000
"""How many pinned workflows are kept at hand."""

CLIENT = "client:"
"""The owner of a lease begins so if it is no runner of ours. Whether such a one lives, only its lease can tell."""

UNAVAILABLE = (PluginMissing, PluginBroken, PluginClash)
"""Why a step cannot be asked."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a root session is to be."""

    workflow: str
    subject: JsonObject
    agent: AgentChoice = AgentChoice()
    limits: Limits = Limits()
    execution_mode: ExecutionMode = "auto"
    options: Mapping[str, JsonObject] = field(default_factory=dict)
    """Step's full name -> its options."""
    fingerprint: str | None = None
    state: JsonObject = EMPTY


@dataclass(frozen=True, slots=True)
class Started:
    """An interaction that has been handed out."""

    head: Head
    """The session, with that interaction pending."""
    fresh: bool = True
    """False if it had been handed out before and is only shown again."""

    @property
    def interaction(self) -> Interaction:
        """The pending interaction, as the log will show it."""
        assert self.head.pending is not None
        return Interaction(self.head.pending.sequence, self.head.pending.command)

    @property
    def fence(self) -> int:
        """What has to be handed back with the result."""
        return self.head.fence

    @property
    def parked(self) -> str | None:
        """What the interaction waits for, if nobody is to execute it."""
        return self.head.parked


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a submitted result led to."""

    sequence: int
    status: str
    session_status: SessionStatus
    started: Started | None = None
    """The next interaction, when going on was asked for and possible."""


@dataclass(frozen=True, slots=True)
class Came:
    """A result as it came."""

    result: Result
    executed_by: str | None = None
    key: str | None = None
    digest: str | None = None

    def kept(self, head: Head) -> Head:
        """Give the head with this result, before anybody judges it."""
        return heads.receive(head, self.result, executed_by=self.executed_by, key=self.key, digest=self.digest)


SUBMIT = "submit"

WOKEN = Came(Result("ok"))
"""What is judged once all children have ended."""


class Sessions:
    """Creates sessions, hands out their interactions, takes results, and tells what happened."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        *,
        clock: Callable[[], float],
        new_id: Callable[[], str],
        on_ready: Callable[[Birth, Sequence[str]], None] = lambda _birth, _session_ids: None,
        lease_s: float = LEASE_S,
    ) -> None:
        self._store = store
        self._registry = registry
        self._steps = Steps(registry)
        self._clock = clock
        self._new_id = new_id
        self._on_ready = on_ready
        self._lease_s = lease_s
        self._workflows: dict[tuple[str, str], PinnedWorkflow] = {}

    # -- reading ---------------------------------------------------------------------------------------------------

    async def get(self, scope: Scope, session_id: str) -> Session:
        """Give a session as its steps see it. Raises SessionNotFound."""
        head = await self.head(scope, session_id)
        return await self._snapshot(scope, head, await self._workflow(scope, head))

    async def head(self, scope: Scope, session_id: str) -> Head:
        """Give a session's present. Raises SessionNotFound."""
        head = await self._store.head(scope, session_id)
        if head is None:
            raise SessionNotFound(session_id=session_id)
        return head

    async def next(self, scope: Scope, session_id: str) -> Next:
        """Say what the rule says, whatever is pending. Raises SessionNotFound."""
        head = await self.head(scope, session_id)
        return Orchestrator(await self._workflow(scope, head)).get_next_interaction(head)

    async def is_complete(self, scope: Scope, session_id: str) -> bool:
        """Tell whether the session's last main step has ended with `ok`. Raises SessionNotFound."""
        head = await self.head(scope, session_id)
        return Orchestrator(await self._workflow(scope, head)).is_complete(head)

    async def events(self, scope: Scope, root: str, *, after: int = 0) -> Sequence[Event]:
        """Read a tree's stream from behind event `after`."""
        return await self._store.events(scope, root, after=after)

    # -- creating and owning ---------------------------------------------------------------------------------------

    async def create(self, scope: Scope, draft: Draft, *, owner: Owner | None = None) -> Head:
        """Create a root session and pin its workflows. Raises Conflict if an active tree has its fingerprint."""
        session_id, now = self._new_id(), self._clock()
        birth = Birth(
            id=session_id,
            root=session_id,
            workflow=draft.workflow,
            scope=scope,
            created_at=now,
            subject=draft.subject,
            agent=draft.agent,
            limits=draft.limits,
            execution_mode=draft.execution_mode,
        )
        workflows = self._registry.pin(draft.workflow, draft.options)
        tree = Tree(session_id, scope, tuple(workflows), draft.fingerprint, owner)
        head = Head(birth, state=draft.state, version=1)
        return (await self._commit(Change(head, tree=tree, news=(news_of.created(head, now),)))).head

    async def find(self, scope: Scope, fingerprint: str) -> Tree | None:
        """Find the active tree that is about this."""
        return await self._store.find_tree(scope, fingerprint)

    async def adopt(self, scope: Scope, root: str, owner: Owner, alive: Callable[[Owner], bool]) -> None:
        """Take a tree whose owner is gone, and count abandoned interactions anew.

        Raises TreeOwned if the owner lives, or somebody else was quicker.
        """
        tree = await self._store.tree(scope, root)
        if tree is None:
            raise SessionNotFound(session_id=root)
        if tree.owner == owner:
            return
        if tree.owner is not None and alive(tree.owner):
            raise TreeOwned(session_id=root, owner=tree.owner)
        if not await self._store.own(root, owner, tree.owner):
            raise TreeOwned(session_id=root, owner="another process")
        for head in await self._store.descendants(scope, root):
            if head.abandoned and head.status not in TERMINAL:
                await self._commit(Change(replace(head, abandoned=0, version=head.version + 1)))

    async def release(self, root: str, owner: Owner) -> None:
        """Give a tree back."""
        await self._store.own(root, None, owner)

    # -- the turns of a session ------------------------------------------------------------------------------------

    async def start(self, scope: Scope, session_id: str, *, owner: str | None = None) -> Started:
        """Hand out the next interaction; while one is pending, show that one.

        Raises SessionNotFound, SessionClosed, SessionPaused or SessionBlocked.
        """
        for _ in range(TRIES):
            head = await self.head(scope, session_id)
            _check_open(head)
            workflow = await self._workflow(scope, head)
            if head.pending is not None:
                return Started(head, fresh=False)
            try:
                committed = await self._commit(
                    await self._starting(scope, head, workflow, owner, version=head.version + 1)
                )
            except Conflict:
                continue
            except SessionBlocked as error:
                with suppress(Conflict):  # somebody else has just said so, or it has gone on
                    await self._block(head, str(error.facts["reason"]))
                raise
            if committed.head.pending is not None:
                return Started(committed.head, fresh=committed.head.parked is None)
        raise Conflict(session_id=session_id)

    async def submit(
        self,
        scope: Scope,
        session_id: str,
        fence: int,
        result: Result,
        *,
        key: str | None = None,
        go_on: bool = False,
        owner: str | None = None,
        executed_by: str | None = None,
        head: Head | None = None,
    ) -> Submitted:
        """Take the result of the pending interaction, have it judged, and, if asked, start what comes next.

        A repeated call with the same key and content gets the same answer; one without a key gets it only once.
        Whoever still has the `head` that was handed out saves reading it. Raises SessionNotFound, StaleFence,
        NothingPending, ChildrenOpen, IdempotencyConflict, or SessionBlocked: then the result is stored and will be
        judged.
        """
        came = Came(result, executed_by, key, None if key is None else _digest(result))
        head = head or await self.head(scope, session_id)
        for _ in range(TRIES):
            if head.pending is None or head.fence != fence or head.pending.raw is not None:
                if known := await self._answered(session_id, came):
                    return known
                _check_fence(head, fence)
                _check_same(head, came)
            if head.parked == "children" and head.open_children:
                raise ChildrenOpen(session_id=session_id, count=head.open_children)
            try:
                return await self._judge(scope, head, came, go_on=go_on, owner=owner)
            except Conflict:
                head = await self.head(scope, session_id)
        raise Conflict(session_id=session_id)

    async def proceed(self, scope: Scope, session_id: str, *, owner: str) -> Started | None:
        """Do whatever is due in a session until a command has to be executed, and hand that out.

        Wakes a parked interaction whose children have ended, judges a result that nobody judged, closes what a dead
        owner left. Gives None when nothing is to be executed: the session ended, is parked, paused, blocked, or a
        living owner is at it.
        """
        for _ in range(TRIES):
            head = await self.head(scope, session_id)
            if head.status in TERMINAL or head.paused:
                return None
            try:
                match self._due(head, owner):
                    case "wait":
                        return None
                    case "judge":
                        submitted = await self._judge(scope, head, WOKEN, go_on=True, owner=owner)
                        if submitted.started is not None:
                            return submitted.started if submitted.started.parked is None else None
                    case "abandon":
                        await self._abandon(head)
                    case "start":
                        started = await self.start(scope, session_id, owner=owner)
                        return started if started.fresh else None
            except (Conflict, SessionClosed):
                continue
            except (SessionBlocked, SessionPaused):
                return None
        raise Conflict(session_id=session_id)

    async def renew(self, scope: Scope, session_id: str, fence: int) -> float:
        """Renew the lease of the pending interaction and give its new end. Raises StaleFence or NoLease."""
        for _ in range(TRIES):
            head = await self.head(scope, session_id)
            _check_fence(head, fence)
            if head.parked is not None:
                raise NoLease(session_id=session_id, parked=head.parked)
            until = self._clock() + self._lease_s
            try:
                await self._commit(Change(replace(head, lease_until=until, version=head.version + 1)))
            except Conflict:
                continue
            return until
        raise Conflict(session_id=session_id)

    async def cancel(self, scope: Scope, session_id: str) -> None:
        """Cancel a session and everything below it. The parent goes first, so that it cannot spawn meanwhile."""
        head = await self.head(scope, session_id)
        while head.status not in TERMINAL:
            now = self._clock()
            cancelled, closed = heads.cancel(head, now)
            news = (*news_of.abandoned(cancelled, closed, now), news_of.changed(cancelled, now))
            try:
                await self._commit(Change(cancelled, closed, news=news))
                break
            except Conflict:
                head = await self.head(scope, session_id)
        for child in await self._store.children(scope, session_id):
            if child.status not in TERMINAL:
                await self.cancel(scope, child.id)

    async def pause(self, scope: Scope, session_id: str) -> Head:
        """Let nothing new start in a session and below it; what runs may finish. Raises SessionClosed."""
        return await self._set_paused(scope, await self._open(scope, session_id), paused=True)

    async def resume(self, scope: Scope, session_id: str) -> Head:
        """End a pause. Raises SessionClosed."""
        return await self._set_paused(scope, await self._open(scope, session_id), paused=False)

    async def retry(self, scope: Scope, session_id: str, child_ids: Collection[str] | None = None) -> Head:
        """Make new attempts at children that failed or were cancelled, and open their parent again if it has ended.

        Of a child: make a new attempt at it, and give that. Raises SessionClosed if the session is complete, and
        NothingToRetry if nothing in it failed or its workflow has gone on.
        """
        head = await self.head(scope, session_id)
        if head.birth.parent is not None:
            await self.retry(scope, head.birth.parent, (session_id,))
            attempts = await self._store.children(scope, head.birth.parent)
            return [each for each in attempts if each.birth.key == head.birth.key][-1]
        for _ in range(TRIES):
            head = await self.head(scope, session_id)
            if head.status == "complete":
                raise SessionClosed(session_id=session_id, status=head.status)
            closed = head.status in TERMINAL
            again = heads.reopen(head) if closed else replace(head, version=head.version + 1)
            children = await self._new_attempts(scope, head, child_ids)
            if not closed and not children:
                raise NothingToRetry(session_id=session_id, reason="none of its children failed or was cancelled")
            now = self._clock()
            news = (*(news_of.created(child, now) for child in children), news_of.changed(again, now))
            with suppress(Conflict):
                committed = await self._commit(Change(again, children=children, news=news, reopens=closed))
                self._on_ready(head.birth, (head.id,))
                return committed.head
        raise Conflict(session_id=session_id)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _due(self, head: Head, owner: str) -> str:
        pending = head.pending
        if pending is None:
            return "start"
        if head.parked == "children":
            return "wait" if head.open_children else "judge"
        if pending.raw is not None:
            return "judge"
        if head.parked is not None:
            return "wait"
        expired = (head.lease_until or 0.0) < self._clock()
        ours = head.owner is None or not head.owner.startswith(CLIENT)
        return "abandon" if expired or (ours and head.owner != owner) else "wait"

    async def _judge(self, scope: Scope, head: Head, came: Came, *, go_on: bool, owner: str | None) -> Submitted:
        """Judge the result that `head` has, or else this one, and commit the verdict.

        A result that `head` does not have is stored first, unless its verdict is there at once. Raises Conflict or
        SessionBlocked.
        """
        judging = asyncio.ensure_future(self._verdict(scope, head, came, go_on=go_on, owner=owner))
        try:
            await asyncio.sleep(0)
            if _lacks_result(head) and (not judging.done() or judging.exception()):
                head = (await self._commit(Change(came.kept(head)))).head
            change = await judging
        except UNAVAILABLE as error:
            await self._block(head, str(error))
            raise SessionBlocked(session_id=head.id, reason=str(error)) from error
        finally:
            judging.cancel()
        if change.head.version == head.version:  # storing the result took the version that the verdict was to have
            change = replace(change, head=replace(change.head, version=head.version + 1))
        committed = (await self._commit(replace(change, answer=_answer(head, came, change)))).head
        started = Started(committed, fresh=committed.parked is None) if committed.pending else None
        closed = change.closed
        assert closed is not None
        assert closed.result is not None
        return Submitted(closed.sequence, closed.result.status, change.head.status, started)

    async def _verdict(self, scope: Scope, head: Head, came: Came, *, go_on: bool, owner: str | None) -> Change:
        """Make the change that completes the pending interaction and, if asked, starts the next."""
        assert head.pending is not None
        workflow = await self._workflow(scope, head)
        step, now = head.pending.command.step, self._clock()
        session = await self._snapshot(scope, head, workflow)
        outcome = await self._steps.outcome(scope, workflow, step, session, head.pending.raw or came.result)
        judged = heads.judge(head, Orchestrator(workflow), outcome, now, executed_by=came.executed_by)
        verdict = Change(
            judged.head,
            judged.interaction,
            news=(news_of.completed(judged.head, judged.interaction), *news_of.ended(judged.head, now)),
            spent=outcome.result.usage,
        )
        if go_on and judged.head.status == "active" and not judged.head.paused:
            return await self._going_on(scope, verdict, workflow, owner)
        return verdict

    async def _going_on(self, scope: Scope, verdict: Change, workflow: PinnedWorkflow, owner: str | None) -> Change:
        """Add the start of the next step to the change that carries the verdict."""
        try:
            starting = await self._starting(scope, verdict.head, workflow, owner, version=verdict.head.version)
        except SessionBlocked:
            return verdict
        if starting.closed is not None:
            return verdict
        news = (*verdict.news, *starting.news)
        return replace(verdict, head=starting.head, children=starting.children, news=news)

    async def _starting(
        self, scope: Scope, head: Head, workflow: PinnedWorkflow, owner: str | None, *, version: int
    ) -> Change:
        """Make the change that hands out the next step of `head`. Raises SessionBlocked or SessionClosed."""
        following, now = Orchestrator(workflow).get_next_interaction(head), self._clock()
        if not isinstance(following, NextStep):
            raise SessionClosed(session_id=head.id, status=head.status)
        session = await self._snapshot(scope, head, workflow)
        try:
            command = await self._steps.command(scope, workflow, following.step, session)
            parked = None if isinstance(command, Fault) else self._registry.executor(command.kind).parks
        except UNAVAILABLE as error:
            raise SessionBlocked(session_id=head.id, reason=str(error)) from error
        if isinstance(command, Fault):
            return self._faulted(head, workflow, following.step, command, now)
        command = replace(command, step=following.step, at=now)
        children, command = await self._children(scope, head, command)
        begun = heads.start(head, command, owner=owner, lease_until=now + self._lease_s, parked=parked, version=version)
        news = [
            news_of.started(begun, following.reason, now),
            *(news_of.created(child, now) for child in children),
        ]
        if parked:
            news.append(news_of.parked(begun, now))
        return Change(begun, children=children, news=tuple(news))

    def _faulted(self, head: Head, workflow: PinnedWorkflow, step: str, fault: Fault, now: float) -> Change:
        """Log an interaction for a step that could not even make its command."""
        begun = heads.start(
            head, Command("none", step=step, at=now), owner=None, lease_until=None, parked=None, version=head.version
        )
        judged = heads.judge(begun, Orchestrator(workflow), fault.outcome(), now)
        news = (
            news_of.started(begun, "", now),
            news_of.completed(judged.head, judged.interaction),
            *news_of.ended(judged.head, now),
        )
        return Change(judged.head, judged.interaction, news=news)

    async def _children(self, scope: Scope, head: Head, command: Command) -> tuple[tuple[Head, ...], Command]:
        """Make the child sessions that `command` wants and that do not exist, and name all of them in it."""
        if not command.children:
            return (), command
        known = {
            (child.birth.key, child.birth.attempt): child.id for child in await self._store.children(scope, head.id)
        }
        fresh: list[Head] = []
        for spec in command.children:
            if (spec.key, spec.attempt) in known:
                continue
            birth = replace(
                head.birth,
                id=self._new_id(),
                workflow=spec.workflow,
                created_at=self._clock(),
                subject=spec.subject,
                parent=head.id,
                key=spec.key,
                attempt=spec.attempt,
                depth=head.birth.depth + 1,
                priority=spec.priority,
            )
            fresh.append(Head(birth, state=spec.state, version=1))
            known[spec.key, spec.attempt] = birth.id
        ids = [known[spec.key, spec.attempt] for spec in command.children]
        return tuple(fresh), replace(command, metadata={**command.metadata, "child_session_ids": ids})

    async def _new_attempts(self, scope: Scope, head: Head, child_ids: Collection[str] | None) -> tuple[Head, ...]:
        """Make the successors of children whose newest attempt ended badly, with what they were handed at first."""
        children = await self._store.children(scope, head.id)
        newest = {child.birth.key: child for child in children}
        for unknown in set(child_ids or ()) - {child.id for child in children}:
            raise SessionNotFound(session_id=unknown)
        bad = [
            child
            for child in newest.values()
            if child.status in ("failed", "cancelled") and (child_ids is None or child.id in child_ids)
        ]
        spawning = await self._spawning(scope, head)
        if spawning is None and head.status not in TERMINAL and bad:
            raise NothingToRetry(session_id=head.id, reason="it has gone on without them")
        if spawning is None:
            return ()
        handed = {spec.key: spec.state for spec in spawning.children}
        now = self._clock()
        return tuple(
            Head(
                replace(child.birth, id=self._new_id(), attempt=child.birth.attempt + 1, created_at=now),
                state={**handed.get(child.birth.key, EMPTY), "replaces": child.id},
                version=1,
            )
            for child in bad
        )

    async def _spawning(self, scope: Scope, head: Head) -> Command | None:
        """Give the command whose children the session waits for, or will wait for when it is opened again.

        Raises NothingToRetry if the rule has no next step for it.
        """
        if head.status not in TERMINAL:
            return head.pending.command if head.pending is not None and head.parked == "children" else None
        following = Orchestrator(await self._workflow(scope, head)).get_next_interaction(head)
        if not isinstance(following, NextStep):
            raise NothingToRetry(session_id=head.id, reason=head.last_error or "its workflow knows no next step")
        last = head.last_completed
        if last is None or last.step != following.step:
            return None
        page = await self._store.interactions(scope, head.id, after=last.sequence - 1, limit=1)
        return page[0].command if page and page[0].command.children else None

    async def _open(self, scope: Scope, session_id: str) -> Head:
        head = await self.head(scope, session_id)
        if head.status in TERMINAL:
            raise SessionClosed(session_id=session_id, status=head.status)
        return head

    async def _set_paused(self, scope: Scope, head: Head, *, paused: bool) -> Head:
        """Flag a session and all that is open below it; the parent goes first, so that it cannot spawn meanwhile."""
        while head.status not in TERMINAL and head.paused != paused:
            flagged = replace(head, paused=paused, version=head.version + 1)
            try:
                head = (await self._commit(Change(flagged, news=(news_of.changed(flagged, self._clock()),)))).head
            except Conflict:
                head = await self.head(scope, head.id)
        for child in await self._store.children(scope, head.id):
            await self._set_paused(scope, child, paused=paused)
        if not paused:
            self._on_ready(head.birth, (head.id,))
        return head

    async def _abandon(self, head: Head) -> None:
        now = self._clock()
        after, closed = heads.abandon(head, now)
        await self._commit(
            Change(after, closed, news=(*news_of.abandoned(after, closed, now), *news_of.ended(after, now)))
        )

    async def _block(self, head: Head, reason: str) -> None:
        """Say why the session cannot go on; it heals by itself when the plugin is there again."""
        if head.blocked != reason:
            after = replace(head, blocked=reason, version=head.version + 1)
            await self._commit(Change(after, news=(news_of.changed(after, self._clock()),)))

    async def _answered(self, session_id: str, came: Came) -> Submitted | None:
        known = None if came.key is None else await self._store.answer(session_id, SUBMIT, came.key)
        if known is None:
            return None
        if known.digest != came.digest:
            raise IdempotencyConflict(key=came.key, session_id=session_id, operation=SUBMIT)
        return Submitted(**known.answer)  # type: ignore[arg-type] # written by _answer below

    async def _commit(self, change: Change) -> Committed:
        committed = await self._store.commit(change)
        if committed.ready:
            self._on_ready(change.head.birth, committed.ready)
        return committed

    async def _snapshot(self, scope: Scope, head: Head, workflow: PinnedWorkflow) -> Session:
        if not workflow.spawns:
            return snapshot(head)
        return snapshot(head, tuple(summary(child) for child in await self._store.children(scope, head.id)))

    async def _workflow(self, scope: Scope, head: Head) -> PinnedWorkflow:
        key = (head.birth.root, head.birth.workflow)
        if key not in self._workflows:
            tree = await self._store.tree(scope, head.birth.root)
            assert tree is not None
            while len(self._workflows) >= REMEMBERED:
                del self._workflows[next(iter(self._workflows))]
            self._workflows.update({(tree.root, workflow.name): workflow for workflow in tree.workflows})
        return self._workflows[key]


def _lacks_result(head: Head) -> bool:
    return head.pending is not None and head.pending.raw is None


def _check_open(head: Head) -> None:
    if head.status in TERMINAL:
        raise SessionClosed(session_id=head.id, status=head.status)
    if head.paused and head.pending is None:
        raise SessionPaused(session_id=head.id)


def _check_same(head: Head, came: Came) -> None:
    """Refuse a result when another one is kept already and only waits to be judged."""
    pending = head.pending
    if pending is None or pending.raw is None:
        return
    if came.key is not None and came.key == pending.key and came.digest != pending.digest:
        raise IdempotencyConflict(key=came.key, session_id=head.id, operation=SUBMIT)
    if came.key is None or came.key != pending.key:
        raise StaleFence(session_id=head.id, fence=head.fence, current=head.fence)


def _check_fence(head: Head, fence: int) -> Pending:
    if head.fence != fence:
        raise StaleFence(session_id=head.id, fence=fence, current=head.fence)
    if head.pending is None:
        raise NothingPending(session_id=head.id)
    return head.pending


def _digest(result: Result) -> str:
    return hashlib.sha256(orjson.dumps(result)).hexdigest()


def _answer(head: Head, came: Came, change: Change) -> Answer | None:
    """Give what is remembered of a call with a key: that of the result that was judged, whoever brought it about."""
    assert head.pending is not None
    kept = head.pending.raw is not None
    key, digest = (head.pending.key, head.pending.digest) if kept else (came.key, came.digest)
    if key is None or digest is None or change.closed is None or change.closed.result is None:
        return None
    said: JsonObject = {
        "sequence": change.closed.sequence,
        "status": change.closed.result.status,
        "session_status": change.head.status,
    }
    return Answer(head.id, SUBMIT, key, digest, said)
