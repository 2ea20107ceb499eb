"""graphql-transport-ws, message by message: its close codes, its errors, and what one client cannot do to others."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from api_server import BEARER, Log, Served, served
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from proctor.api.auth import TokenDoor, digest
from proctor.api.execution import Execution
from proctor.api.limits import Limits
from proctor.api.settings import ApiSettings
from proctor.app import App
from proctor.contracts.access import Token
from proctor.domain.scope import Scope

INIT = {"type": "connection_init", "payload": BEARER}
TICKS = "subscription ($after: String) { ticks(after: $after) { number } }"


@asynccontextmanager
async def dialled(server: Served, **options: Any) -> AsyncIterator[ClientConnection]:
    options = {"subprotocols": [Subprotocol("graphql-transport-ws")], "proxy": None, **options}
    async with asyncio.timeout(60), connect(server.socket, **options) as socket:
        yield socket


@asynccontextmanager
async def greeted(server: Served, **options: Any) -> AsyncIterator[ClientConnection]:
    async with dialled(server, **options) as socket:
        await tell(socket, INIT)
        assert await hear(socket) == {"type": "connection_ack"}
        yield socket


async def tell(socket: ClientConnection, message: object) -> None:
    await socket.send(json.dumps(message))


async def subscribe(socket: ClientConnection, id_: str, query: str, **variables: object) -> None:
    await tell(socket, {"type": "subscribe", "id": id_, "payload": {"query": query, "variables": variables}})


async def hear(socket: ClientConnection) -> Any:
    message = await socket.recv()
    assert isinstance(message, str)
    return json.loads(message)


async def closed(socket: ClientConnection) -> int | None:
    with suppress(ConnectionClosed):
        async for _ in socket:
            pass
    return socket.close_code


@pytest.mark.parametrize(
    "message",
    [
        b"{",
        b"null",
        b"[]",
        b"5",
        b"{}",
        b'{"type": 5}',
        b'{"type": "nonsense"}',
        b'{"type": "subscribe"}',
        b'{"type": "subscribe", "id": "1"}',
        b'{"type": "subscribe", "id": 1, "payload": {"query": "{ hello }"}}',
        b'{"type": "subscribe", "id": "", "payload": {"query": "{ hello }"}}',
        b'{"type": "subscribe", "id": ["1"], "payload": {"query": "{ hello }"}}',
        b'{"type": "subscribe", "id": "1", "payload": "x"}',
        b'{"type": "subscribe", "id": "1", "payload": []}',
        b'{"type": "subscribe", "id": "1", "payload": {"query": 5}}',
        b'{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "variables": []}}',
        b'{"type": "complete", "id": {}}',
        b'{"type": "ping", "payload": 5}',
        b"[" * 100_000,
        b'{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "variables": {"a": '
        + b"[" * 900
        + b"]" * 900
        + b"}}}",
    ],
    ids=lambda message: message[:60].decode(),
)
async def test_a_message_of_another_shape_closes_with_4400(
    server: Served, message: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with greeted(server) as socket:
        await socket.send(message.decode())
        assert await closed(socket) == 4400
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_binary_message_closes_with_4400(server: Served) -> None:
    async with greeted(server) as socket:
        await socket.send(b'{"type": "ping"}')
        assert await closed(socket) == 4400


async def test_a_message_beyond_the_limit_closes_with_1009(server: Served) -> None:
    async with greeted(server) as socket:
        await socket.send("x" * 200_000)
        assert await closed(socket) == 1009


async def test_asking_before_the_introduction_closes_with_4401(server: Served) -> None:
    async with dialled(server) as socket:
        await subscribe(socket, "1", "{ hello }")
        assert await closed(socket) == 4401


async def test_two_introductions_close_with_4429(server: Served) -> None:
    async with greeted(server) as socket:
        await tell(socket, INIT)
        assert await closed(socket) == 4429


async def test_no_introduction_closes_with_4408(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proctor.api.websocket.PATIENCE_S", 0.05)
    async with dialled(server) as socket:
        with suppress(ConnectionClosed):  # it may have lost patience before
            await tell(socket, {"type": "ping"})
        assert await closed(socket) == 4408


@pytest.mark.parametrize("payload", [None, {}, {"Authorization": "Bearer wrong"}, {"Authorization": 5}])
async def test_a_token_that_is_none_closes_with_4403(server: Served, payload: object) -> None:
    async with dialled(server) as socket:
        await tell(socket, {"type": "connection_init", "payload": payload})
        assert await closed(socket) == 4403


async def test_a_token_that_was_revoked_meanwhile_closes_with_4403_at_the_next_operation(app: App, log: Log) -> None:
    await app.store.add_token(Token(digest("a" * 40), "ci", "viewer", Scope(), 1.0))
    async with served(app, log, doors=[TokenDoor(app.store)]) as server, dialled(server) as socket:
        await tell(socket, {"type": "connection_init", "payload": {"authorization": f"Bearer {'a' * 40}"}})
        assert await hear(socket) == {"type": "connection_ack"}
        await app.store.revoke_token("ci", 2.0)
        await subscribe(socket, "1", "{ hello }")
        assert await closed(socket) == 4403


async def test_the_token_may_come_in_the_header(server: Served) -> None:
    async with dialled(server, additional_headers=BEARER) as socket:
        await tell(socket, {"type": "connection_init"})
        assert await hear(socket) == {"type": "connection_ack"}


@pytest.mark.parametrize("subprotocols", [None, ["graphql-ws"]])
async def test_another_protocol_closes_with_4406(server: Served, subprotocols: list[str] | None) -> None:
    async with dialled(server, subprotocols=subprotocols) as socket:
        assert await closed(socket) == 4406


@pytest.mark.parametrize("header", [{"Origin": "http://evil.example"}, {"Origin": "null"}])
async def test_a_foreign_origin_gets_no_socket(
    server: Served, header: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        async with dialled(server, additional_headers=header):
            pass
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1, evil.example", "x@127.0.0.1", "127.0.0.1\r\nHost: evil"])
async def test_a_foreign_host_gets_no_socket(server: Served, host: str, caplog: pytest.LogCaptureFixture) -> None:
    address = urlsplit(server.socket)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    asked = (
        f"GET /graphql HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    )
    writer.write(asked.encode())
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 421 "), answer
    assert b"foreign_host" in answer
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_the_same_id_twice_closes_with_4409(server: Served) -> None:
    async with greeted(server) as socket:
        await subscribe(socket, "1", TICKS)
        await subscribe(socket, "1", TICKS)
        assert await closed(socket) == 4409
    await server.log.left()


async def test_ping_is_answered(server: Served) -> None:
    async with greeted(server) as socket:
        await tell(socket, {"type": "ping"})
        assert await hear(socket) == {"type": "pong"}


@pytest.mark.parametrize("query", ["{ hello", "{ nope }", "subscription { hello }", "query ($a: Int!) { hello }"])
async def test_what_cannot_be_executed_is_an_error_message_and_the_socket_lives(server: Served, query: str) -> None:
    async with greeted(server) as socket:
        await subscribe(socket, "1", query)
        answer = await hear(socket)
        assert (answer["type"], answer["id"]) == ("error", "1")
        assert answer["payload"][0]["message"]
        await subscribe(socket, "1", "{ hello }")
        assert await hear(socket) == {"type": "next", "id": "1", "payload": {"data": {"hello": "hello world"}}}
        assert await hear(socket) == {"type": "complete", "id": "1"}


async def test_a_subscription_whose_source_fails_is_told_without_details(server: Served) -> None:
    async with greeted(server) as socket:
        await subscribe(socket, "1", TICKS, after="boom")
        answer = await hear(socket)
    assert answer["type"] == "error"
    assert answer["payload"][0]["extensions"]["code"] == "internal_error"
    assert "secret" not in str(answer)


async def test_a_fault_of_ours_is_told_and_the_socket_lives(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async with greeted(server) as socket:
        with monkeypatch.context() as patch:
            patch.setattr(Execution, "run", lambda *_: 1 / 0)
            await subscribe(socket, "1", "{ hello }")
            answer = await hear(socket)
        assert (answer["type"], answer["payload"][0]["extensions"]["code"]) == ("error", "internal_error")
        await subscribe(socket, "1", "{ hello }")
        assert (await hear(socket))["type"] == "next"


async def test_completing_ends_a_subscription(server: Served) -> None:
    await server.log.tell(1)
    async with greeted(server) as socket:
        await subscribe(socket, "1", TICKS)
        assert (await hear(socket))["payload"] == {"data": {"ticks": {"number": 1}}}
        await tell(socket, {"type": "complete", "id": "1"})
        await tell(socket, {"type": "complete", "id": "never begun"})
        await subscribe(socket, "2", "{ hello }")
        assert (await hear(socket))["id"] == "2"
        assert server.log.sources == 0


async def test_subscriptions_of_a_socket_are_limited(app: App, log: Log) -> None:
    settings = ApiSettings(limits=Limits(subscriptions=2), drain=5)
    async with served(app, log, settings) as server, greeted(server) as socket:
        for id_ in "123":
            await subscribe(socket, id_, TICKS)
        answer = await hear(socket)
        assert (answer["type"], answer["id"]) == ("error", "3")
        assert answer["payload"][0]["extensions"]["limit"] == "subscriptions"


async def test_a_client_that_never_reads_harms_nobody(server: Served) -> None:
    big = "subscription { ticks { number text(size: 100000) } }"
    async with greeted(server, max_queue=1) as stuck, greeted(server) as other:
        await subscribe(stuck, "1", big)
        await subscribe(other, "1", big)
        numbers = [*range(1, 301)]
        await server.log.tell(*numbers, over=True)
        seen = [(await hear(other))["payload"]["data"]["ticks"]["number"] for _ in numbers]
        assert seen == numbers
        kept = [stream.size for group in server.service.fanout.groups.values() for stream in group.streams]
        assert max(kept, default=0) < 1_000_000
        late = [(await hear(stuck))["payload"]["data"]["ticks"]["number"] for _ in numbers]
        assert late == numbers


async def test_a_stopping_server_ends_sockets_and_streams_at_once(app: App, log: Log) -> None:
    async with served(app, log) as server, greeted(server) as socket:
        await subscribe(socket, "1", TICKS)
        await log.tell(1)
        await hear(socket)
        server.server.should_exit = True
        assert await closed(socket) == 1012
    assert log.sources == 0
