"""Clients that frontends really use, against a real server."""

import asyncio
import json

from api_server import BEARER, TOKEN, Node, Served
from gql import Client, gql
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

COUNT = 60


async def test_the_audit_of_graphql_over_http_finds_nothing(server: Served, node: Node) -> None:
    assert await node("audit.mjs", server.http, TOKEN) == "61 checks\n"


async def test_graphql_ws_that_loses_its_connection_again_and_again_loses_no_event(server: Served, node: Node) -> None:
    await server.log.tell(*range(1, COUNT // 2))
    following = asyncio.create_task(node("socket.mjs", server.socket, TOKEN, "7"))
    await server.log.tell(*range(COUNT // 2, COUNT + 1), over=True)
    assert json.loads(await following) == [*range(1, COUNT + 1)]
    assert server.log.sources == 0


async def test_graphql_ws_may_ask_whatever_it_likes_on_one_socket(server: Served, node: Node) -> None:
    await server.log.tell(1, 2)
    printed = json.loads(await node("socket_features.mjs", server.socket, TOKEN))
    assert printed["first"] == {"data": {"ticks": {"number": 1}}}
    assert printed["query"] == [{"data": {"hello": "hello world"}}]
    assert printed["mutation"] == [{"data": {"shout": "A"}}]
    assert "Cannot query field 'nope'" in printed["invalid"]["errors"][0]
    assert "Syntax Error" in printed["broken"]["errors"][0]
    assert printed["second"] == {"data": {"ticks": {"number": 2}}}


async def test_urql_queries_mutates_and_subscribes(server: Served, node: Node) -> None:
    await server.log.tell(1, 2, 3)
    assert json.loads(await node("urql.mjs", server.http, server.socket, TOKEN)) == {
        "post": {"hello": "hello urql"},
        "get": {"hello": "hello GET"},
        "mutation": {"shout": "B"},
        "numbers": [1, 2, 3],
    }


async def test_graphql_sse_queries_and_subscribes(server: Served, node: Node) -> None:
    await server.log.tell(1, 2, 3, over=True)
    printed = json.loads(await node("events.mjs", server.stream, TOKEN))
    assert printed == {"query": [{"data": {"hello": "hello world"}}], "invalid": [1], "ticks": [1, 2, 3]}


async def test_pythons_gql_queries_over_http(server: Served) -> None:
    transport = HTTPXAsyncTransport(server.http, headers=BEARER, trust_env=False)
    async with Client(transport=transport, fetch_schema_from_transport=True) as session:
        assert await session.execute(gql("{ hello }")) == {"hello": "hello world"}


async def test_pythons_gql_subscribes_over_a_websocket(server: Served) -> None:
    await server.log.tell(1, 2, over=True)
    transport = WebsocketsTransport(server.socket, init_payload=BEARER, connect_args={"proxy": None})
    async with Client(transport=transport) as session:
        ticks = [tick async for tick in session.subscribe(gql("subscription { ticks { number } }"))]
    assert ticks == [{"ticks": {"number": 1}}, {"ticks": {"number": 2}}]
