"""Five hundred children at once, on one SQLite file."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

import pytest
from factories import SCOPE, Echo, Plugins

from proctor import ChildSpec, Command, Scope, Session, Workflow
from proctor.contracts.store import Store
from proctor.engines.local import LocalEngine
from proctor.runner import Runner
from proctor.sessions import Draft, Sessions

CHILDREN = 500
STEPS = ("first", "second", "third")


class Spawn(Echo):
    """Wants all of them."""

    async def get_command(self, scope: Scope, session: Session, options: object) -> Command:
        return Command("spawn_sessions", children=tuple(ChildSpec(f"{n:03}", "line", {}) for n in range(CHILDREN)))


async def test_all_complete_and_the_stream_has_no_gap(store: Store, new_id: Callable[[], str]) -> None:
    line, family = Workflow("line", STEPS), Workflow("family", ("spawn", "close"), spawns=("line",))
    parent = [Spawn("spawn", "spawn_sessions"), Echo("close")]
    plugins = Plugins([line, family], {"line": [Echo(step) for step in STEPS], "family": parent})
    engine = LocalEngine(lambda: store.due(root, time.time()))
    sessions = Sessions(
        store, plugins, clock=time.time, new_id=new_id, on_ready=lambda _birth, ids: engine.enqueue(ids)
    )
    runner = Runner(sessions, plugins, lambda *_: None, scope=SCOPE, owner="me")
    root, ended = (await sessions.create(SCOPE, Draft("family", {}))).id, asyncio.Event()

    async def advance(session_id: str) -> None:
        await runner.advance(session_id)
        if session_id == root and (await sessions.head(SCOPE, root)).status == "complete":
            ended.set()

    engine.enqueue([root])
    working = asyncio.ensure_future(engine.run(advance, slots=CHILDREN))
    waiting = asyncio.ensure_future(ended.wait())
    await asyncio.wait((working, waiting), timeout=240, return_when=asyncio.FIRST_COMPLETED)
    working.cancel()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):  # and not what went wrong before
        await working

    heads = await store.descendants(SCOPE, root)
    assert Counter(head.status for head in heads) == {"complete": CHILDREN + 1}
    assert {head.sequence for head in heads if head.id != root} == {len(STEPS)}
    events = []
    while more := await store.events(SCOPE, root, after=len(events)):
        events.extend(more)
    assert [event.sequence for event in events] == [*range(1, len(events) + 1)]
    told = Counter(event.kind for event in events)
    assert told["interaction_completed"] == CHILDREN * len(STEPS) + 2
    assert told["session_changed"] == CHILDREN + 1
    assert told["interaction_abandoned"] == 0
