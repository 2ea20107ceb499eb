"""Whatever happens to a run, its history is decided the same once more."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence

from component_world import World, broken_file
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from replay_runs import FAULT, SCOPE, Run, failing

from proctor import Result, Usage
from proctor.domain.session import Limits
from proctor.errors import ProctorError
from proctor.history import Replayed, read, record, replay, write
from proctor.registry import Registry
from proctor.store import open_store

AGENTS = ("generate_tests", "fix_tests")
CHECKS = ("run_tests", "check_stability", "check_coverage")
Made = Result | Callable[[World], Result]
answers: st.SearchStrategy[Made] = st.sampled_from(
    [FAULT, Result("error", error_message="no"), Result("warning"), Result("odd"), lambda world: world.written()]
)
checks: st.SearchStrategy[Made] = st.sampled_from(
    [FAULT, broken_file(), Result("ok", {"report": 1}), failing("test_a"), failing("test_a", "test_b")]
)
scripts = st.fixed_dictionaries(
    {}, optional={step: st.lists(answers if step in AGENTS else checks, max_size=4) for step in (*AGENTS, *CHECKS)}
)
limits = st.builds(
    Limits, st.integers(1, 3), st.integers(1, 3), st.integers(0, 2), st.integers(1, 2), st.integers(1, 2),
    seconds=st.sampled_from([None, 10.0]), tokens=st.sampled_from([None, 1, 3]), sessions=st.sampled_from([2, 4, 99]),
)  # fmt: skip
deeds = st.sampled_from(["go on", "leave", "pause", "cancel a child", "cancel", "retry", "let time pass"])


async def happened(scripts: Sequence[dict[str, list[Made]]], limits: Limits, deeds: Sequence[str]) -> Replayed:
    with tempfile.TemporaryDirectory() as folder:
        store = await open_store(f"sqlite:///{folder}/proctor.db")
        try:
            run = Run(
                store, scripts={"shop.prices": scripts, "shop.stock": scripts[::-1]}, limits=limits, usage=Usage(1)
            )
            await run.begin()
            for number, deed in enumerate(deeds):
                await do(run, deed, number)
            await run.go_on()
            document = write(await record(store, SCOPE, run.root, version="0"))
        finally:
            await store.close()
    return await replay(read(document), Registry())


async def do(run: Run, deed: str, number: int) -> None:
    """Take a few turns, then do something to the run, if that can be done now."""
    turns = iter(range(number + 1))
    left = await run.go_on(until=lambda _started: next(turns, None) is None)
    heads = await run.store.descendants(SCOPE, run.root)
    child = heads[number % len(heads)].id
    try:
        match deed:
            case "leave":
                run.clock.now += 3600
                return
            case "pause":
                await run.sessions.pause(SCOPE, run.root)
                await run.sessions.resume(SCOPE, run.root)
            case "cancel a child":
                await run.sessions.cancel(SCOPE, child)
            case "cancel":
                await run.sessions.cancel(SCOPE, run.root)
            case "let time pass":
                await run.sessions.count_time(SCOPE, run.root, 6.0)
            case "retry":
                await run.sessions.retry(SCOPE, child)
        if left is not None:
            await run.submit(left, run.executed(left))
    except ProctorError:  # it cannot be done now
        run.clock.now += 3600


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(scripts, min_size=1, max_size=3), limits, st.lists(deeds, max_size=6))
def test_the_history_of_any_run_is_decided_the_same_once_more(
    scripts: list[dict[str, list[Made]]], limits: Limits, deeds: list[str]
) -> None:
    again = asyncio.run(happened(scripts, limits, deeds))
    assert again.divergences == ()
    assert [note for note in again.notes if "taken from the record" not in note] == []
