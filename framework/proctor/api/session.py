"""Sessions: the runs of workflows."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from proctor.api.blob import File, carried_in
from proctor.api.budget import Limits, Remaining, Spent, limits, spent
from proctor.api.enums import ExecutionMode, SessionStatus, WaitsFor
from proctor.api.event import SessionEvent, session_event
from proctor.api.feed import Feed
from proctor.api.ids import child_cursor, child_place, number_cursor, number_place, session_gid
from proctor.api.interaction import Interaction, Usage, files, pending, usage
from proctor.api.next_interaction import NextInteractionResult, next_interaction
from proctor.api.node import Info, Node, moment
from proctor.api.pages import USUAL, After, Connection, First, checked, page, placed
from proctor.api.progress import Progress, counted
from proctor.api.shown import without_folders
from proctor.api.workflow import WorkflowStep, workflow
from proctor.domain.head import Head, snapshot

Last = Annotated[int | None, strawberry.argument(description="Give so many entries from the end instead, up to 100.")]
Before = Annotated[str | None, strawberry.argument(description="Leave out the entry with this cursor and all behind.")]


@strawberry.type
class AgentChoice:
    """The agent that writes and repairs tests in a session."""

    name: str
    """Its name."""
    is_deterministic: bool
    """It answers the same question in the same way each time, so that asking again is pointless."""


@strawberry.type
class LastCompleted:
    """The interaction from which a session's next step follows."""

    sequence: int
    """Its number."""
    step: str
    """Its step."""
    status: str
    """The status with which it was judged."""


