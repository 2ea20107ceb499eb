"""What can be watched: nothing is lost, nothing comes twice, and the end is told."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator
from typing import Any

import pytest
from api_world import Api
from factories import SCOPE

from proctor.api.ids import number_cursor, session_gid
from proctor.contracts.store import Change
from proctor.domain import head as heads
from proctor.domain import news
from proctor.domain.event import News

EVENTS = """
subscription($id: ID!, $after: String) {
  sessionEvents(sessionId: $id, after: $after) {
    cursor kind at sessionId step sequence text data session { id status }
  }
}
"""
CHANGES = """
subscription($id: ID!, $after: String) {
  childSessionChanges(sessionId: $id, after: $after) {
    cursor kind at sessionId step sequence status stepStatus error session { id key }
  }
}
"""


async def taken(stream: AsyncIterator[Any], count: int) -> list[Any]:
    return [await anext(stream) for _ in range(count)]


async def seen(api: Api, document: str, session_id: str, after: str | None = None) -> list[Any]:
    async with asyncio.timeout(60):
        return [event async for event in api.watch(document, id=session_gid(session_id), after=after)]


async def end(api: Api, parent: str, children: list[str]) -> None:
    for child in children:
        await api.finish(child)
    while await api.app.sessions.proceed(SCOPE, parent, owner="me"):
        await api.turn(parent)


async def test_the_past_comes_first_and_the_stream_ends_with_the_session(api: Api) -> None:
    parent, children = await api.family()
    await end(api, parent, children)
    events = await seen(api, EVENTS, parent)
    log = await api.app.store.events(SCOPE, parent)
    assert [event["data"] for event in events] == [event.data for event in log]
    assert [event["kind"].lower() for event in events] == [event.kind for event in log]
    assert events[-1]["session"] == {"id": session_gid(parent), "status": "COMPLETE"}


async def test_what_happens_is_told_while_it_happens(api: Api) -> None:
    session_id = await api.create()
    stream = api.watch(EVENTS, id=session_gid(session_id))
    assert (await anext(stream))["kind"] == "SESSION_CREATED"
    coming = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    assert not coming.done()
    await api.app.store.tell(session_id, [News(session_id, "activity", 1.0, {"text": "thinking"})])
    event = await asyncio.wait_for(coming, 20)
    assert (event["kind"], event["text"]) == ("ACTIVITY", "thinking")
    await api.finish(session_id)
    rest = [event["kind"] async for event in stream]
    assert rest[-1] == "SESSION_CHANGED"
    assert rest.count("INTERACTION_COMPLETED") == 2


async def test_a_child_is_watched_without_its_siblings(api: Api) -> None:
    parent, (one, other) = await api.family()
    await end(api, parent, [one, other])
    assert {event["sessionId"] for event in await seen(api, EVENTS, one)} == {session_gid(one)}


async def test_the_stream_of_a_child_ends_before_its_parent(api: Api) -> None:
    _, (one, _) = await api.family()
    await api.finish(one)
    assert (await seen(api, EVENTS, one))[-1]["kind"] == "SESSION_CHANGED"
    assert await seen(api, CHANGES, one) == []


async def test_changes_tell_how_each_child_stands(api: Api) -> None:
    parent, (one, other) = await api.family()
    await api.app.store.tell(parent, [News(one, "output", 1.0, {"text": "noise"})])
    await end(api, parent, [one, other])
    changes = await seen(api, CHANGES, parent)
    of_one = [change for change in changes if change["sessionId"] == session_gid(one)]
    told = [(change["kind"], change["status"], change["stepStatus"]) for change in of_one]
    assert told == [
        ("SESSION_CREATED", "ACTIVE", None),
        ("INTERACTION_STARTED", "ACTIVE", None),
        ("INTERACTION_COMPLETED", "ACTIVE", "ok"),
        ("INTERACTION_STARTED", "ACTIVE", None),
        ("INTERACTION_COMPLETED", "ACTIVE", "ok"),
        ("SESSION_CHANGED", "COMPLETE", None),
    ]
    assert {change["sessionId"] for change in changes} == {session_gid(one), session_gid(other)}
    assert {change["session"]["key"] for change in changes} == {"c0", "c1"}


async def test_children_that_come_later_are_watched_too(api: Api) -> None:
    parent = await api.create("family")
    stream = api.watch(CHANGES, id=session_gid(parent))
    first = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    await api.start(parent)
    assert (await asyncio.wait_for(first, 20))["kind"] == "SESSION_CREATED"
    await api.app.sessions.cancel(SCOPE, parent)
    assert [change["status"] async for change in stream] == ["ACTIVE", "CANCELLED", "CANCELLED"]


async def test_grandchildren_that_come_later_belong_to_the_family(api: Api) -> None:
    clan = await api.create("clan")
    await api.start(clan)
    one, other = [head.id for head in await api.app.store.children(SCOPE, clan)]
    stream = api.watch(EVENTS, id=session_gid(one))
    assert (await anext(stream))["kind"] == "SESSION_CREATED"
    for family in (one, other):
        await api.start(family)
    await api.app.sessions.cancel(SCOPE, clan)
    watched = [event["sessionId"] async for event in stream]
    grandchildren = [head.id for head in await api.app.store.children(SCOPE, one)]
    assert set(watched) == {session_gid(each) for each in (one, *grandchildren)}


async def test_the_stream_goes_on_until_the_children_have_ended_too(api: Api) -> None:
    parent, children = await api.family()
    head = await api.app.sessions.head(SCOPE, parent)
    cancelled, closed = heads.cancel(head, 9.0)
    await api.app.store.commit(Change(cancelled, closed, news=(news.changed(cancelled, 9.0),)))
    stream = api.watch(CHANGES, id=session_gid(parent))
    await taken(stream, 2)
    coming = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    for child in children:
        await api.app.sessions.cancel(SCOPE, child)
    assert (await asyncio.wait_for(coming, 20))["status"] == "CANCELLED"
    assert [change["status"] async for change in stream] == ["CANCELLED"]


@pytest.mark.parametrize("document", [EVENTS, CHANGES])
async def test_over_random_reconnects_each_event_comes_once_and_in_order(api: Api, document: str) -> None:
    chance = random.Random(7)  # not for secrets
    parent, children = await api.family(6)

    async def watcher() -> list[str]:
        cursors: list[str] = []
        while True:
            stream = api.watch(document, id=session_gid(parent), after=cursors[-1] if cursors else None)
            for _ in range(chance.randint(0, 4)):
                try:
                    cursors.append((await anext(stream))["cursor"])
                except StopAsyncIteration:
                    return cursors
            await stream.aclose()

    async def story() -> None:
        for child in children:
            await api.finish(child)
            await api.app.store.tell(
                parent, [News(child, "output", 1.0, {"n": n}) for n in range(chance.randint(0, 9))]
            )
        await end(api, parent, children)

    async with asyncio.timeout(60):
        *watched, _ = await asyncio.gather(watcher(), watcher(), watcher(), story())
    whole = [event["cursor"] for event in await seen(api, document, parent)]
    assert watched == [whole] * 3
    if document is EVENTS:
        assert whole == [
            number_cursor("event", parent, event.sequence)
            for event in await api.app.store.events(SCOPE, parent, limit=9999)
        ]


async def test_a_long_past_is_read_in_parts(api: Api) -> None:
    parent, (one, other) = await api.family()
    for _ in range(3):
        await api.app.store.tell(parent, [News(other, "output", 1.0, {"n": n}) for n in range(200)])
    await end(api, parent, [one, other])
    assert len(await seen(api, EVENTS, parent)) > 600
    assert len(await seen(api, EVENTS, one)) == 6


async def test_what_is_no_longer_kept_is_a_gap(api: Api) -> None:
    session_id = await api.create()
    await api.finish(session_id)
    before = await seen(api, EVENTS, session_id)
    prune(api, session_id, 3)
    gap, *rest = await seen(api, EVENTS, session_id)
    assert (gap["kind"], gap["data"]) == ("GAP", {"from": 1, "to": 3})
    assert [event["cursor"] for event in rest] == [event["cursor"] for event in before[3:]]
    assert await seen(api, EVENTS, session_id, gap["cursor"]) == rest
    assert await seen(api, EVENTS, session_id, rest[0]["cursor"]) == rest[1:]


@pytest.mark.parametrize("document", [EVENTS, CHANGES])
async def test_if_nothing_is_kept_the_gap_says_so(api: Api, document: str) -> None:
    parent, children = await api.family()
    await end(api, parent, children)
    prune(api, parent, 9999)
    (gap,) = await seen(api, document, parent)
    assert gap["kind"] == "GAP"
    assert await seen(api, document, parent, gap["cursor"]) == []


def prune(api: Api, root: str, upto: int) -> None:
    with sqlite3.connect(api.app.store.path) as connection:
        connection.execute("DELETE FROM events WHERE root = ? AND sequence <= ?", (root, upto))
    connection.close()


async def code(api: Api, **variables: Any) -> str:
    stream = await api.schema.subscribe(EVENTS, variable_values=variables, context_value=api.caller)
    result = await anext(stream) if hasattr(stream, "__aiter__") else stream
    (error,) = result.errors
    return str(error.extensions["code"])


async def test_a_session_that_is_not_there_cannot_be_watched(api: Api) -> None:
    assert await code(api, id="nonsense") == await code(api, id=session_gid("unknown")) == "not_found"


async def test_a_cursor_of_another_stream_or_of_the_future_is_refused(api: Api) -> None:
    one, other = await api.create(), await api.create()
    for cursor in ("x", "", number_cursor("event", other, 1), number_cursor("event", one, 99)):
        assert await code(api, id=session_gid(one), after=cursor) == "invalid_after"


async def test_a_watcher_that_leaves_leaves_nothing_behind(api: Api) -> None:
    session_id = await api.create()
    tasks = asyncio.all_tasks()
    stream = api.watch(EVENTS, id=session_gid(session_id))
    await anext(stream)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await stream.aclose()
    assert asyncio.all_tasks() == tasks


async def test_an_event_says_how_its_session_stood_and_why_a_step_began(api: Api) -> None:
    session_id = await api.create()
    await api.finish(session_id)
    await api.app.store.tell(session_id, [News(session_id, "output", 1.0, {"text": "late"})])
    document = "subscription($id: ID!) { sessionEvents(sessionId: $id) { kind status stepStatus reason } }"
    events = [tuple(event.values()) for event in await seen(api, document, session_id)]
    assert events[0] == ("SESSION_CREATED", "ACTIVE", None, None)
    kind, *told, reason = events[1]
    assert (kind, told) == ("INTERACTION_STARTED", ["ACTIVE", None])
    assert "the first step" in reason
    assert events[2] == ("INTERACTION_COMPLETED", "ACTIVE", "ok", None)
    assert events[-2:] == [("SESSION_CHANGED", "COMPLETE", None, None), ("OUTPUT", None, None, None)]
