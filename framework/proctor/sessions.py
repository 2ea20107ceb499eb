"""The session service: every caller, a runner of ours included, comes through here.

Each operation reads a head, lets the pure rules and the step's plugin decide, and commits one `Change` on condition
that the head is still the one that was read; otherwise it begins again. Plugin code never runs inside a transaction.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
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
    Conflict,
    IdempotencyConflict,
    NothingPending,
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

    session: Session
    interaction: Interaction
    fence: int
    lease_until: float | None
    parked: str | None = None
    fresh: bool = True
    """False if it had been handed out before and is only shown again."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a submitted result led to."""

    sequence: int
    status: str
    session_status: SessionStatus
    started: Started | None = None
    """The next interaction, when going on was asked for and possible."""


class Sessions:
    """Creates sessions, hands out their interactions, takes results, and tells what happened."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        *,
        clock: Callable[[], float],
        new_id: Callable[[], str],
        on_ready: Callable[[Sequence[str]], None] = lambda _: None,
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
        """Take a tree whose owner is gone. Raises TreeOwned if it lives, or somebody else was quicker."""
        tree = await self._store.tree(scope, root)
        if tree is None:
            raise SessionNotFound(session_id=root)
        if tree.owner == owner:
            return
        if tree.owner is not None and alive(tree.owner):
            raise TreeOwned(session_id=root, owner=tree.owner)
        if not await self._store.own(root, owner, tree.owner):
            raise TreeOwned(session_id=root, owner="another process")

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
                return await self._shown(scope, head, workflow)
            try:
                change, parked = await self._starting(scope, head, workflow, owner)
                committed = await self._commit(change)
            except Conflict:
                continue
            if committed.head.pending is not None:
                return await self._shown(scope, committed.head, workflow, fresh=parked is None)
        raise Conflict(session_id=session_id)

    async def submit(
        self,
        scope: Scope,
        session_id: str,
        fence: int,
        result: Result,
        *,
        key: str,
        go_on: bool = False,
        owner: str | None = None,
        executed_by: str | None = None,
    ) -> Submitted:
        """Take the result of the pending interaction, have it judged, and, if asked, start what comes next.

        A repeated call with the same key and content gets the same answer. Raises SessionNotFound, StaleFence,
        NothingPending or IdempotencyConflict.
        """
        digest = hashlib.sha256(orjson.dumps(result)).hexdigest()
        head = await self.head(scope, session_id)
        if head.pending is None or head.fence != fence or head.pending.raw is not None:
            if known := await self._answered(session_id, key, digest):
                return known
            _check_fence(head, fence)
        if head.pending is not None and head.pending.raw is None:
            head = await self._receive(scope, head, result, executed_by)
        answer = Answer(session_id, "submit", key, digest, EMPTY)
        return await self._judge(scope, head, go_on=go_on, owner=owner, answer=answer)

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
                        submitted = await self._judge(scope, _woken(head), go_on=True, owner=owner)
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
        """Renew the lease of the pending interaction and give its new end. Raises StaleFence."""
        for _ in range(TRIES):
            head = await self.head(scope, session_id)
            _check_fence(head, fence)
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

    # -- inside ----------------------------------------------------------------------------------------------------

    def _due(self, head: Head, owner: str) -> str:
        pending = head.pending
        if pending is None:
            return "start"
        if pending.raw is not None or (head.parked == "children" and head.open_children == 0):
            return "judge"
        if head.parked is not None:
            return "wait"
        lost = head.owner != owner or (head.lease_until or 0.0) < self._clock()
        return "abandon" if lost else "wait"

    async def _receive(self, scope: Scope, head: Head, result: Result, executed_by: str | None) -> Head:
        fence = head.fence
        for _ in range(TRIES):
            try:
                return (await self._commit(Change(heads.receive(head, result, executed_by=executed_by)))).head
            except Conflict:
                head = await self.head(scope, head.id)
                _check_fence(head, fence)
        raise Conflict(session_id=head.id)

    async def _judge(
        self, scope: Scope, head: Head, *, go_on: bool, owner: str | None, answer: Answer | None = None
    ) -> Submitted:
        """Judge the raw result of `head` and commit the verdict; begin again whenever the head has changed."""
        workflow, fence = await self._workflow(scope, head), head.fence
        for _ in range(TRIES):
            assert head.pending is not None
            assert head.pending.raw is not None
            step, now = head.pending.command.step, self._clock()
            session = await self._snapshot(scope, head, workflow)
            outcome = await self._steps.outcome(scope, workflow, step, session, head.pending.raw)
            judged = heads.judge(head, Orchestrator(workflow), outcome, now)
            closed = judged.interaction
            change = Change(
                judged.head,
                closed,
                news=(news_of.completed(judged.head, closed), *news_of.ended(judged.head, now)),
                answer=_answer(answer, judged.head, closed),
                spent=outcome.result.usage,
            )
            parked = None
            if go_on and judged.head.status == "active" and not judged.head.paused:
                change, parked = await self._going_on(scope, change, workflow, owner)
            try:
                committed = (await self._commit(change)).head
            except Conflict:
                head = _woken(await self.head(scope, head.id))
                if head.pending is None or head.pending.sequence != closed.sequence:
                    raise StaleFence(session_id=head.id, fence=fence, current=head.fence) from None
                continue
            started = None
            if committed.pending is not None:
                started = await self._shown(scope, committed, workflow, fresh=parked is None)
            assert closed.result is not None
            return Submitted(closed.sequence, closed.result.status, committed.status, started)
        raise Conflict(session_id=head.id)

    async def _going_on(
        self, scope: Scope, verdict: Change, workflow: PinnedWorkflow, owner: str | None
    ) -> tuple[Change, str | None]:
        """Add the start of the next step to the change that carries the verdict."""
        try:
            starting, parked = await self._starting(scope, verdict.head, workflow, owner)
        except SessionBlocked:
            return verdict, None
        if starting.closed is not None:
            return verdict, None
        together = replace(
            verdict,
            head=replace(starting.head, version=verdict.head.version),
            children=starting.children,
            news=(*verdict.news, *starting.news),
        )
        return together, parked

    async def _starting(
        self, scope: Scope, head: Head, workflow: PinnedWorkflow, owner: str | None
    ) -> tuple[Change, str | None]:
        """Make the change that hands out the next step of `head`. Raises SessionBlocked or SessionClosed."""
        following, now = Orchestrator(workflow).get_next_interaction(head), self._clock()
        if not isinstance(following, NextStep):
            raise SessionClosed(session_id=head.id, status=head.status)
        session = await self._snapshot(scope, head, workflow)
        try:
            command = await self._steps.command(scope, workflow, following.step, session)
            parked = None if isinstance(command, Fault) else self._registry.executor(command.kind).parks
        except (PluginMissing, PluginBroken, PluginClash) as error:
            await self._block(head, str(error))
            raise SessionBlocked(session_id=head.id, reason=str(error)) from error
        if isinstance(command, Fault):
            return self._faulted(head, workflow, following.step, command, now), None
        command = replace(command, step=following.step, at=now)
        children, command = await self._children(scope, head, command)
        begun = heads.start(head, command, owner=owner, lease_until=now + self._lease_s, parked=parked)
        news = [
            news_of.started(begun, following.reason, now),
            *(news_of.created(child, now) for child in children),
        ]
        if parked:
            news.append(news_of.parked(begun, now))
        return Change(begun, children=children, news=tuple(news)), parked

    def _faulted(self, head: Head, workflow: PinnedWorkflow, step: str, fault: Fault, now: float) -> Change:
        """Log an interaction for a step that could not even make its command."""
        begun = heads.start(head, Command("none", step=step, at=now), owner=None, lease_until=None, parked=None)
        judged = heads.judge(begun, Orchestrator(workflow), fault.outcome(), now)
        after = replace(judged.head, version=head.version + 1)
        news = (
            news_of.started(begun, "", now),
            news_of.completed(after, judged.interaction),
            *news_of.ended(after, now),
        )
        return Change(after, judged.interaction, news=news)

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

    async def _abandon(self, head: Head) -> None:
        now = self._clock()
        after, closed = heads.abandon(head, now)
        await self._commit(
            Change(after, closed, news=(*news_of.abandoned(after, closed, now), *news_of.ended(after, now)))
        )

    async def _block(self, head: Head, reason: str) -> None:
        """Say why the session cannot go on; it heals by itself when the plugin is there again."""
        if head.blocked != reason and head.pending is None:
            after = replace(head, blocked=reason, version=head.version + 1)
            await self._commit(Change(after, news=(news_of.changed(after, self._clock()),)))

    async def _shown(self, scope: Scope, head: Head, workflow: PinnedWorkflow, *, fresh: bool = False) -> Started:
        assert head.pending is not None
        interaction = Interaction(head.pending.sequence, head.pending.command)
        session = await self._snapshot(scope, head, workflow)
        return Started(session, interaction, head.fence, head.lease_until, head.parked, fresh)

    async def _answered(self, session_id: str, key: str, digest: str) -> Submitted | None:
        known = await self._store.answer(session_id, "submit", key)
        if known is None:
            return None
        if known.digest != digest:
            raise IdempotencyConflict(key=key, session_id=session_id, operation="submit")
        return Submitted(**known.answer)  # type: ignore[arg-type] # written by _answer below

    async def _commit(self, change: Change) -> Committed:
        committed = await self._store.commit(change)
        if committed.ready:
            self._on_ready(committed.ready)
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
            self._workflows.update({(tree.root, workflow.name): workflow for workflow in tree.workflows})
        return self._workflows[key]


def _woken(head: Head) -> Head:
    """Give a parked head whose wait is over the result that its judging needs; others stay as they are."""
    pending = head.pending
    if pending is None or pending.raw is not None or head.parked != "children" or head.open_children:
        return head
    return replace(head, pending=replace(pending, raw=Result("ok")), fence=head.fence + 1)


def _check_open(head: Head) -> None:
    if head.status in TERMINAL:
        raise SessionClosed(session_id=head.id, status=head.status)
    if head.paused and head.pending is None:
        raise SessionPaused(session_id=head.id)


def _check_fence(head: Head, fence: int) -> Pending:
    if head.fence != fence:
        raise StaleFence(session_id=head.id, fence=fence, current=head.fence)
    if head.pending is None:
        raise NothingPending(session_id=head.id)
    return head.pending


def _answer(answer: Answer | None, head: Head, closed: Interaction) -> Answer | None:
    if answer is None or closed.result is None:
        return None
    said: JsonObject = {"sequence": closed.sequence, "status": closed.result.status, "session_status": head.status}
    return replace(answer, answer=said)
