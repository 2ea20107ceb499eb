"""A session's head: its present, kept in one row, from which everything is decided.

The functions here are the transitions of a head. Each takes the head as it is and gives the head as it will be;
the session service commits the new one only if the stored one is still the old one.

    start      a command is handed out: a pending interaction, a new fence, a lease (or parked)
    receive    its raw result came, and is kept until it is judged
    judge      its step's verdict is in: the interaction is completed and the rule says what follows
    abandon    whoever executed it is gone: the interaction is closed, its step will be handed out again
    cancel     the user wants no more of it
    run_out    a budget of its tree is used up
    reopen     the user wants it tried again
"""

import hashlib
from dataclasses import dataclass, field, replace

from proctor.domain.budget import NOTHING, Spent, narrowed
from proctor.domain.interaction import Command, Interaction, Outcome, Result, changed_by_verdict, with_usage
from proctor.domain.json import JsonObject
from proctor.domain.orchestrator import (
    Completed,
    InvalidInteraction,
    InvalidState,
    Next,
    NextStep,
    Orchestrator,
    SessionComplete,
)
from proctor.domain.scope import Scope
from proctor.domain.session import (
    AgentChoice,
    ChildSummary,
    ExecutionMode,
    Limits,
    Remaining,
    Session,
    SessionStatus,
    merged,
)

Parked = str
"""`children` or `external`: what a parked interaction waits for."""


@dataclass(frozen=True, slots=True)
class Pending:
    """The interaction that is handed out and not yet completed."""

    sequence: int
    command: Command
    started_at: float
    raw: Result | None = None
    """The result as it was submitted, once it came."""
    executed_by: str | None = None
    key: str | None = None
    """The idempotency key that it came with, and the digest of its content."""
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Birth:
    """What is fixed when a session is created."""

    id: str
    root: str
    workflow: str
    scope: Scope
    created_at: float
    subject: JsonObject
    agent: AgentChoice = AgentChoice()
    limits: Limits = Limits()
    execution_mode: ExecutionMode = "auto"
    parent: str | None = None
    key: str = ""
    attempt: int = 1
    depth: int = 0
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Head:
    """A session's present."""

    birth: Birth
    status: SessionStatus = "active"
    paused: bool = False
    blocked: str | None = None
    state: JsonObject = field(default_factory=dict)
    outcome: str | None = None
    product: JsonObject | None = None
    last_error: str | None = None
    sequence: int = 0
    """Number of the last closed interaction, abandoned ones included."""
    last_completed: Completed | None = None
    pending: Pending | None = None
    parked: Parked | None = None
    open_children: int = 0
    fence: int = 0
    lease_until: float | None = None
    owner: str | None = None
    """Who holds the lease."""
    repeats: int = 0
    same_failure: int = 0
    failure: str | None = None
    """Digest of the last repeated failure."""
    abandoned: int = 0
    counted_from: int = 0
    """Number of the last interaction that does not count any more, because the session was opened again after it."""
    version: int = 0
    """Grows with every change; 0 is a session that is not stored yet."""

    @property
    def id(self) -> str:
        """The session's id."""
        return self.birth.id


@dataclass(frozen=True, slots=True)
class Judged:
    """What a verdict leads to: the new head, the closed interaction and the rule's answer."""

    head: Head
    interaction: Interaction
    next: Next


def snapshot(head: Head, children: tuple[ChildSummary, ...] = (), spent: Spent = NOTHING) -> Session:
    """Give the session as its steps see it when its tree has spent so much."""
    birth = head.birth
    limits, fixes = narrowed(birth.limits, spent), head.state.get("fixes")
    return Session(
        id=birth.id,
        root=birth.root,
        workflow=birth.workflow,
        status=head.status,
        created_at=birth.created_at,
        execution_mode=birth.execution_mode,
        agent=birth.agent,
        subject=birth.subject,
        parent=birth.parent,
        attempt=birth.attempt,
        state=head.state,
        limits=limits,
        remaining=Remaining(
            fixes=max(0, limits.fixes - (fixes if isinstance(fixes, int) else 0)),
            interactions=max(0, limits.interactions - (head.sequence - head.counted_from)),
        ),
        last_completed=head.last_completed,
        children=children,
    )


def summary(head: Head) -> ChildSummary:
    """Give what a parent may see of this session."""
    birth = head.birth
    return ChildSummary(
        id=birth.id,
        key=birth.key,
        subject=birth.subject,
        priority=birth.priority,
        attempt=birth.attempt,
        status=head.status,
        outcome=head.outcome,
        product=head.product,
        last_error=head.last_error,
    )


def start(
    head: Head,
    command: Command,
    *,
    owner: str | None,
    lease_until: float | None,
    parked: Parked | None,
    version: int | None = None,
) -> Head:
    """Hand out `command`; its `step` and `at` are filled in. The version is the next one, unless it is given."""
    return replace(
        head,
        pending=Pending(head.sequence + 1, command, command.at),
        fence=head.fence + 1,
        owner=None if parked else owner,
        lease_until=None if parked else lease_until,
        parked=parked,
        blocked=None,
        version=head.version + 1 if version is None else version,
    )


def receive(
    head: Head, result: Result, *, executed_by: str | None, key: str | None = None, digest: str | None = None
) -> Head:
    """Keep the raw result of the pending interaction, with its idempotency key if it has one."""
    assert head.pending is not None
    pending = replace(head.pending, raw=result, executed_by=executed_by, key=key, digest=digest)
    return replace(head, pending=pending, version=head.version + 1)


