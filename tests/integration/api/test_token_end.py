"""A token that is revoked or expires ends what it has opened, and nobody else's."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from api_server import Log, Served, served
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from proctor.api import auth
from proctor.api.auth import TokenDoor, digest
from proctor.app import App
from proctor.contracts.access import Token
from proctor.domain.scope import Scope

ANN, BOB = "a" * 40, "b" * 40
TICKS = "subscription { ticks { number } }"
NEXT = {"id": "1", "type": "next", "payload": {"data": {"ticks": {"number": 1}}}}


@pytest.fixture
async def shared(app: App, log: Log, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    monkeypatch.setattr(auth, "LOOK_AGAIN_S", 0.02)
    for secret, user in ((ANN, "ann"), (BOB, "bob")):
        await app.store.add_token(Token(digest(secret), user, "viewer", Scope("acme", "one", user), 1.0))
    async with served(app, log, doors=[TokenDoor(app.store)]) as running:
        yield running


async def watching(server: Served, secret: str) -> ClientConnection:
    """Open a WebSocket and wait for a subscription's first event."""
    socket = await connect(server.socket, subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None)
    await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {secret}"}}))
    await socket.recv()
    await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": TICKS}}))
    assert json.loads(await socket.recv()) == NEXT
    return socket


async def code_at_end(socket: ClientConnection) -> int | None:
    with pytest.raises(ConnectionClosed):
        await asyncio.wait_for(socket.recv(), 20)
    return socket.close_code


async def test_a_websocket_is_closed_when_its_token_is_revoked(shared: Served, app: App, log: Log) -> None:
    await log.tell(1)
    ann, bob = await watching(shared, ANN), await watching(shared, BOB)
    await app.store.revoke_token("ann", 2.0)
    assert await code_at_end(ann) == 4403
    await log.tell(2)
    assert json.loads(await bob.recv())["payload"]["data"]["ticks"] == {"number": 2}
    await bob.close()
    await log.left()


async def test_a_websocket_without_operations_is_closed_too(shared: Served, app: App) -> None:
    socket = await connect(
        shared.socket,
        subprotocols=[Subprotocol("graphql-transport-ws")],
        proxy=None,
        additional_headers={"authorization": f"Bearer {ANN}"},
    )
    await socket.send(json.dumps({"type": "connection_init"}))
    await socket.recv()
    await app.store.revoke_token("ann", 2.0)
    assert await code_at_end(socket) == 4403


async def test_a_token_that_expires_ends_its_websocket_on_time(
    shared: Served, app: App, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "LOOK_AGAIN_S", 3600.0)  # the end is not found by looking
    secret, soon = "c" * 40, time.time() + 3
    await app.store.add_token(Token(digest(secret), "cid", "viewer", Scope("acme", "one", "cid"), 1.0, expires_at=soon))
    await log.tell(1)
    socket = await watching(shared, secret)
    assert await code_at_end(socket) == 4403
    assert soon <= time.time()


async def test_an_event_stream_ends_without_complete_and_is_not_opened_again(
    shared: Served, app: App, log: Log
) -> None:
    await log.tell(1)
    headers = {"authorization": f"Bearer {ANN}", "accept": "text/event-stream"}
    async with asyncio.timeout(20), httpx.AsyncClient(headers=headers, trust_env=False) as client:
        async with client.stream("POST", shared.stream, json={"query": TICKS}) as response:
            parts = response.aiter_text()
            text = await anext(parts)
            while '"number":1' not in text:
                text += await anext(parts)
            await app.store.revoke_token("ann", 2.0)
            text += "".join([part async for part in parts])
        assert "complete" not in text
        assert (await client.post(shared.stream, json={"query": TICKS})).status_code == 401
    await log.left()
