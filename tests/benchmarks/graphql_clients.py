"""Clients over HTTP, and many subscribers in one process, each a WebSocket that speaks graphql-transport-ws.

They do no more than they have to, so that the server is measured and not they.
"""

import asyncio
import base64
import json
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from graphql_servers import Server

PING, PONG = 0x89, 0x8A
AT_ONCE = 100
"""Clients that connect at the same time."""


async def post(server: Server, asked: Mapping[str, object], times: int = 1) -> bytes:
    """Ask so many times over one connection, one after the other, and give the last answer's body."""
    body = json.dumps(asked).encode()
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAccept: application/json\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nAuthorization: Bearer {server.token}\r\n\r\n"
    )
    request, answer = head.encode() + body, b""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for _ in range(times):
        writer.write(request)
        told = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert told.startswith(b"http/1.1 200"), told
        answer = await reader.readexactly(int(told.partition(b"content-length:")[2].split()[0]))
    writer.close()
    return answer


@dataclass(slots=True)
class Arrivals:
    """When frames of the type `next` arrived, whoever got them."""

    times: list[float] = field(default_factory=list)
    _wanted: int = 0
    _enough: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, count: int) -> None:
        """Take note of so many."""
        self.times += [time.perf_counter()] * count
        if len(self.times) >= self._wanted:
            self._enough.set()

    async def taken(self, count: int) -> list[float]:
        """Wait until there are so many, and take them."""
        self._wanted = count
        self._enough.clear()
        if len(self.times) < count:
            async with asyncio.timeout(60):
                await self._enough.wait()
        taken, self.times = self.times, []
        return taken


class Client(asyncio.Protocol):
    """One subscriber."""

    def __init__(self, server: Server, asked: Mapping[str, object], arrivals: Arrivals) -> None:
        self._server = server
        self._asked = asked
        self._arrivals = arrivals
        self._unread = b""
        self._is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:{self._server.port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n"
            f"Authorization: Bearer {self._server.token}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if not self._is_open:
            head, end, self._unread = self._unread.partition(b"\r\n\r\n")
            if not end:
                self._unread = head
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._is_open = True
            self._transport.write(_frame({"type": "connection_init"}))
            self._transport.write(_frame({"type": "subscribe", "id": "1", "payload": self._asked}))
        if count := sum(b'"next"' in text for text in self._texts()):
            self._arrivals.note(count)

    def _texts(self) -> Sequence[bytes]:
        """Take the whole frames off what was received, and answer pings. A server's are not masked; these are short."""
        texts, unread = [], self._unread
        while len(unread) >= 4:
            length, start = unread[1], 2
            if length == 126:
                length, start = int.from_bytes(unread[2:4]), 4
            if len(unread) < start + length:
                break
            texts.append(unread[start : start + length])
            if unread[0] == PING:
                self._transport.write(bytes([PONG, 0x80 | length]) + bytes(4) + texts.pop())
            unread = unread[start + length :]
        self._unread = unread
        return texts


@asynccontextmanager
async def subscribed(server: Server, asked: Mapping[str, object], count: int) -> AsyncIterator[Arrivals]:
    """Have so many subscribers, each with its first event, while the block lasts."""
    arrivals, transports = Arrivals(), list[asyncio.BaseTransport]()
    loop = asyncio.get_running_loop()
    for first in range(0, count, AT_ONCE):
        few = range(first, min(first + AT_ONCE, count))
        made = (loop.create_connection(lambda: Client(server, asked, arrivals), "127.0.0.1", server.port) for _ in few)
        transports += [transport for transport, _ in await asyncio.gather(*made)]
        await arrivals.taken(len(few))
    try:
        yield arrivals
    finally:
        for transport in transports:
            transport.close()


def _frame(message: object) -> bytes:
    """Make a frame with a mask of zeros, which changes nothing."""
    text = json.dumps(message).encode()
    length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2)
    return b"\x81" + length + bytes(4) + text
