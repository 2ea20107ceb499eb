"""The contract of what a store forgets: what has been over for so long that nobody keeps it any more.

Each call that changes something is one short transaction and does a little. Whoever wants more calls again, and leaves
the writers their time in between.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Terms:
    """Up to which moment what is forgotten, in seconds since the epoch; None: that is kept for ever."""

    events: float | None = None
    """The events of trees that ended before."""
    sessions: float | None = None
    """Trees that ended before, with all that belongs to them."""
    audit: float | None = None
    """What was done before."""
    blobs: float | None = None
    """Blobs that no session names and that were last put before. To be a day ago or more: until then `put` may count
    on a blob that is there."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """How much was, or would be, forgotten."""

    trees: int = 0
    sessions: int = 0
    interactions: int = 0
    events: int = 0
    deeds: int = 0
    """Entries of the audit."""
    blobs: int = 0
    bytes: int = 0
    """Of their content."""

    def __add__(self, other: "Pruned") -> "Pruned":
        return Pruned(*(mine + its for mine, its in zip(astuple(self), astuple(other), strict=True)))

    def __bool__(self) -> bool:
        return any(astuple(self))


class RetentionStore(Protocol):
    """Forgets what is over.

    A tree is over when its root and all below it have ended, and it ended when its root did. Nothing of any other tree
    is touched. A tree is whole, or `Tree.forgotten` says up to where its events are gone, or it is not there at all.
    """

    async def claim(self, chore: str, now: float, every_s: float) -> bool:
        """Take a chore that nobody, in any process, has taken for so many seconds; False if somebody has."""

    async def prunable(self, terms: Terms) -> Pruned:
        """Count what could be forgotten."""

    async def prune(self, terms: Terms) -> Pruned:
        """Forget a little of it, in one transaction of some milliseconds. Nothing: no more is left.

        A tree goes out of everybody's sight at once, and then piece by piece. Blobs are dropped by `drop`.
        """

    async def orphans(self, terms: Terms) -> Sequence[str]:
        """Find the blobs that no session names but those that could be forgotten."""

    async def drop(self, blob_ids: Sequence[str], terms: Terms) -> tuple[Pruned, Sequence[str]]:
        """Forget the first of these blobs, unless they were put again meanwhile, and say which are left to be tried."""

    async def shrink(self) -> int:
        """Give a little of the space that is free back to the disk, and say how many bytes; 0: no more is left."""
