"""Clients that frontends really use, against a real server."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from api_process import Running, serving
from api_server import BEARER, TOKEN, Node, Served
from gql import Client, gql
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

COUNT = 60
SDL = Path(__file__).parents[3] / "schema.graphql"


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


async def test_relay_compiles_its_pages_refetches_and_connections(node: Node, tmp_path: Path) -> None:
    made = json.loads(await node("relay.mjs", str(SDL), str(tmp_path)))
    assert {name for name in made if name.endswith(("Query", "Mutation", "Subscription"))} == {
        "relayOperationsCreateMutation",
        "relayOperationsEventsSubscription",
        "relayOperationsFamilyPageQuery",
        "relayOperationsListPageQuery",
        "relayOperationsPageQuery",
        "relayOperationsRefetchQuery",
        "relayOperationsTurnsPageQuery",
    }


EVENTS = "query ($id: ID!) { session(id: $id) { events(first: 100) { nodes { cursor kind sequence } } } }"
CANCEL = "mutation ($input: CancelSessionInput!) { cancelSession(input: $input) { __typename } }"


@asynccontextmanager
async def printing(node_clients: tuple[str, Path], *arguments: str) -> AsyncIterator[asyncio.StreamReader]:
    """Run a script, and give what it prints as it prints it."""
    node, home = node_clients
    pipe = subprocess.PIPE
    process = await asyncio.create_subprocess_exec(node, *arguments, cwd=home, stdout=pipe, stderr=subprocess.STDOUT)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(300):
            yield process.stdout
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def killed(running: Running) -> None:
    running.process.kill()
    running.process.wait(timeout=120)


async def test_graphql_ws_goes_on_by_itself_where_a_killed_server_left_off(
    node_clients: tuple[str, Path], tmp_path: Path
) -> None:
    with serving(tmp_path) as first:
        session_id = first.create()
        url = first.url.replace("http", "ws", 1)
        async with printing(node_clients, "restart.mjs", url, first.token, session_id) as lines:
            seen = [await lines.readline()]
            first.fault(session_id)
            seen += [await lines.readline(), await lines.readline()]
            killed(first)
            with serving(tmp_path, first.port) as second:
                second.fault(session_id)  # it is told of it here, or by the third
                killed(second)
            with serving(tmp_path, first.port) as third:
                third.change(CANCEL, sessionId=session_id)
                seen += [line async for line in lines]
                told = third.ask(EVENTS, id=session_id)["events"]["nodes"]
    expected = [f"{event['cursor']} {event['kind']} {event['sequence'] or '-'}" for event in told]
    assert [line.decode().strip() for line in seen] == expected
    assert [line.split()[1:] for line in expected] == [
        ["SESSION_CREATED", "-"],
        ["INTERACTION_STARTED", "1"],
        ["INTERACTION_COMPLETED", "1"],
        ["INTERACTION_STARTED", "2"],
        ["INTERACTION_COMPLETED", "2"],
        ["SESSION_CHANGED", "-"],
    ]
