"""Collects what happens while commands run, and writes it to the stream in batches.

At most `PER_SECOND` writes a second, at most `LINES` entries of a session in each; what is more is dropped and
counted in the last entry.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import get_args

from proctor.contracts.activity import Activity, ActivityKind
from proctor.contracts.answers import size
from proctor.contracts.store import Store
from proctor.domain.event import News
from proctor.domain.json import EMPTY, JsonObject
from proctor.errors import ProctorError
from proctor.sessions import Started

PER_SECOND = 5
LINES = 50
TEXT = 4096
KINDS: tuple[ActivityKind, ...] = get_args(ActivityKind)


@dataclass(slots=True)
class _Lines:
    """What waits to be written of one session."""

    root: str
    news: list[News] = field(default_factory=list)
    dropped: int = 0

    def add(self, *news: News) -> None:
        room = LINES - len(self.news)
        self.news += news[:room]
        self.dropped += len(news[room:])

    def told(self) -> list[News]:
        if not self.dropped:
            return self.news
        *most, last = self.news
        return [*most, replace(last, data={**last.data, "dropped": self.dropped})]


class ActivityLog:
    """A bounded buffer between running commands and a tree's stream."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._waiting: dict[str, _Lines] = {}

    def tell(self, started: Started, activity: Activity) -> None:
        """Take note of an activity of a session. It comes from a plugin: what could not be stored is left out."""
        session, root = started.head.id, started.head.birth.root
        kind = activity.kind if activity.kind in KINDS else "activity"
        data = {**_storable(activity.data), "text": str(activity.text)[:TEXT]}
        data["sequence"] = started.interaction.sequence
        self._waiting.setdefault(session, _Lines(root)).add(News(session, kind, self._clock(), data))

    async def run(self) -> None:
        """Write what was collected, again and again, until cancelled."""
        while True:
            await asyncio.sleep(1 / PER_SECOND)
            await self.flush()

    async def flush(self) -> None:
        """Write what was collected up to now; what cannot be written now waits for the next time."""
        waiting, self._waiting = self._waiting, {}
        by_root: defaultdict[str, dict[str, _Lines]] = defaultdict(dict)
        for session_id, lines in waiting.items():
            by_root[lines.root][session_id] = lines
        for root, sessions in by_root.items():
            try:
                await self._store.tell(root, [news for lines in sessions.values() for news in lines.told()])
            except ProctorError:  # a busy database, say
                self._put_back(sessions)

    def _put_back(self, sessions: Mapping[str, _Lines]) -> None:
        for session_id, lines in sessions.items():
            if (later := self._waiting.get(session_id)) is not None:
                lines.add(*later.news)
                lines.dropped += later.dropped
            self._waiting[session_id] = lines


def _storable(data: object) -> JsonObject:
    try:
        size(data)
    except (TypeError, ValueError, RecursionError):
        return EMPTY
    return data if isinstance(data, Mapping) else EMPTY
