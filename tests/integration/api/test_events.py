"""Server-sent events: one stream a connection, resumed with Last-Event-ID."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from api_server import Log, Served, calling, served

from proctor.api.settings import ApiSettings
from proctor.app import App

TICKS = "subscription { ticks { number } }"
PATH = "/graphql/stream"


@asynccontextmanager
async def streaming(client: httpx.AsyncClient, query: str = TICKS, **headers: str) -> AsyncIterator[AsyncIterator[str]]:
    """Give the events of a subscription as they are written."""
    headers = {"accept": "text/event-stream", **{name.replace("_", "-"): value for name, value in headers.items()}}
    async with asyncio.timeout(20), client.stream("POST", PATH, json={"query": query}, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        yield _events(response)


async def _events(response: httpx.Response) -> AsyncIterator[str]:
    event: list[str] = []
    async for line in response.aiter_lines():
        if line:
            event.append(line)
        elif event:
            yield "\n".join(event)
            event = []


def tick(number: int) -> str:
    return f'event: next\nid: {number}\ndata: {{"data":{{"ticks":{{"number":{number}}}}}}}'


async def test_a_subscription_is_a_stream_with_ids_that_ends(client: httpx.AsyncClient, log: Log) -> None:
    await log.tell(1, 2, over=True)
    async with streaming(client) as events:
        assert [event async for event in events] == [":", tick(1), tick(2), "event: complete\ndata:"]


async def test_last_event_id_counts_more_than_what_the_document_says(client: httpx.AsyncClient, log: Log) -> None:
    await log.tell(1, 2, 3, over=True)
    query = 'subscription { ticks(after: "1") { number } }'
    async with streaming(client, query) as events:
        assert [event async for event in events][1:-1] == [tick(2), tick(3)]
    async with streaming(client, query, last_event_id="2") as events:
        assert [event async for event in events][1:-1] == [tick(3)]


async def test_the_stream_is_opened_before_anything_happens(client: httpx.AsyncClient, log: Log) -> None:
    async with streaming(client) as events:
        assert await anext(events) == ":"
        await log.tell(1)
        assert await anext(events) == tick(1)


async def test_a_client_that_leaves_leaves_nothing_behind(client: httpx.AsyncClient, server: Served, log: Log) -> None:
    await log.tell(1)
    async with streaming(client) as events:
        assert [await anext(events), await anext(events)] == [":", tick(1)]
        assert log.sources == 1
    await log.left()
    async with asyncio.timeout(20):
        while server.service.fanout.groups:  # noqa: ASYNC110 # nobody tells of it
            await asyncio.sleep(0)


async def test_a_silent_stream_shows_signs_of_life(app: App, log: Log) -> None:
    settings = ApiSettings(keep_alive=0.01, drain=5)
    async with served(app, log, settings) as server, calling(server) as client, streaming(client) as events:
        assert [await anext(events) for _ in range(3)] == [":", ":", ":"]


async def test_a_stopping_server_ends_the_stream_without_saying_that_it_is_complete(
    client: httpx.AsyncClient, server: Served, log: Log
) -> None:
    await log.tell(1)
    async with streaming(client) as events:
        assert [await anext(events), await anext(events)] == [":", tick(1)]
        server.server.should_exit = True
        assert [event async for event in events] == []


async def test_an_invalid_document_is_told_in_the_stream(client: httpx.AsyncClient) -> None:
    async with streaming(client, "{ nope }") as events:
        told = [event async for event in events]
    assert "Cannot query field 'nope'" in told[1]
    assert told[2] == "event: complete\ndata:"


async def test_a_source_that_fails_is_told_in_the_stream_without_details(client: httpx.AsyncClient) -> None:
    async with streaming(client, last_event_id="boom") as events:
        told = [event async for event in events]
    assert "internal_error" in told[1]
    assert "secret" not in told[1]


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("PUT", {}, 405),
        ("POST", {"accept": "application/json"}, 406),
        ("POST", {"content-type": "text/plain"}, 415),
        ("POST", {}, 400),
    ],
)
async def test_what_is_no_request_for_a_stream_is_4xx(
    client: httpx.AsyncClient, method: str, headers: dict[str, str], status: int
) -> None:
    headers = {"content-type": "application/json", **headers}
    answer = await client.request(method, PATH, content=b"[]", headers=headers)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["message"]


async def test_a_get_changes_nothing(client: httpx.AsyncClient, log: Log) -> None:
    answer = await client.get(PATH, params={"query": 'mutation { shout(word: "a") }'})
    assert (answer.status_code, log.shouts) == (405, [])
