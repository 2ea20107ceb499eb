"""Requests and WebSocket frames of any shape, and what may come back for them."""

import base64
import json
import os
import socket
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse

from api_process import Running
from hypothesis import strategies as st
from verdict import wrong_with, wrong_with_result

PATIENCE_S = 10.0
LEGAL = {1000, 1002, 1003, 1007, 1009, 4400, 4401, 4403, 4406, 4409, 4429}
"""Codes with which a WebSocket may be closed on a client that misbehaves."""

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
DOCUMENTS = ["{ workflows { name } }", "query A { plugins { name } }", "{ nope }", "{", "", "subscription"]
queries = st.sampled_from(DOCUMENTS)
payloads = st.fixed_dictionaries(
    {"query": st.one_of(queries, queries, values)},
    optional={
        "operationName": st.sampled_from(["A", "B", None]) | values,
        "variables": st.dictionaries(st.text(max_size=5), values, max_size=3) | values,
        "extensions": st.none() | values,
    },
)
bodies = st.one_of(st.binary(max_size=200), *((payloads | values).map(lambda value: json.dumps(value).encode()),) * 3)
NAMES = [
    "accept", "accept-encoding", "authorization", "connection", "content-encoding", "content-type", "cookie", "expect",
    "forwarded", "host", "if-none-match", "last-event-id", "origin", "range", "sec-websocket-protocol",
    "transfer-encoding", "upgrade", "x-forwarded-host", "x-http-method-override", "x-request-id",
]  # fmt: skip
VALUES = [
    b"*/*", b"text/html", b"text/event-stream", b"application/json", b"application/json;q=nan", b"a/b;q=", b";,;",
    b"100-continue",
]  # fmt: skip
header_values = st.sampled_from(VALUES) | st.binary(max_size=40).map(lambda value: value.translate(None, b"\r\n\0"))
TARGETS = [b"/graphql", b"/graphql", b"/graphql", b"/graphql/stream", b"/graphql?query=", b"/graphql?variables="]


@dataclass(frozen=True)
class Raw:
    """A request as it goes over the wire, but for its token and length."""

    method: str
    target: bytes
    headers: dict[str, bytes]
    body: bytes


def requests() -> st.SearchStrategy[Raw]:
    """Give requests, of which most could be meant."""
    tail = st.binary(max_size=30).map(lambda value: value.translate(None, bytes(range(33)) + b"#\x7f"))
    target = st.sampled_from(TARGETS)
    targets = st.one_of(target, target, st.tuples(target, tail).map(b"".join))
    method = st.sampled_from(["POST", "POST", "POST", "GET", "GET", "PUT", "HEAD", "OPTIONS", "TRACE"])
    return st.builds(Raw, method, targets, st.dictionaries(st.sampled_from(NAMES), header_values, max_size=2), bodies)


def send(running: Running, raw: Raw, codes: Counter[str]) -> Iterator[str]:
    """Send a request, and tell what is wrong with the answer."""
    usual = {
        "host": f"127.0.0.1:{running.port}".encode(),
        "authorization": f"Bearer {running.token}".encode(),
        "content-type": b"application/json",
    }
    headers = {**usual, **raw.headers, "content-length": str(len(raw.body)).encode()}
    lines = [raw.method.encode() + b" " + raw.target + b" HTTP/1.1"]
    lines += [name.encode() + b": " + value for name, value in headers.items()]
    with socket.create_connection(("127.0.0.1", running.port), PATIENCE_S) as connection:
        connection.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + raw.body)
        answer = HTTPResponse(connection, method=raw.method)
        try:
            answer.begin()
            yield from _wrong_with(raw, answer, codes)
        except (HTTPException, OSError) as error:
            yield f"no answer: {error!r}"


