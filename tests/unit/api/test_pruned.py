"""Whoever watches what the store has forgotten is told so: a gap in front of what is left, and then the end."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from api_world import Api
from factories import SCOPE

from proctor.api.feed import Feed
from proctor.api.ids import number_cursor, session_gid
from proctor.contracts.retention import Terms
from proctor.domain.event import Event

LATER = 10e9
EVENTS = "subscription($id: ID!, $after: String) { sessionEvents(sessionId: $id, after: $after) { cursor kind data } }"


async def seen(api: Api, session_id: str, after: int) -> list[Any]:
    cursor = number_cursor("event", session_id, after)
    async with asyncio.timeout(20):
        return [event async for event in api.watch(EVENTS, id=session_gid(session_id), after=cursor)]


async def forget(api: Api, terms: Terms) -> None:
    while await api.app.store.prune(terms):
        pass


@pytest.mark.parametrize("after", [0, 2])
async def test_a_reader_with_an_older_cursor_gets_a_gap(api: Api, after: int) -> None:
    session_id = await api.create()
    await api.finish(session_id)
    last = (await api.app.store.events(SCOPE, session_id))[-1].sequence
    await forget(api, Terms(events=LATER))
    (gap,) = await seen(api, session_id, after)
    assert (gap["kind"], gap["data"]) == ("GAP", {"from": after + 1, "to": last})
    assert await seen(api, session_id, last) == []


async def test_nothing_is_lost_between_a_gap_and_what_follows_it(api: Api) -> None:
    """Events that are forgotten while a page is read are in its gap."""
    session_id = await api.create()
    await api.finish(session_id)
    head = await api.app.sessions.head(SCOPE, session_id)

    class Late(Feed):
        async def _events(self, after: int, limit: int) -> Sequence[Event]:
            events = await super()._events(after, limit)
            await forget(api, Terms(events=LATER))
            return events

    (gap,) = await Late(api.app.store, SCOPE, head).past(0, 100)
    assert (gap.kind, gap.data["from"], gap.data["to"]) == ("gap", 1, gap.sequence)


async def test_a_session_that_is_forgotten_is_not_found(api: Api) -> None:
    session_id = await api.create()
    await api.finish(session_id)
    await forget(api, Terms(sessions=LATER))
    asked = "query($id: ID!) { session(id: $id) { id } }"
    assert await api.ask(asked, id=session_gid(session_id)) is None
