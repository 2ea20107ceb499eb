"""A gap is told to those who have one, and to nobody else."""

import asyncio
import sqlite3
from typing import Any

import orjson
import pytest
from api_world import Api

from proctor.api import fanout as module
from proctor.api.execution import Execution
from proctor.api.fanout import Fanout, Reader
from proctor.api.ids import number_cursor, session_gid
from proctor.api.limits import Limits
from proctor.api.operation import Operation
from proctor.api.resumption import Resumable, resumable
from proctor.domain.event import News

EVENTS = "subscription($id: ID!, $after: String) { sessionEvents(sessionId: $id, after: $after) { kind data } }"


def watching(execution: Execution, session_id: str, after: int | None = None) -> Resumable:
    cursor = None if after is None else number_cursor("event", session_id, after)
    ready = execution.ready(Operation(EVENTS, variables={"id": session_gid(session_id), "after": cursor}))
    return resumable(ready, execution.schema)


async def said(reader: Reader) -> tuple[str, Any]:
    async with asyncio.timeout(20):
        event = orjson.loads((await anext(reader)).payload)["data"]["sessionEvents"]
    return event["kind"], event["data"]


async def tell(api: Api, session_id: str, *numbers: int) -> None:
    await api.app.store.tell(session_id, [News(session_id, "output", 1.0, {"n": number}) for number in numbers])


def prune(api: Api, root: str, upto: int) -> None:
    with sqlite3.connect(api.app.store.path) as connection:
        connection.execute("DELETE FROM events WHERE root = ? AND sequence <= ?", (root, upto))
    connection.close()


@pytest.fixture
def execution(api: Api) -> Execution:
    return Execution(api.schema, Limits())


async def test_a_gap_is_not_taken_for_the_last_event_that_was_lost(
    api: Api, execution: Execution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FRAMES", 2)
    session_id, fanout = await api.create(), Fanout(execution)
    await tell(api, session_id, 2, 3, 4)
    async with fanout.follow(watching(execution, session_id), api.caller) as first:
        assert [await said(first) for _ in range(4)][1:] == [("OUTPUT", {"n": n}) for n in (2, 3, 4)]
        prune(api, session_id, 3)
        async with fanout.follow(watching(execution, session_id), api.caller) as late:
            assert await said(late) == ("GAP", {"from": 1, "to": 3})
            assert await said(late) == ("OUTPUT", {"n": 4})


async def test_each_gap_reaches_back_to_where_its_reader_began(api: Api, execution: Execution) -> None:
    session_id, fanout = await api.create(), Fanout(execution)
    await tell(api, session_id, 2, 3, 4)
    prune(api, session_id, 3)
    everything, behind = watching(execution, session_id), watching(execution, session_id, 1)
    async with fanout.follow(everything, api.caller) as one, fanout.follow(behind, api.caller) as other:
        assert await said(one) == ("GAP", {"from": 1, "to": 3})
        assert await said(other) == ("GAP", {"from": 2, "to": 3})
        assert await said(one) == await said(other) == ("OUTPUT", {"n": 4})
        (group,) = fanout.groups.values()
        await tell(api, session_id, 5)
        assert await said(one) == await said(other) == ("OUTPUT", {"n": 5})
        assert len(group.streams) == 1