@strawberry.type
class Session(Node):
    """One run of a workflow."""

    head: strawberry.Private[Head]
    name: str | None
    """What it is about, for people: the `name` of its subject, a package's or a module's say."""
    workflow: str
    """The name of the workflow: the session's type."""
    status: SessionStatus
    """Where it stands."""
    is_paused: bool
    """Nothing new starts in it until it is resumed."""
    blocked: str | None
    """Which plugin is missing, if it cannot go on without one. It goes on when that is there."""
    waits_for: WaitsFor | None
    """What its pending interaction waits for, if that is parked."""
    execution_mode: ExecutionMode
    """Who starts its steps."""
    agent: AgentChoice
    """The agent that writes and repairs tests in it."""
    subject: JSON
    """What it is about: a context or a component, as its workflow describes one."""
    key: str
    """What its parent calls it, the same for each attempt; empty for a session without a parent."""
    attempt: int
    """Which attempt of its parent's at this key it is: 1, 2, 3…"""
    priority: int
    """Of sessions that could go on at the same time, those with a higher one do first."""
    created_at: datetime
    """When it was created."""
    state: JSON
    """What its steps remember. Ids in here are the server's own, not those of this schema."""
    outcome: str | None
    """One word on what came of it: `proven`, `partial`, `none`."""
    product: JSON | None
    """What it made, as its parent may see it."""
    last_error: str | None
    """What went wrong last; why it failed, if it did."""
    last_completed: LastCompleted | None
    """The interaction from which its next step follows."""
    open_children: int
    """How many children are still active, counted while it waits for them."""
    limits: Limits
    """What it may spend before it is ended."""
    remaining: Remaining
    """What is left of its limits."""

    @strawberry.field
    async def ended_at(self, info: Info) -> datetime | None:
        """Give the end of its last interaction, if it has ended; null while it is active, or if it never began."""
        if self.status is SessionStatus.ACTIVE:
            return None
        turns = await self._turns(info, self.head.sequence - 1, self.head.sequence) if self.head.sequence else []
        return turns[0].closed_at if turns else None

    @strawberry.field
    async def next_interaction(self, info: Info) -> NextInteractionResult:
        """Say what comes next in it, and why, as the query of that name does."""
        return await next_interaction(info.context, self.head)

    @strawberry.field
    def pending_interaction(self) -> Interaction | None:
        """Give the interaction that was handed out and not judged yet."""
        return pending(self.head)

    @strawberry.field
    async def parent(self, info: Info) -> "Session | None":
        """Give the session that created it; null for one that a user created."""
        return await _session(info, self.head.birth.parent) if self.head.birth.parent else None

    @strawberry.field
    async def root(self, info: Info) -> "Session":
        """Give the session at the top of its tree; itself, if a user created it."""
        return await _session(info, self.head.birth.root)

    @strawberry.field
    async def children(self, info: Info, first: First = USUAL, after: After = None) -> "Connection[Session]":
        """Give the sessions that it created, every attempt, by key and attempt."""
        limit, place = checked(first), placed(after, child_place)
        caller = info.context
        heads = await caller.app.store.children(caller.scope, self.head.id, after=place, limit=limit + 1)
        return page(
            [Session.of(head) for head in heads[:limit]],
            lambda child: child_cursor(child.key, child.attempt),
            has_next=len(heads) > limit,
            has_previous=place is not None,
        )

    @strawberry.field
    async def carried(self, info: Info) -> list[File]:
        """Give files that git does not have: they lie under every workspace of its whole tree, and never land."""
        return files(await carried_in(info.context, self.head))

    @strawberry.field
    async def progress(self, info: Info) -> Progress:
        """Count its children by how they stand. Children of theirs are not counted."""
        caller = info.context
        return counted(await caller.app.store.children(caller.scope, self.head.id))

    @strawberry.field
    async def interactions(
        self, info: Info, first: First = USUAL, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Interaction]:
        """Give its turns by number, the pending one as the newest. With `last`, the newest ones."""
        head = self.head
        start = placed(after, lambda cursor: number_place("interaction", head.id, cursor)) or 0
        end = placed(before, lambda cursor: number_place("interaction", head.id, cursor), "before")
        newest = head.sequence + (head.pending is not None)
        stop = newest if end is None else min(newest, end - 1)
        if last is None:
            stop = min(stop, start + checked(first))
        else:
            start = max(start, stop - checked(last, "last"))
        return page(
            await self._turns(info, start, stop),
            lambda turn: number_cursor("interaction", head.id, turn.sequence),
            has_next=stop < newest,
            has_previous=start > 0,
        )

    async def _turns(self, info: Info, start: int, stop: int) -> list[Interaction]:
        """Read the turns from behind `start` up to `stop`. Their numbers have no gaps."""
        caller, head = info.context, self.head
        closed = min(stop, head.sequence) - start
        entries = (
            await caller.app.store.interactions(caller.scope, head.id, after=start, limit=closed) if closed > 0 else []
        )
        turns = [Interaction.of(head.id, entry) for entry in entries]
        newest = pending(head) if start <= head.sequence < stop else None
        return [*turns, newest] if newest else turns

    @strawberry.field
    async def events(self, info: Info, first: First = USUAL, after: After = None) -> Connection[SessionEvent]:
        """Give what was told of it and of all sessions below it, in order."""
        caller, limit = info.context, checked(first)
        feed = Feed(caller.app.store, caller.scope, self.head)
        start = placed(after, lambda cursor: number_place("event", feed.root, cursor)) or 0
        found = await feed.past(start, limit + 1)
        return page(
            [session_event(event) for event in found[:limit]],
            lambda event: event.cursor,
            has_next=len(found) > limit,
            has_previous=start > 0,
        )

    @strawberry.field
    async def steps(self, info: Info) -> list[WorkflowStep]:
        """Give the steps of its workflow as they were when its tree was created. Plugins changed since do not count."""
        caller, birth = info.context, self.head.birth
        tree = await caller.app.store.tree(caller.scope, birth.root)
        pinned = {each.name: each for each in tree.workflows} if tree else {}
        return workflow(pinned[birth.workflow]).steps

    @strawberry.field
    async def spent(self, info: Info) -> Spent:
        """Give what its whole tree has spent of its limits."""
        birth = self.head.birth
        return spent(await info.context.app.store.spent(birth.root), birth.limits)

    @strawberry.field
    async def usage(self, info: Info) -> Usage:
        """Give what agents consumed in its whole tree so far."""
        tree = await info.context.app.store.tree(info.context.scope, self.head.birth.root)
        assert tree is not None
        return usage(tree.spent)

    @classmethod
    def of(cls, head: Head) -> "Session":
        """Show a session's present."""
        birth, last, remaining = head.birth, head.last_completed, snapshot(head).remaining
        return cls(
            id=session_gid(head.id),
            head=head,
            name=name if isinstance(name := birth.subject.get("name"), str) else None,
            workflow=birth.workflow,
            status=SessionStatus(head.status),
            is_paused=head.paused,
            blocked=without_folders(head.blocked) if head.blocked else None,
            waits_for=WaitsFor(head.parked) if head.parked else None,
            execution_mode=ExecutionMode(birth.execution_mode),
            agent=AgentChoice(name=birth.agent.name, is_deterministic=birth.agent.deterministic),
            subject=JSON(birth.subject),
            key=birth.key,
            attempt=birth.attempt,
            priority=birth.priority,
            created_at=moment(birth.created_at),
            state=JSON(head.state),
            outcome=head.outcome,
            product=JSON(head.product) if head.product is not None else None,
            last_error=head.last_error,
            last_completed=LastCompleted(sequence=last.sequence, step=last.step, status=last.status) if last else None,
            open_children=head.open_children,
            limits=limits(birth.limits),
            remaining=Remaining(fixes=remaining.fixes, interactions=remaining.interactions),
        )


async def _session(info: Info, session_id: str) -> Session:
    return Session.of(await info.context.app.sessions.head(info.context.scope, session_id))
