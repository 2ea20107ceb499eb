"""Whoever waits for a call comes back, whatever the call does."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from proctor import patience
from proctor.patience import Late, within

Call = Callable[[], Awaitable[None]]

STUBBORN = """
import asyncio
from proctor import patience

patience.GRACE_S = 0.05

async def stubborn():
    while True:
        try:
            await asyncio.sleep(3600)
        except BaseException:
            pass

async def main():
    try:
        await patience.within(0.05, stubborn)
    except patience.Late as late:
        print(late)

asyncio.run(main())
print("over")
"""


@pytest.fixture
async def stubborn(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Call]:
    """Give a call that does not end when it is cancelled, until the test is over."""
    monkeypatch.setattr(patience, "GRACE_S", 0.02)
    free, ended = asyncio.Event(), asyncio.Event()

    async def call() -> None:
        while not free.is_set():
            try:
                await free.wait()
            except asyncio.CancelledError:
                continue
        ended.set()

    yield call
    free.set()
    await ended.wait()


async def test_an_answer_comes_through() -> None:
    async def call() -> int:
        return 3

    assert await within(5, call) == 3


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt, asyncio.CancelledError, TimeoutError])
async def test_what_is_raised_comes_through(kind: type[BaseException]) -> None:
    async def call() -> None:
        raise kind

    with pytest.raises(kind):
        await within(5, call)


async def test_a_call_that_hangs_is_late() -> None:
    with pytest.raises(Late, match=r"^did not answer within 0.01 s$"):
        await within(0.01, asyncio.Event().wait)


async def test_a_call_that_swallows_its_cancellation_is_late_and_left_behind(stubborn: Call) -> None:
    with pytest.raises(Late, match=r"within 0.01 s, and does not end when it is cancelled"):
        await within(0.01, stubborn)


async def test_who_waits_for_it_can_be_cancelled(stubborn: Call) -> None:
    asking = asyncio.create_task(within(3600, stubborn))
    await asyncio.sleep(0.01)
    asking.cancel()
    done, _ = await asyncio.wait([asking], timeout=120)
    assert done
    assert asking.cancelled()


def test_the_event_loop_can_be_closed_without_it() -> None:
    done = subprocess.run([sys.executable, "-c", STUBBORN], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.splitlines()[-1] == "over"
    assert done.stderr == ""
