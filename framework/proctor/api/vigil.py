"""Waits for things to end: once for each, however many wait for it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Watch:
    """One wait, and how many share it."""

    task: "asyncio.Future[None]"
    waiting: int = 0


class Vigil:
    """Runs `watch(key)` while anybody waits for that key."""

    def __init__(self, watch: Callable[[str], Awaitable[None]]) -> None:
        self._watch = watch
        self._watches: dict[str, Watch] = {}

    async def over(self, key: str) -> None:
        """Wait until the watch of a key is over. Who gives up waiting disturbs nobody; the last one ends the watch."""
        watch = self._watches.get(key)
        if watch is None:
            watch = self._watches[key] = Watch(asyncio.ensure_future(self._watch(key)))
        watch.waiting += 1
        try:
            await asyncio.shield(watch.task)
        finally:
            watch.waiting -= 1
            if not watch.waiting:
                del self._watches[key]
                watch.task.cancel()
