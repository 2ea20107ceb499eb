"""Waiting for a tree's stream to grow, whoever writes it."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping

POLL_S = 0.2
"""How soon another process's commit is seen."""


class Waiting:
    """Those who wait for events. This process's writer wakes them at once; others' commits are looked for."""

    def __init__(self, version: Callable[[], int], last_event: Callable[[str], int]) -> None:
        self._version = version
        self._last_event = last_event
        self._seen = -1
        self._waiting: defaultdict[str, dict[asyncio.Future[None], int]] = defaultdict(dict)
        self._timer: asyncio.TimerHandle | None = None

    async def wait(self, root: str, after: int, seconds: float) -> None:
        """Wait until a tree's last event is beyond `after`, or for so many seconds."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._waiting[root][future] = after
        if self._timer is None:
            self._seen = -1
            self._poll(loop)
        elif self._last_event(root) > after:
            future.set_result(None)
        try:
            await asyncio.wait((future,), timeout=seconds)
        finally:
            self._forget(root, future)

    def tell(self, news: Mapping[str, int]) -> None:
        """Wake those whose trees have new events."""
        for root in news.keys() & self._waiting.keys():
            self._wake(root, news[root])

    def close(self) -> None:
        """Wake everybody."""
        for futures in self._waiting.values():
            for future in futures:
                if not future.done():
                    future.set_result(None)
        if self._timer:
            self._timer.cancel()

    def _forget(self, root: str, future: asyncio.Future[None]) -> None:
        del self._waiting[root][future]
        if not self._waiting[root]:
            del self._waiting[root]
        if not self._waiting and self._timer:
            self._timer.cancel()
            self._timer = None

    def _poll(self, loop: asyncio.AbstractEventLoop) -> None:
        version = self._version()
        if version != self._seen:
            self._seen = version
            for root in self._waiting:
                self._wake(root, self._last_event(root))
        self._timer = loop.call_later(POLL_S, self._poll, loop)

    def _wake(self, root: str, last: int) -> None:
        for future, after in self._waiting[root].items():
            if last > after and not future.done():
                future.set_result(None)
