"""Reads a tree's change stream: the past first, then what comes, and never anything twice.

Being woken carries no data. A reader goes back to the log and reads on from where it stands, so a slow one, or one
that was away, misses nothing.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Literal

from proctor.contracts.store import Store
from proctor.domain.event import Event
from proctor.domain.head import Head
from proctor.domain.scope import Scope
from proctor.domain.session import TERMINAL

PAGE = 200
LOOK_AGAIN_S = 10.0

Wanted = Literal["family", "children"]
"""All that is told of the session and those below it, or the changes of its children's state."""


class Feed:
    """The stream of a session's tree, seen by one caller."""

    def __init__(self, store: Store, scope: Scope, session: Head, wanted: Wanted = "family") -> None:
        self._store = store
        self._scope = scope
        self._session = session
        self._wanted = wanted
        self.root = session.birth.root

    async def last(self) -> int:
        """Give the number of the tree's last event."""
        tree = await self._store.tree(self._scope, self.root)
        return tree.events if tree else 0

    async def past(self, after: int, limit: int) -> Sequence[Event]:
        """Read so many of the wanted events behind `after`."""
        return (await self._read(after, limit))[0]

    async def follow(self, after: int) -> AsyncIterator[Event]:
        """Give the wanted events behind `after`, until the session and all below it have ended."""
        while True:
            over = await self._over(await self._store.head(self._scope, self._session.id))
            more = True
            while more:
                events, end = await self._read(after, PAGE)
                for event in events:
                    yield event
                more, after = len(events) >= PAGE, end
            if over:
                return
            await self._store.wait(self.root, after, LOOK_AGAIN_S)

    async def _read(self, after: int, limit: int) -> tuple[Sequence[Event], int]:
        """Read a page, with a gap in front of it if what should come first is no longer kept; and say where it ends.

        Between the wanted events are others. A page that is not full has all up to the last of the tree at least.
        """
        last = await self.last()  # asked before reading, so that what comes meanwhile is not passed over
        events = await self._events(after, limit)
        first = await self._store.events(self._scope, self.root, after=after, limit=1)  # after: some may go meanwhile
        if not first:
            return ([], after) if last <= after else ([self._gap(after, last, 0.0)], last)
        begin = first[0].sequence
        gap = [self._gap(after, begin - 1, first[0].at)] if begin > after + 1 else []
        events = [*gap, *(event for event in events if event.sequence >= begin)][:limit]
        end = events[-1].sequence if events else after
        return events, end if len(events) >= limit else max(last, end)

    async def _events(self, after: int, limit: int) -> Sequence[Event]:
        session = self._session.id
        below = session if self._wanted == "family" and session != self.root else None
        parent = session if self._wanted == "children" else None
        return await self._store.events(
            self._scope, self.root, after=after, limit=limit, below=below, children_of=parent
        )

    def _gap(self, after: int, last: int, at: float) -> Event:
        return Event(self.root, last, self._session.id, "gap", at, {"from": after + 1, "to": last})

    async def _over(self, head: Head | None) -> bool:
        """Tell whether a session and all below it have ended; what is below is read only when the session has."""
        if head is None or head.status not in TERMINAL:
            return head is None
        for child in await self._store.children(self._scope, head.id):
            if not await self._over(child):
                return False
        return True