def _wrong_with(raw: Raw, answer: HTTPResponse, codes: Counter[str]) -> Iterator[str]:
    media = answer.headers.get_content_type()
    codes[str(answer.status)] += 1
    if answer.status >= 500:
        yield f"status {answer.status}"
    if answer.status == 101 or media == "text/event-stream" or raw.method == "HEAD":
        return
    text = answer.read().decode()
    if media in ("application/json", "application/graphql-response+json"):
        yield from wrong_with(answer.status, text, codes)
    elif media == "text/html":
        codes["the page"] += 1
    elif answer.status not in (400, 404) or len(text) > 100:
        yield f"an answer of {media} with status {answer.status}: {text[:200]}"


TYPES = st.sampled_from(["subscribe", "subscribe", "complete", "ping", "pong", "connection_init", "next"])
messages = st.one_of(
    st.fixed_dictionaries({"type": TYPES, "id": st.sampled_from(["1", "2", "3"]), "payload": payloads}),
    st.fixed_dictionaries(
        {"type": TYPES | values}, optional={"id": st.just("1") | values, "payload": payloads | values}
    ),
)


@dataclass(frozen=True)
class Frame:
    """A frame of a WebSocket, well-formed or not."""

    head: int
    """FIN, the reserved bits and the opcode."""
    payload: bytes
    is_masked: bool = True

    def encode(self) -> bytes:
        mask = os.urandom(4) if self.is_masked else b""
        size, bit = len(self.payload), 0x80 if self.is_masked else 0
        length = bytes([bit | size]) if size < 126 else bytes([bit | 126]) + struct.pack("!H", size)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(self.payload)) if mask else self.payload
        return bytes([self.head]) + length + mask + masked


def frames() -> st.SearchStrategy[list[Frame]]:
    """Give what a client sends after the handshake; most of it are messages."""
    text = messages.map(lambda message: Frame(0x81, json.dumps(message).encode()))
    wild = st.builds(Frame, st.integers(0, 255), st.binary(max_size=130), st.sampled_from([True, True, False]))
    return st.lists(text, max_size=6) | st.lists(text | wild, max_size=6)


def talk(running: Running, sent: list[Frame], codes: Counter[str]) -> Iterator[str]:
    """Introduce oneself, send frames, leave, and tell what is wrong with what came back."""
    init = {"type": "connection_init", "payload": {"authorization": f"Bearer {running.token}"}}
    bye = Frame(0x88, struct.pack("!H", 1000))
    address = ("127.0.0.1", running.port)
    with socket.create_connection(address, PATIENCE_S) as connection, connection.makefile("rb") as read:
        connection.sendall(_handshake(running.port))
        if not read.readline().startswith(b"HTTP/1.1 101"):
            yield "no handshake"
            return
        while read.readline().strip():
            pass
        for frame in (Frame(0x81, json.dumps(init).encode()), *sent, bye):
            try:
                connection.sendall(frame.encode())
            except OSError:  # the server has hung up
                break
        try:
            while head := read.read(2):
                yield from _wrong_with_frame(head[0] & 15, read.read(_size(head[1], read)), codes)
        except TimeoutError:
            yield "the server does not end the connection"
        except ConnectionResetError:
            codes["reset"] += 1


def _handshake(port: int) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    ).encode()


def _size(first: int, read: object) -> int:
    if first < 126:
        return first
    wide = "!H" if first == 126 else "!Q"
    return int(struct.unpack(wide, read.read(struct.calcsize(wide)))[0])  # type: ignore[attr-defined] # a socket's file


def _wrong_with_frame(opcode: int, payload: bytes, codes: Counter[str]) -> Iterator[str]:
    if opcode == 8:
        code = struct.unpack("!H", payload[:2])[0] if payload else 1005
        codes[f"close {code}"] += 1
        if code not in LEGAL:
            yield f"closed with {code}: {payload[2:]!r}"
    elif opcode == 1:
        message = json.loads(payload)
        codes[message["type"]] += 1
        if message["type"] == "next":
            yield from wrong_with_result(message["payload"], codes)
        elif message["type"] == "error":
            yield from wrong_with_result({"errors": message["payload"]}, codes)
