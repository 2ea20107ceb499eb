"""Everybody gets every event once and in order, and an event is executed once for all who ask the same."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import orjson
import pytest
from api_server import Log

from proctor.api import fanout as module
from proctor.api.caller import Caller
from proctor.api.documents import Rejected
from proctor.api.execution import Execution
from proctor.api.fanout import Fanout
from proctor.api.operation import Operation
from proctor.api.resumption import Resumable, resumable
from proctor.domain.scope import Scope

TICKS = "subscription ($after: String, $size: Int) { ticks(after: $after) { number text(size: $size) } }"


@pytest.fixture
def fanout(execution: Execution) -> Fanout:
    return Fanout(execution)


def asking(execution: Execution, after: int | None = None, text: str = TICKS, **variables: object) -> Resumable:
    variables = variables if after is None else {"after": str(after), **variables}
    return resumable(execution.ready(Operation(text, variables=variables)), execution.schema)


async def numbers(fanout: Fanout, subscription: Resumable, caller: Caller, count: int = 10**9) -> Sequence[int]:
    return [number async for number in _read(fanout, subscription, caller, count)]


async def _read(fanout: Fanout, subscription: Resumable, caller: Caller, count: int) -> AsyncIterator[int]:
    async with asyncio.timeout(60), fanout.follow(subscription, caller) as frames:
        async for frame in frames:
            yield orjson.loads(frame.payload)["data"]["ticks"]["number"]
            count -= 1
            if not count:
                return


async def settled() -> None:
    for _ in range(100):
        await asyncio.sleep(0)


async def test_an_event_is_executed_once_for_all_who_ask_the_same(
    fanout: Fanout, execution: Execution, caller: Caller, log: Log
) -> None:
    readers = [asyncio.create_task(numbers(fanout, asking(execution), caller)) for _ in range(50)]
    await settled()
    assert log.sources == 1
    for number in range(1, 21):
        await log.tell(number, over=number == 20)
    assert await asyncio.gather(*readers) == [[*range(1, 21)]] * 50
    assert log.executions == 20
    assert (log.sources, fanout.groups) == (0, {})


async def test_who_begins_elsewhere_joins_once_caught_up(
    fanout: Fanout, execution: Execution, caller: Caller, log: Log
) -> None:
    await log.tell(*range(1, 11))
    readers = [asyncio.create_task(numbers(fanout, asking(execution, after), caller)) for after in (0, 3, 7, 9)]
    await settled()
    await log.tell(11)
    await settled()
    executions = log.executions
    assert log.sources == 1
    await log.tell(12, 13, over=True)
    assert await asyncio.gather(*readers) == [[*range(after + 1, 14)] for after in (0, 3, 7, 9)]
    assert log.executions == executions + 2


@pytest.mark.parametrize(
    "other",
    [
        {"scope": Scope("acme", "local", "local")},
        {"scope": Scope("local", "other", "local")},
        {"scope": Scope("local", "local", "ann")},
        {"role": "viewer"},
    ],
    ids=str,
)
async def test_nothing_is_shared_with_another_scope_or_role(
    fanout: Fanout, execution: Execution, caller: Caller, log: Log, other: dict[str, object]
) -> None:
    await log.tell(1, over=True)
    both = (caller, replace(caller, **other))  # type: ignore[arg-type] # fields of the parameters above
    assert await asyncio.gather(*(numbers(fanout, asking(execution), each) for each in both)) == [[1], [1]]
    assert log.executions == 2


async def test_nothing_is_shared_between_other_variables(
    fanout: Fanout, execution: Execution, caller: Caller, log: Log
) -> None:
    await log.tell(1, over=True)
    asked = [asking(execution, size=1), asking(execution, size=2)]
    await asyncio.gather(*(numbers(fanout, each, caller) for each in asked))
    assert log.executions == 2


async def test_equal_numbers_of_other_types_are_other_variables(execution: Execution) -> None:
    asked = {asking(execution, size=value).question for value in (1, True, 1.0, "1", [1], {"a": 1}, None)}
    assert len(asked) == 7


@pytest.mark.parametrize("frames", [1, 4])
@pytest.mark.parametrize("seed", range(4))
async def test_readers_of_any_pace_that_leave_and_return_see_every_event_once_and_in_order(
    fanout: Fanout,
    execution: Execution,
    caller: Caller,
    log: Log,
    monkeypatch: pytest.MonkeyPatch,
    frames: int,
    seed: int,
) -> None:
    monkeypatch.setattr(module, "FRAMES", frames)
    dice, last = random.Random(seed), 120  # dice, no secret

    async def reader(seed: float) -> list[int]:
        pace = random.Random(seed)  # dice, no secret
        seen: list[int] = []
        while not seen or seen[-1] < last:
            subscription = asking(execution, seen[-1] if seen else None)
            async for number in _read(fanout, subscription, caller, pace.randint(1, 40)):
                seen.append(number)
                for _ in range(pace.choice((0, 0, 1, 50))):
                    await asyncio.sleep(0)
        return seen

    readers = [asyncio.create_task(reader(dice.random())) for _ in range(12)]
    for number in range(1, last + 1):
        await log.tell(number, over=number == last)
        for _ in range(dice.choice((0, 1, 5))):
            await asyncio.sleep(0)
    assert await asyncio.gather(*readers) == [[*range(1, last + 1)]] * 12
    assert (log.sources, fanout.groups) == (0, {})


async def test_who_does_not_read_holds_nobody_up_and_little_memory(
    fanout: Fanout, execution: Execution, caller: Caller, log: Log
) -> None:
    async with fanout.follow(asking(execution), caller) as stuck:
        await log.tell(1)
        first = await anext(stuck)
        quick = asyncio.create_task(numbers(fanout, asking(execution), caller))
        await log.tell(*range(2, 1001), over=True)
        assert await quick == [*range(1, 1001)]
        (group,) = fanout.groups.values()
        assert sum(len(stream.frames) for stream in group.streams) <= module.FRAMES
        assert first.cursor == "1"
        assert [frame.cursor async for frame in stuck] == [str(number) for number in range(2, 1001)]


async def test_one_that_is_cancelled_while_it_waits_disturbs_nobody(
    fanout: Fanout, execution: Execution, caller: Caller, log: Log
) -> None:
    first = asyncio.create_task(numbers(fanout, asking(execution), caller))
    second = asyncio.create_task(numbers(fanout, asking(execution), caller))
    await settled()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await log.tell(1, 2, over=True)
    assert await second == [1, 2]


async def test_a_source_that_fails_fails_for_those_who_read_it_alone(
    fanout: Fanout, execution: Execution, caller: Caller, log: Log
) -> None:
    bad = asking(execution, text='subscription { ticks(after: "boom") { number } }')
    good = asyncio.create_task(numbers(fanout, asking(execution), caller))
    with pytest.raises(Rejected, match="Something went wrong"):
        await numbers(fanout, bad, caller)
    await log.tell(1, over=True)
    assert await good == [1]
    assert fanout.groups == {}


@pytest.mark.parametrize(
    "text",
    [
        "subscription { ticks { number } }",
        'subscription { ticks(after: "1") { number } }',
        'subscription ($after: String = "1") { ticks(after: $after) { number } }',
        "subscription A { ticks { ...f } } fragment f on Tick { number }",
    ],
)
async def test_any_document_can_be_made_to_begin_elsewhere(
    fanout: Fanout, execution: Execution, caller: Caller, log: Log, text: str
) -> None:
    await log.tell(1, 2, 3, 4, over=True)
    ready = execution.ready(Operation(text))
    assert await numbers(fanout, resumable(ready, execution.schema, last="2"), caller) == [3, 4]
