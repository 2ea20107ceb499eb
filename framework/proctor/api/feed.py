"""Reads a tree's change stream: the past first, then what comes, and never anything twice.

Being woken carries no data. A reader goes back to the log and reads on from where it stands, so a slow one, or one
that was away, misses nothing.
"""

from collections.abc import AsyncIterator, Callable

from proctor.contracts.store import Store
from proctor.domain.event import Event
from proctor.domain.head import Head
from proctor.domain.scope import Scope
from proctor.domain.session import TERMINAL

PAGE = 200
LOOK_AGAIN_S = 10.0

Wanted = Callable[[Event], bool]


class Feed:
    """The stream of a session's tree, seen by one caller."""

    def __init__(self, store: Store, scope: Scope, session: Head) -> None:
        self._store = store
        self._scope = scope
        self._session = session
        self.root = session.birth.root

    async def last(self) -> int:
        """Give the number of the tree's last event."""
        tree = await self._store.tree(self._scope, self.root)
        return tree.events if tree else 0

    async def children(self) -> Wanted:
        """Choose what changes the state of the session's children."""
        children = {child.id for child in await self._store.children(self._scope, self._session.id)}

        def wanted(event: Event) -> bool:
            if event.kind == "session_created" and event.data.get("parent") == self._session.id:
                children.add(event.session_id)
            return event.kind == "gap" or (event.session_id in children and event.kind not in ("activity", "output"))

        return wanted

    async def all_below(self) -> Wanted:
        """Choose everything about the session and those below it."""
        if self._session.id == self.root:
            return lambda _: True
        family = {head.id for head in await self._family()}

        def wanted(event: Event) -> bool:
            if event.kind == "session_created" and event.data.get("parent") in family:
                family.add(event.session_id)
            return event.kind == "gap" or event.session_id in family

        return wanted

    async def past(self, wanted: Wanted, after: int, limit: int) -> list[Event]:
        """Read so many of the wanted events behind `after`."""
        found: list[Event] = []
        while len(found) < limit:
            events = await self._read(after)
            found += filter(wanted, events)
            if len(events) < PAGE:
                break
            after = events[-1].sequence
        return found[:limit]

    async def follow(self, wanted: Wanted, after: int) -> AsyncIterator[Event]:
        """Give the wanted events behind `after`, until the session and all below it have ended."""
        while True:
            over = await self._over()
            more = True
            while more:
                events = await self._read(after)
                for event in events:
                    if wanted(event):
                        yield event
                    after = event.sequence
                more = len(events) >= PAGE
            if over:
                return
            await self._store.wait(self.root, after, LOOK_AGAIN_S)

    async def _read(self, after: int) -> list[Event]:
        """Read a page, with a gap in front of it if what should come first is no longer kept."""
        if not (events := await self._events(after)):
            last = await self.last()  # asked before reading again, so that what comes meanwhile is no gap
            events = await self._events(after)
            return events if events or last <= after else [self._gap(after, last, 0.0)]
        first = events[0]
        return [self._gap(after, first.sequence - 1, first.at), *events] if first.sequence > after + 1 else events

    async def _events(self, after: int) -> list[Event]:
        return list(await self._store.events(self._scope, self.root, after=after, limit=PAGE))

    def _gap(self, after: int, last: int, at: float) -> Event:
        return Event(self.root, last, self._session.id, "gap", at, {"from": after + 1, "to": last})

    async def _over(self) -> bool:
        head = await self._store.head(self._scope, self._session.id)
        if head is None:
            return True
        return head.status in TERMINAL and all(each.status in TERMINAL for each in await self._family())

    async def _family(self) -> list[Head]:
        """Read the session and all below it."""
        heads = await self._store.descendants(self._scope, self.root)
        ids = {self._session.id}
        family: list[Head] = []
        for head in heads:  # parents come before their children
            if head.id in ids or head.birth.parent in ids:
                ids.add(head.id)
                family.append(head)
        return family
