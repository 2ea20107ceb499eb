"""Collects what happens while commands run, and writes it to the stream in batches.

At most `PER_SECOND` writes a second, at most `LINES` entries of a session in each; what is more is dropped and
counted in the last entry.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable

from proctor.contracts.activity import Activity
from proctor.contracts.store import Store
from proctor.domain.event import News
from proctor.sessions import Started

PER_SECOND = 5
LINES = 50
TEXT = 4096


class ActivityLog:
    """A bounded buffer between running commands and a tree's stream."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._waiting: defaultdict[str, list[News]] = defaultdict(list)
        self._dropped: defaultdict[str, int] = defaultdict(int)
        self._roots: dict[str, str] = {}

    def tell(self, started: Started, activity: Activity) -> None:
        """Take note of an activity of a session."""
        session, root = started.head.id, started.head.birth.root
        if len(self._waiting[session]) >= LINES:
            self._dropped[session] += 1
            return
        self._roots[session] = root
        data = {**activity.data, "text": activity.text[:TEXT], "sequence": started.interaction.sequence}
        self._waiting[session].append(News(session, activity.kind, self._clock(), data))

    async def run(self) -> None:
        """Write what was collected, again and again, until cancelled."""
        while True:
            await asyncio.sleep(1 / PER_SECOND)
            await self.flush()

    async def flush(self) -> None:
        """Write what was collected up to now."""
        waiting, self._waiting = self._waiting, defaultdict(list)
        dropped, self._dropped = self._dropped, defaultdict(int)
        by_root: defaultdict[str, list[News]] = defaultdict(list)
        for session_id, news in waiting.items():
            if lost := dropped[session_id]:
                last = news[-1]
                news[-1] = News(last.session_id, last.kind, last.at, {**last.data, "dropped": lost})
            by_root[self._roots[session_id]].extend(news)
        for root, news in by_root.items():
            await self._store.tell(root, news)
