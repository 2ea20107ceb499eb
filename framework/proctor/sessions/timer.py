"""Counts the time of trees that are driven, and ends what has no more of it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from proctor.contracts.store import Change
from proctor.domain import head as heads
from proctor.domain import news as news_of
from proctor.domain.budget import used_up
from proctor.domain.head import Head
from proctor.domain.scope import Scope
from proctor.domain.session import TERMINAL
from proctor.errors import Conflict
from proctor.sessions.records import TRIES, Records


class Timer:
    """Whoever drives a tree has its time counted here, again and again."""

    def __init__(
        self, records: Records, commit: Callable[[Change], Awaitable[Head]], *, clock: Callable[[], float]
    ) -> None:
        self._records = records
        self._commit = commit
        self._clock = clock

    async def count(self, scope: Scope, root: str, seconds: float) -> None:
        """Count so much time, up to now. Once it is used up, sessions that spawn no others are ended.

        What they execute may be thrown away from then on; the others land what is proven.
        """
        store, now = self._records.store, self._clock()
        await store.count_time(root, now - seconds, now)
        limits = (await self._records.head(scope, root)).birth.limits
        if limits.seconds is None:
            return
        if reason := used_up(replace(limits, tokens=None, money=None), await store.spent(root)):
            for head in await store.descendants(scope, root):
                if not (await self._records.workflow(scope, head)).spawns:
                    await self._end(scope, head, reason)

    async def _end(self, scope: Scope, head: Head, reason: str) -> None:
        for _ in range(TRIES):
            if head.status in TERMINAL:
                return
            now = self._clock()
            ended, closed = heads.run_out(head, reason, now)
            news = (*news_of.abandoned(ended, closed, now), news_of.changed(ended, now))
            try:
                await self._commit(Change(ended, closed, news=news))
            except Conflict:
                head = await self._records.head(scope, head.id)
            else:
                return
        raise Conflict(session_id=head.id)
