"""What may be done with sessions. Every caller, a runner of ours included, comes through here."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Literal

from proctor.contracts.store import Change, Owner, Store, Tree
from proctor.domain import head as heads
from proctor.domain import news as news_of
from proctor.domain.event import Event
from proctor.domain.head import Birth, Head, Pending
from proctor.domain.interaction import Result
from proctor.domain.orchestrator import Next, Orchestrator
from proctor.domain.scope import Scope
from proctor.domain.session import TERMINAL, Session
from proctor.errors import (
    ChildrenOpen,
    Conflict,
    NoLease,
    NothingPending,
    ProctorError,
    SessionBlocked,
    SessionClosed,
    SessionNotFound,
    SessionPaused,
    StaleFence,
    TreeOwned,
)
from proctor.registry import Registry
from proctor.sessions import idempotency
from proctor.sessions.draft import Draft
from proctor.sessions.family import Family
from proctor.sessions.records import TRIES, OnReady, Records
from proctor.sessions.timer import Timer
from proctor.sessions.turn import WOKEN, Came, Started, Submitted
from proctor.sessions.turns import LEASE_S, UNAVAILABLE, Turns
from proctor.steps import Steps

TURNS = 12
"""Turns of the event loop within which a verdict counts as there at once: asking a plugin takes some of its own."""

CLIENT = "client:"
"""The owner of a lease begins so if it is no runner of ours. Whether such a one lives, only its lease can tell."""

DueFor = Literal["start", "judge", "abandon", "wait"]


class Sessions:
    """Creates sessions, hands out their interactions, takes results, and tells what happened.

    An operation with a `key` that is repeated under that key gets the answer of the first call and changes nothing;
    with other content it raises IdempotencyConflict.
    """

    def __init__(
        self,
        store: Store,
        registry: Registry,
        *,
        clock: Callable[[], float],
        new_id: Callable[[], str],
        on_ready: OnReady = lambda _birth, _session_ids: None,
        lease_s: float = LEASE_S,
        steps: Steps | None = None,
    ) -> None:
        self._store = store
        self._registry = registry
        self._clock = clock
        self._new_id = new_id
        self._lease_s = lease_s
        self._records = Records(store, on_ready)
        self._turns = Turns(
            self._records, registry, steps or Steps(registry), clock=clock, new_id=new_id, lease_s=lease_s
        )
        self._family = Family(self._records, clock=clock, new_id=new_id)
        self._timer = Timer(self._records, self._commit, clock=clock)

    # -- reading ---------------------------------------------------------------------------------------------------

    async def get(self, scope: Scope, session_id: str) -> Session:
        """Give a session as its steps see it. Raises SessionNotFound."""
        head = await self.head(scope, session_id)
        return await self._records.snapshot(scope, head, await self._records.workflow(scope, head))

    async def head(self, scope: Scope, session_id: str) -> Head:
        """Give a session's present. Raises SessionNotFound."""
        return await self._records.head(scope, session_id)

    async def next(self, scope: Scope, session_id: str) -> Next:
        """Say what the rule says, whatever is pending. Raises SessionNotFound."""
        return await self.next_after(scope, await self.head(scope, session_id))

    async def next_after(self, scope: Scope, head: Head) -> Next:
        """Say what the rule says of a session whose present was read already."""
        return Orchestrator(await self._records.workflow(scope, head)).get_next_interaction(head)

    async def is_complete(self, scope: Scope, session_id: str) -> bool:
        """Tell whether the session's last main step has ended with `ok`. Raises SessionNotFound."""
        head = await self.head(scope, session_id)
        return Orchestrator(await self._records.workflow(scope, head)).is_complete(head)

    async def events(self, scope: Scope, root: str, *, after: int = 0) -> Sequence[Event]:
        """Read a tree's stream from behind event `after`."""
        return await self._store.events(scope, root, after=after)

    # -- creating and owning ---------------------------------------------------------------------------------------

    async def create(
        self, scope: Scope, draft: Draft, *, owner: Owner | None = None, key: str | None = None, wish: object = None
    ) -> Head:
        """Create a root session and pin its workflows. Raises Conflict if an active tree has its fingerprint.

        With a `key`, `wish` is what the caller asked for, in JSON; look with `created` first.
        """
        session_id = self._new_id() if key is None else idempotency.session_id(scope, key)
        now = self._clock()
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
        workflows = self._registry.pin(
            draft.workflow, draft.options, only=draft.plugins, defaults=draft.defaults, wishes=draft.wishes
        )
        tree = Tree(session_id, scope, tuple(workflows), draft.fingerprint, owner)
        head = Head(birth, state=draft.state, version=1)
        answer = idempotency.answer(session_id, idempotency.CREATE, key, wish)
        return await self._commit(Change(head, tree=tree, news=(news_of.created(head, now),), answer=answer))

    async def created(self, scope: Scope, key: str, wish: object) -> Head | None:
        """Give the session that was created under this key before. Raises IdempotencyConflict."""
        head = await self._store.head(scope, idempotency.session_id(scope, key))
        if head is not None:
            await self._records.said(head.id, idempotency.CREATE, key, wish)
        return head

    async def find(self, scope: Scope, fingerprint: str) -> Tree | None:
        """Find the tree that is about this and is not done with: see `Store.find_tree`."""
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

    async def count_time(self, scope: Scope, root: str, seconds: float) -> None:
        """Count so much time, up to now, in which a tree was driven; end what has no more of it."""
        await self._timer.count(scope, root, seconds)

    # -- the turns of a session ------------------------------------------------------------------------------------

    async def start(
        self, scope: Scope, session_id: str, *, owner: str | None = None, key: str | None = None
    ) -> Started:
        """Hand out the next interaction; while one is pending, show that one.

        What is due first is done first: a result that waits is judged, and so is a parent whose children have all
        ended; a lease that ran out is closed. Repeated under its key, the call shows what it handed out as long as
        that is pending, and raises StaleFence from then on. Raises SessionNotFound, SessionClosed, SessionPaused or
        SessionBlocked.
        """
        head = await self.head(scope, session_id)
        if (known := await self._records.said(session_id, idempotency.START, key, owner)) is not None:
            return _shown(head, int(str(known["fence"])))
        return await self._handed_out(scope, head, owner, key)

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

        Whoever still has the `head` that was handed out saves reading it. Raises SessionNotFound, StaleFence,
        NothingPending, ChildrenOpen, IdempotencyConflict, or SessionBlocked: then the result is stored and will be
        judged.
        """
        came = idempotency.came(result, key, executed_by)
        head = head or await self.head(scope, session_id)
        for _ in range(TRIES):
            if head.pending is None or head.fence != fence or head.pending.raw is not None:
                known = await self._records.said(session_id, idempotency.SUBMIT, key, result)
                if known is not None:
                    return Submitted(**known)  # type: ignore[arg-type] # written by idempotency.judged
                _check_fence(head, fence)
                idempotency.check_same(head, came)
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
                        started = await self._handed_out(scope, head, owner, None)
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

    # -- a session and all below it --------------------------------------------------------------------------------

    async def cancel(self, scope: Scope, session_id: str, *, key: str | None = None) -> None:
        """Cancel a session and everything below it. Raises SessionNotFound."""
        await self._family.cancel(scope, session_id, key)
        birth = (await self.head(scope, session_id)).birth
        if birth.parent is not None:
            await self._wake_clients(birth, (birth.parent,))

    async def pause(self, scope: Scope, session_id: str, *, key: str | None = None) -> Head:
        """Let nothing new start in a session and below it; what runs may finish. Raises SessionClosed."""
        return await self._family.flag(scope, session_id, paused=True, key=key)

    async def resume(self, scope: Scope, session_id: str, *, key: str | None = None) -> Head:
        """End a pause. Raises SessionClosed."""
        head = await self._family.flag(scope, session_id, paused=False, key=key)
        await self._wake_clients(head.birth, (head.id,))
        return await self.head(scope, session_id)

    async def retry(
        self, scope: Scope, session_id: str, child_ids: Collection[str] | None = None, *, key: str | None = None
    ) -> Head:
        """Make new attempts at children that failed or were cancelled, and open their parent again if it has ended.

        Of a child: make a new attempt at it, and give that. Raises SessionClosed if the session is complete, and
        NothingToRetry if nothing in it failed or its workflow has gone on.
        """
        return await self._family.retry(scope, session_id, child_ids, key)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _due(self, head: Head, owner: str | None) -> DueFor:
        """Say what is to be done by somebody who executes as `owner`."""
        pending = head.pending
        if pending is None:
            return "start"
        if head.parked == "children":
            return "wait" if head.open_children or head.paused else "judge"
        if pending.raw is not None:
            return "judge"
        if head.parked is not None:
            return "wait"
        expired = (head.lease_until or 0.0) < self._clock()
        ours = head.owner is None or not head.owner.startswith(CLIENT)
        return "abandon" if expired or (ours and head.owner != owner) else "wait"

    async def _handed_out(self, scope: Scope, head: Head, owner: str | None, key: str | None) -> Started:
        """Hand out the next interaction of a session that was just read: see `start`."""
        for _ in range(TRIES):
            _check_open(head)
            try:
                match self._due(head, head.owner):
                    case "judge":
                        await self._judge(scope, head, WOKEN, go_on=False, owner=owner)
                    case "abandon":
                        await self._abandon(head)
                    case "wait":
                        return Started(head, fresh=False)
                    case "start":
                        committed = await self._start(scope, head, owner, key)
                        if committed.pending is not None:
                            return Started(committed, fresh=committed.parked is None)
            except Conflict:
                pass
            head = await self.head(scope, head.id)
        raise Conflict(session_id=head.id)

    async def _start(self, scope: Scope, head: Head, owner: str | None, key: str | None) -> Head:
        """Hand out the next step. Raises Conflict, SessionClosed or SessionBlocked."""
        try:
            change = await self._turns.start(scope, head, owner)
        except SessionBlocked as error:
            with suppress(Conflict):  # somebody else has just said so, or it has gone on
                await self._block(head, str(error.facts["reason"]))
            raise
        if change.closed is None:
            answer = idempotency.answer(head.id, idempotency.START, key, owner, {"fence": change.head.fence})
            change = replace(change, answer=answer)
        return await self._commit(change)

    async def _judge(self, scope: Scope, head: Head, came: Came, *, go_on: bool, owner: str | None) -> Submitted:
        """Judge the result that `head` has, or else this one, and commit the verdict.

        A result that `head` does not have is stored first, unless its verdict is there at once. Raises Conflict or
        SessionBlocked.
        """
        judging = asyncio.ensure_future(self._turns.verdict(scope, head, came, go_on=go_on, owner=owner))
        try:
            for _ in range(TURNS):
                await asyncio.sleep(0)
                if judging.done():
                    break
            if _lacks_result(head) and (not judging.done() or judging.exception()):
                head = (await self._records.commit(Change(came.kept(head)))).head
            change = await judging
        except UNAVAILABLE as error:
            await self._block(head, str(error))
            raise SessionBlocked(session_id=head.id, reason=str(error)) from error
        finally:
            judging.cancel()
        if change.head.version == head.version:  # storing the result took the version that the verdict was to have
            change = replace(change, head=replace(change.head, version=head.version + 1))
        answer = idempotency.judged(head, came, change)
        committed = await self._commit(replace(change, answer=answer, executed=_executed(head, self._clock())))
        started = Started(committed, fresh=committed.parked is None) if committed.pending else None
        closed = change.closed
        assert closed is not None
        assert closed.result is not None
        return Submitted(closed.sequence, closed.result.status, change.head.status, started)

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
            await self._records.commit(Change(after, news=(news_of.changed(after, self._clock()),)))

    async def _commit(self, change: Change) -> Head:
        """Write a change; where only clients start steps, a parent whose last child it ended goes on at once."""
        committed = await self._records.commit(change)
        await self._wake_clients(change.head.birth, committed.ready)
        return committed.head

    async def _wake_clients(self, birth: Birth, session_ids: Sequence[str]) -> None:
        if birth.execution_mode == "manual":
            for session_id in session_ids:
                with suppress(ProctorError):  # what led to it is written, and `start` does what is left over
                    await self._wake(birth.scope, session_id)

    async def _wake(self, scope: Scope, session_id: str) -> None:
        """Judge a parent that waited for its children."""
        head = await self.head(scope, session_id)
        if head.status == "active" and head.parked == "children" and self._due(head, None) == "judge":
            await self._judge(scope, head, WOKEN, go_on=False, owner=None)


def _shown(head: Head, fence: int) -> Started:
    """Show again what was handed out under this fence. Raises StaleFence if it is not pending any more."""
    if head.pending is None or head.fence != fence:
        raise StaleFence(session_id=head.id, fence=fence, current=head.fence)
    return Started(head, fresh=head.parked is None)


def _lacks_result(head: Head) -> bool:
    return head.pending is not None and head.pending.raw is None


def _executed(head: Head, now: float) -> tuple[float, float] | None:
    """Tell from when to when a client executed the pending command. Of what runners do, whoever drives them counts."""
    if head.pending is None or head.owner is None or not head.owner.startswith(CLIENT):
        return None
    return head.pending.started_at, now


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
