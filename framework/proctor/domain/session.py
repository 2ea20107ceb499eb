"""A session as a step sees it, and the limits it lives under."""

from dataclasses import dataclass
from typing import Literal

from proctor.domain.json import JsonObject
from proctor.domain.orchestrator import Completed

SessionStatus = Literal["active", "complete", "failed", "cancelled"]
ExecutionMode = Literal["manual", "auto"]
"""manual: only clients start steps. auto: a runner does."""

TERMINAL: frozenset[SessionStatus] = frozenset(("complete", "failed", "cancelled"))


@dataclass(frozen=True, slots=True)
class Limits:
    """What a session may spend before it is ended, and with it the whole tree that it is part of."""

    repeats: int = 5
    """SELF decisions in a row."""
    same_failure: int = 3
    """SELF decisions in a row with the same step, status and message."""
    fixes: int = 3
    """Rounds of the fix loop."""
    attempts: int = 2
    """Child sessions per component."""
    abandoned: int = 3
    """Interactions of one step lost in a row, because whoever executed them died."""
    interactions: int = 60
    """Interactions in all."""
    seconds: float | None = None
    """Of the whole tree: time in which somebody drove it or executed something for it; None: without a limit."""
    tokens: int | None = None
    """Of the whole tree: tokens that agents read and wrote; None: without a limit."""
    money: float | None = None
    """Of the whole tree: what agents cost, in US dollars; None: without a limit."""
    sessions: int = 2000
    """Of the whole tree: sessions, the root counted."""


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left of the limits that a step may want to look at."""

    fixes: int
    """Rounds of the fix loop."""
    interactions: int


@dataclass(frozen=True, slots=True)
class AgentChoice:
    """The agent of a session."""

    name: str = "builtin"
    """`builtin`, or the NAME of `[agents.NAME]`."""
    deterministic: bool = False
    """Asking it twice the same thing is pointless."""


@dataclass(frozen=True, slots=True)
class ChildSummary:
    """What a parent may see of a child session."""

    id: str
    key: str
    """What it stands for among its siblings; the attempts at one thing have one key."""
    subject: JsonObject
    priority: int
    attempt: int
    status: SessionStatus
    outcome: str | None
    """One word on how it ended."""
    product: JsonObject | None
    """What it hands on, at most 64 KiB as JSON."""
    last_error: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """A snapshot of a session: everything that a step may decide on."""

    id: str
    root: str
    """The id of the session at the top of its tree; its own if it is that."""
    workflow: str
    status: SessionStatus
    created_at: float
    """Seconds since the epoch."""
    execution_mode: ExecutionMode
    agent: AgentChoice
    subject: JsonObject
    """What it is about: a context or a component, as its `to_json` gives it."""
    parent: str | None
    """The id of the session that created it; None for a root."""
    attempt: int
    """1, and one more for each session that it replaces."""
    state: JsonObject
    """What its steps remember: all that was given in `Outcome.state` and, of a child, in `ChildSpec.state`."""
    limits: Limits
    """As they hold now: once a budget of the tree is used up, no fix and no further attempt is left."""
    remaining: Remaining
    last_completed: Completed | None
    """None before the first interaction was judged."""
    children: tuple[ChildSummary, ...] = ()
    """All attempts, by key and attempt."""


def merged(state: JsonObject, changes: JsonObject) -> JsonObject:
    """Merge `changes` into `state` by top-level key; a None deletes the key."""
    if not changes:
        return state
    return {key: value for key, value in {**state, **changes}.items() if value is not None}
