"""Whatever is forgotten, and whenever: what goes on replays, and what is left is whole or says what is gone."""

import asyncio
import tempfile
from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from replay.test_any_run import Made, deeds, do, limits, scripts
from replay_runs import SCOPE, Run

from proctor.contracts.retention import Terms
from proctor.contracts.store import Store
from proctor.domain.head import Head
from proctor.domain.session import TERMINAL, Limits
from proctor.errors import EventsForgotten
from proctor.history import read, record, replay, write
from proctor.registry import Registry
from proctor.store import open_store

LATER = 10e9
pieces = st.tuples(st.sampled_from([Terms(events=LATER), Terms(events=LATER, sessions=LATER)]), st.integers(0, 12))
acts = st.tuples(st.integers(0, 1), deeds, pieces)


async def heads_of(store: Store, root: str) -> Sequence[Head]:
    return await store.descendants(SCOPE, root)


async def check(store: Store, root: str) -> None:
    """See that a tree is whole, or says what is gone, or is not there."""
    heads, tree = await heads_of(store, root), await store.tree(SCOPE, root)
    if tree is None:
        assert (heads, await store.head(SCOPE, root)) == ([], None)
        return
    events = [event.sequence for event in await store.events(SCOPE, root, limit=10_000)]
    assert events == list(range(tree.forgotten + 1, tree.events + 1))
    assert len(heads) == tree.sessions
    for head in heads:
        closed = await store.interactions(SCOPE, head.id, limit=1000)
        assert [each.sequence for each in closed] == list(range(1, head.sequence + 1))
    if tree.forgotten:
        with pytest.raises(EventsForgotten, match=f"The first {tree.forgotten} events"):
            await record(store, SCOPE, root, version="0")
    else:
        history = read(write(await record(store, SCOPE, root, version="0")))
        assert (await replay(history, Registry())).divergences == ()


async def lived(
    acted: Sequence[tuple[int, str, tuple[Terms, int]]], script: dict[str, list[Made]], limit: Limits
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = await open_store(f"sqlite:///{folder}/proctor.db", clock=lambda: 1.0)
        try:
            runs = [Run(store, scripts={"shop.prices": [script]}, limits=limit) for _ in range(2)]
            for number, run in enumerate(runs):
                run._ids = count(1 + number * 1000)
                await run.begin()
            for number, (which, deed, (terms, slices)) in enumerate(acted):
                if heads := await heads_of(store, runs[which].root):
                    await do(runs[which], deed, number)
                before = {run.root: await heads_of(store, run.root) for run in runs}
                for _ in range(slices):
                    await store.prune(terms)
                for root, heads in before.items():
                    await check(store, root)
                    if any(head.status not in TERMINAL for head in heads):
                        assert await heads_of(store, root) == heads
            for run in runs:
                run.clock.now += 3600  # whoever left something undone is gone by now
                await run.go_on()
                assert all(head.status in TERMINAL or head.paused for head in await heads_of(store, run.root))
                await check(store, run.root)
        finally:
            await store.close()


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(acts, max_size=8), scripts, limits)
def test_what_goes_on_replays_and_the_rest_is_whole_or_says_what_is_gone(
    acted: list[tuple[int, str, tuple[Terms, int]]], script: dict[str, list[Made]], limit: Limits
) -> None:
    asyncio.run(lived(acted, script, limit))
