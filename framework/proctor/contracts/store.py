"""The contract of a store: heads, logs, trees, events and blobs, and the one way to change them.

Everything that happens to a session is one `Change`: the head as it will be, on the condition that the stored one
still has the expected version, together with all that belongs to it. It is written whole or not at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from proctor.contracts.access import AccessStore
from proctor.contracts.retention import RetentionStore
from proctor.domain.budget import Spent
from proctor.domain.event import Event, News
from proctor.domain.head import Head
from proctor.domain.interaction import Interaction, Usage
from proctor.domain.json import JsonObject
from proctor.domain.scope import Scope
from proctor.domain.session import Limits, SessionStatus
from proctor.domain.workflow import PinnedWorkflow


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that drives a tree, or uses a folder."""

    host: str
    """The machine's name, for people."""
    boot: str
    """Which start of the machine it runs since."""
    pid: int
    started: float
    """When the process began, as the machine counts it: a pid may be used again."""
    machine: str = ""
    """Stays the same when the machine is started again or gets another name; "" is nobody's."""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


@dataclass(frozen=True, slots=True)
class Tree:
    """What a whole session tree shares. One row per root."""

    root: str
    """The id of the root session."""
    scope: Scope
    workflows: tuple[PinnedWorkflow, ...]
    """All workflows that sessions of this tree may have, as they were when it was created."""
    fingerprint: str | None = None
    """What the run is about; unique among trees whose root is active."""
    owner: Owner | None = None
    """Who drives it; None if nobody does."""
    events: int = 0
    """Number of the last event."""
    forgotten: int = 0
    """Number of the last event that is no longer kept; 0: all are."""
    sessions: int = 0
    """How many there are, the root counted."""
    spent: Usage = Usage()
    """By all sessions together."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered to a call with an idempotency key, so that a repeated call gets the same."""

    session_id: str
    operation: str
    """What was called: submit, cancel, …"""
    key: str
    """The caller's, unique for its session and operation."""
    digest: str
    """Of the call's content: the same key with other content is a conflict."""
    answer: JsonObject


@dataclass(frozen=True, slots=True)
class Change:
    """One atomic, conditional change of a session."""

    head: Head
    """As it will be; its version is one more than the version that is expected to be stored (0: not stored yet)."""
    closed: Interaction | None = None
    """Appended to the log."""
    children: tuple[Head, ...] = ()
    """Inserted where (parent, key, attempt) is missing."""
    news: tuple[News, ...] = ()
    """Numbered and appended to the tree's stream, in this order."""
    answer: Answer | None = None
    tree: Tree | None = None
    """The tree's row, when the head is a new root."""
    spent: Usage | None = None
    """Added to what the tree has spent."""
    executed: tuple[float, float] | None = None
    """From when to when a client executed what is closed: counted as time of the tree, see `count_time`."""
    within: Limits | None = None
    """What it begins is held to these: if a budget of the tree is used up by them, or `children` are too many, it is
    a Conflict."""
    reopens: bool = False
    """The head had ended and is active again. Its parent's count of open children is not touched. If it is a root, what
    its tree has spent counts anew from now on."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What a change led to."""

    head: Head
    """As stored: `open_children` is counted in the transaction that parks."""
    ready: tuple[str, ...] = ()
    """Other sessions that can go on now: new children, and a parent whose last child ended."""


class Store(AccessStore, RetentionStore, Protocol):
    """Keeps sessions. Every read is scoped: what lies outside the scope does not exist."""

    async def head(self, scope: Scope, session_id: str) -> Head | None:
        """Read one head."""

    async def children(
        self, scope: Scope, session_id: str, *, after: tuple[str, int] | None = None, limit: int | None = None
    ) -> Sequence[Head]:
        """Read the heads of a session's children, all attempts, by key and attempt, from behind such a place."""

    async def roots(
        self,
        scope: Scope,
        *,
        limit: int = 20,
        status: SessionStatus | None = None,
        workflow: str | None = None,
        before: tuple[float, str] | None = None,
    ) -> Sequence[Head]:
        """Read the newest root sessions, newest first, those of one moment by id.

        With `before`, a session's creation and id, only those that come after it in this list.
        """

    async def descendants(self, scope: Scope, root: str) -> Sequence[Head]:
        """Read every head of a tree, the root first, then by depth and creation."""

    async def interactions(
        self, scope: Scope, session_id: str, *, after: int = 0, limit: int = 100
    ) -> Sequence[Interaction]:
        """Read closed interactions by number."""

    async def events(
        self,
        scope: Scope,
        root: str,
        *,
        after: int = 0,
        limit: int = 1000,
        below: str | None = None,
        children_of: str | None = None,
    ) -> Sequence[Event]:
        """Read a tree's stream by number; what is forgotten is left out.

        With `below`, only what is told of that session and of all below it. With `children_of`, only what is told of
        that session's children, without activity and output.
        """

    async def tree(self, scope: Scope, root: str) -> Tree | None:
        """Read what a tree shares."""

    async def spent(self, root: str) -> Spent:
        """Read what a tree has spent since its root was created, or opened again. Raises SessionNotFound."""

    async def count_time(self, root: str, since: float, until: float) -> None:
        """Add a stretch of time to what a tree has spent; what lies before the end of an earlier one counts once."""

    async def find_tree(self, scope: Scope, fingerprint: str) -> Tree | None:
        """Find the tree that is about this and is not done with.

        That is: its root is active; or it is the newest, its root is complete or failed, and it still has an owner, who
        was to say so.
        """

    async def open_trees(self) -> Sequence[Tree]:
        """Read the trees whose root is active, in every scope: for whoever drives them, not for callers."""

    async def answer(self, session_id: str, operation: str, key: str) -> Answer | None:
        """Read what was answered to a call before."""

    async def due(self, root: str, now: float, *, limit: int = 1000) -> Sequence[str]:
        """Name the sessions of a tree that can go on, by priority (highest first), then creation.

        That is: active, not paused and not blocked, and either nothing is pending, or a raw result waits to be
        judged, or a lease has run out, or it is parked for children of which none is open.
        """

    async def commit(self, change: Change) -> Committed:
        """Write a change, durably: when this returns, it survives a crash.

        Raises Conflict, and has written nothing, if the stored version is another.

        A child that becomes terminal lowers its parent's `open_children` and raises its version in the same
        transaction. When a head is parked for children, `open_children` is counted from those that are not terminal.
        """

    async def tell(self, root: str, news: Sequence[News]) -> None:
        """Append events that change no session: activity and output. Raises SessionNotFound."""

    async def own(self, root: str, owner: Owner | None, expected: Owner | None) -> bool:
        """Take or give back a tree, if its owner is still the expected one; False if it is not, or there is no tree."""

    async def put(self, data: bytes) -> str:
        """Store a blob and give its id, the sha256 in hex digits. One that was there counts as put again."""

    async def get(self, blob_id: str) -> bytes:
        """Read a blob. Raises BlobMissing."""

    async def wait(self, root: str, after: int, seconds: float) -> None:
        """Wait until the tree's stream has gone past `after`, or for so many seconds."""

    async def close(self) -> None:
        """Finish what is under way and let go of the database."""
