"""Work is brought to its end, and a cancellation is never lost."""

import asyncio

import pytest

from proctor.finish import finish


async def begun(work: "asyncio.Task[None]") -> None:
    """Cancel work that has begun."""
    await asyncio.sleep(0)
    work.cancel()
    await asyncio.sleep(0)


async def test_work_ends_before_the_cancellation_follows() -> None:
    go, done = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await go.wait()
        done.set()

    task = asyncio.create_task(finish(work()))
    await begun(task)
    assert not task.done()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done.is_set()


async def test_the_cancellation_follows_work_that_fails_as_well() -> None:
    go = asyncio.Event()

    async def work() -> None:
        await go.wait()
        raise ValueError("out of paper")

    task = asyncio.create_task(finish(work()))
    await begun(task)
    go.set()
    with pytest.raises(asyncio.CancelledError) as raised:
        await task
    assert isinstance(raised.value.__cause__, ValueError)


async def test_what_work_raises_comes_through() -> None:
    async def work() -> None:
        raise ValueError("out of paper")

    with pytest.raises(ValueError, match="out of paper"):
        await finish(work())
