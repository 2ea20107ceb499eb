"""What many wait for is watched once, and only while somebody waits."""

import asyncio

import pytest

from proctor.api.vigil import Vigil


class Watches:
    """Ends when it is told to, and knows what runs."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.running = 0
        self.end = asyncio.Event()

    async def watch(self, key: str) -> None:
        self.begun.append(key)
        self.running += 1
        try:
            await self.end.wait()
        finally:
            self.running -= 1


async def begun(vigil: Vigil, *keys: str) -> list["asyncio.Task[None]"]:
    tasks = [asyncio.create_task(vigil.over(key)) for key in keys]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_all_who_wait_for_one_thing_share_a_watch() -> None:
    watches = Watches()
    tasks = await begun(Vigil(watches.watch), "a", "b", "a", "a")
    assert watches.begun == ["a", "b"]
    watches.end.set()
    await asyncio.wait_for(asyncio.gather(*tasks), 20)


async def test_who_gives_up_disturbs_nobody_and_the_last_one_ends_the_watch() -> None:
    watches = Watches()
    first, second = await begun(Vigil(watches.watch), "a", "a")
    for task, running in ((first, 1), (second, 0)):
        task.cancel()
        await asyncio.wait({task})
        await asyncio.sleep(0)
        assert (task.cancelled(), watches.running) == (True, running)


async def test_what_is_waited_for_again_is_watched_anew() -> None:
    watches = Watches()
    watches.end.set()
    vigil = Vigil(watches.watch)
    await vigil.over("a")
    await vigil.over("a")
    assert watches.begun == ["a", "a"]


async def test_a_watch_that_fails_is_told_to_all() -> None:
    async def fails(_: str) -> None:
        raise RuntimeError("broken")

    tasks = await begun(Vigil(fails), "a", "a")
    for task in tasks:
        with pytest.raises(RuntimeError, match="broken"):
            await task
