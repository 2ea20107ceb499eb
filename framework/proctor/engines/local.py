"""The embedded engine: sessions of this process, in its own event loop.

The queue in memory only saves time. Whatever is lost from it is found again, because the engine also asks the store,
every now and then, what is due.
"""

import asyncio
from collections.abc import Iterable

from proctor.contracts.engine import Due, Engine, Handler

POLL_S = 2.0


class LocalEngine(Engine):
    """Runs at most so many sessions at once, those that were named first going first."""

    def __init__(self, due: Due, *, poll_s: float = POLL_S) -> None:
        self._due = due
        self._poll_s = poll_s
        self._waiting: dict[str, None] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._ending: set[str] = set()
        self._changed = asyncio.Event()

    def enqueue(self, session_ids: Iterable[str]) -> None:
        """Put sessions behind those that wait already; one that is being advanced is looked at once more after."""
        for session_id in session_ids:
            if session_id in self._running:
                self._again.add(session_id)
            else:
                self._waiting[session_id] = None
        self._changed.set()

    def cancel(self, session_ids: Iterable[str]) -> None:
        """End what runs for these sessions, and forget those that wait. Their slots are free once they have ended."""
        for session_id in session_ids:
            self._waiting.pop(session_id, None)
            self._again.discard(session_id)
            self._end(session_id)

    async def run(self, handler: Handler, slots: int) -> None:
        """Hand out sessions until cancelled. An exception of a handler ends the engine and is raised."""
        try:
            while True:
                self._fill(handler, slots)
                await self._news()
                self._reap()
        finally:
            await self._stop()

    def _fill(self, handler: Handler, slots: int) -> None:
        self._changed.clear()
        while self._waiting and len(self._running) < slots:
            session_id = next(iter(self._waiting))
            del self._waiting[session_id]
            task = asyncio.ensure_future(handler(session_id))
            task.add_done_callback(lambda _: self._changed.set())
            self._running[session_id] = task

    async def _news(self) -> None:
        try:
            async with asyncio.timeout(self._poll_s):
                await self._changed.wait()
        except TimeoutError:
            self.enqueue(session_id for session_id in await self._due() if session_id not in self._running)

    def _reap(self) -> None:
        for session_id, task in [*self._running.items()]:
            if task.done():
                del self._running[session_id]
                self._ending.discard(session_id)
                if not task.cancelled():
                    task.result()
                if session_id in self._again:
                    self._again.discard(session_id)
                    self._waiting[session_id] = None

    async def _stop(self) -> None:
        for session_id in self._running:
            self._end(session_id)
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _end(self, session_id: str) -> None:
        """Cancel a handler, once: a second time would disturb it while it cleans up."""
        if session_id in self._running and session_id not in self._ending:
            self._ending.add(session_id)
            self._running[session_id].cancel()