def judge(
    head: Head,
    orchestrator: Orchestrator,
    outcome: Outcome,
    now: float,
    *,
    submitted: Result | None = None,
    executed_by: str | None = None,
) -> Judged:
    """Complete the pending interaction with its step's verdict and apply rule and budget.

    `submitted` and `executed_by` tell of a result that was not kept before. A head that was parked for its children
    is woken by this: its fence is raised.
    """
    assert head.pending is not None
    pending = head.pending
    by, raw = pending.executed_by or executed_by, pending.raw or submitted
    result = with_usage(outcome.result, raw)
    came = None if raw is None else changed_by_verdict(raw, result)
    interaction = Interaction(pending.sequence, pending.command, result, "completed", now, by, came)
    last = Completed(pending.sequence, pending.command.step, result.status)
    closed = replace(
        head,
        sequence=pending.sequence,
        pending=None,
        parked=None,
        blocked=None,
        owner=None,
        lease_until=None,
        fence=head.fence + (head.parked == "children"),
        version=head.version + 1,
        last_completed=last,
        abandoned=0,
        state=merged(head.state, outcome.state),
        product=outcome.product if outcome.product is not None else head.product,
        outcome=outcome.outcome or head.outcome,
        last_error=result.error_message if result.status != "ok" else head.last_error,
    )
    following = orchestrator.get_next_interaction(closed)
    if outcome.session_status == "failed":
        return Judged(_failed(closed, result.error_message or f"{last.step} gave up"), interaction, following)
    return Judged(_decided(closed, result, following), interaction, following)


def abandon(head: Head, now: float) -> tuple[Head, Interaction]:
    """Close the pending interaction without a result; too many in a row of one step fail the session."""
    assert head.pending is not None
    interaction = Interaction(head.pending.sequence, head.pending.command, None, "abandoned", now)
    closed = replace(_without_pending(head), fence=head.fence + 1, abandoned=head.abandoned + 1)
    if closed.abandoned >= head.birth.limits.abandoned:
        step = head.pending.command.step
        closed = _failed(closed, f"{step} was abandoned {closed.abandoned} times in a row")
    return closed, interaction


def cancel(head: Head, now: float) -> tuple[Head, Interaction | None]:
    """End the session on the user's wish, and close what is pending."""
    closed, interaction = _broken_off(head, now)
    return replace(closed, status="cancelled"), interaction


def run_out(head: Head, reason: str, now: float) -> tuple[Head, Interaction | None]:
    """End the session because a budget of its tree is used up, and close what is pending."""
    closed, interaction = _broken_off(head, now)
    return _failed(closed, reason), interaction


def reopen(head: Head) -> Head:
    """Let a session that failed or was cancelled go on where it stood, with its budgets counted anew."""
    return replace(
        head,
        status="active",
        paused=False,
        outcome=None,
        last_error=None,
        repeats=0,
        same_failure=0,
        failure=None,
        abandoned=0,
        counted_from=head.sequence,
        version=head.version + 1,
    )


def _broken_off(head: Head, now: float) -> tuple[Head, Interaction | None]:
    pending = head.pending
    interaction = Interaction(pending.sequence, pending.command, None, "abandoned", now) if pending else None
    closed = _without_pending(head) if pending else replace(head, version=head.version + 1)
    return replace(closed, fence=head.fence + 1), interaction


def _without_pending(head: Head) -> Head:
    assert head.pending is not None
    return replace(
        head,
        sequence=head.pending.sequence,
        pending=None,
        parked=None,
        owner=None,
        lease_until=None,
        version=head.version + 1,
    )


def _failed(head: Head, reason: str) -> Head:
    return replace(head, status="failed", last_error=reason)


def _decided(head: Head, result: Result, following: Next) -> Head:
    match following:
        case SessionComplete():
            return replace(head, status="complete", last_error=None)
        case InvalidInteraction(step):
            return _failed(head, f"invalid interaction: this workflow has no step {step}")
        case InvalidState(step, status):
            return _failed(head, f"invalid state: {step} does not know the status {status}")
        case NextStep(step):
            counted = _counted(head, result, step)
            exhausted = _exhausted(counted, result)
            return _failed(counted, exhausted) if exhausted else counted


def _counted(head: Head, result: Result, step: str) -> Head:
    assert head.last_completed is not None
    last = head.last_completed
    if step != last.step and not head.repeats:
        return head
    if step != last.step:
        return replace(head, repeats=0, same_failure=0, failure=None)
    text = f"{last.step}\0{last.status}\0{result.error_message}"
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]
    same = head.same_failure + 1 if digest == head.failure else 1
    return replace(head, repeats=head.repeats + 1, same_failure=same, failure=digest)


def _exhausted(head: Head, result: Result) -> str | None:
    limits, last = head.birth.limits, head.last_completed
    assert last is not None
    why = f" Last message: {result.error_message}" if result.error_message else ""
    if head.same_failure >= limits.same_failure:
        often = "once" if head.same_failure == 1 else f"{head.same_failure} times in the same way"
        return f"{last.step} failed {often} ({last.status}).{why}"
    if head.repeats > limits.repeats:
        return f"{last.step} was repeated {limits.repeats} times without success.{why}"
    if head.sequence - head.counted_from >= limits.interactions:
        return f"the limit of {limits.interactions} interactions is reached.{why}"
    return None
