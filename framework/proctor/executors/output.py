"""Keeps the beginning and the end of what a process writes, whatever the amount."""

import asyncio
import codecs
from collections.abc import Callable


class BoundedOutput:
    """The first and the last bytes of a stream: half of the limit each."""

    def __init__(self, limit: int) -> None:
        self._half = max(1, limit // 2)
        self._head = bytearray()
        self._tail = bytearray()
        self._left_out = 0

    def add(self, data: bytes) -> None:
        """Take the next piece."""
        room = self._half - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        surplus = len(self._tail) - self._half
        if surplus > 0:
            del self._tail[:surplus]
            self._left_out += surplus

    def text(self) -> str:
        """Give what was kept, with a line that says how much is missing. Bytes that are no UTF-8 are replaced."""
        if not self._left_out:
            return (self._head + self._tail).decode(errors="replace")
        gap = f"\n[… {self._left_out:,} bytes left out …]\n"
        return self._head.decode(errors="replace") + gap + self._tail.decode(errors="replace")


class Capture(asyncio.Protocol):
    """Reads one stream of a process to its end."""

    def __init__(self, limit: int, tell: Callable[[str], None] | None) -> None:
        self.output = BoundedOutput(limit)
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._tell = tell

    def data_received(self, data: bytes) -> None:
        """Keep it, and pass it on to whoever watches."""
        self.output.add(data)
        if self._tell is not None and (text := self._decoder.decode(data)):
            self._tell(text)

    def connection_lost(self, error: Exception | None) -> None:
        """Note the end of the stream."""
        if not self.ended.done():
            self.ended.set_result(None)
