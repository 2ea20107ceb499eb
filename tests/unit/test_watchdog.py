"""Whoever blocks the event loop is named, with the place, while it is still blocked."""

import asyncio
import logging
import re
import threading
from collections.abc import Iterator
from contextvars import Context

import pytest

from proctor.watchdog import Watchdog, doing, watching

SECONDS = 20.0
"""Every wait has an end."""


class Told(logging.Handler):
    """Keeps what the watchdog says, and sets an event at the first thing and one at the second."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.first, self.second = threading.Event(), threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(f"{record.levelname}: {record.getMessage()}")
        (self.second if self.first.is_set() else self.first).set()


@pytest.fixture
def told() -> Iterator[Told]:
    handler, log = Told(), logging.getLogger("proctor.watchdog")
    log.addHandler(handler)
    yield handler
    log.removeHandler(handler)


async def block(told: Told, text: str) -> None:
    with doing(text):
        await asyncio.sleep(0)
        assert told.first.wait(SECONDS)


async def test_a_plugin_that_blocks_is_named_with_its_place_and_again_when_it_goes_on(told: Told) -> None:
    with watching(after_s=0.4, every_s=0.01):
        async with asyncio.timeout(SECONDS):
            await block(told, "step work of acme 1.0")
            await asyncio.to_thread(told.second.wait, SECONDS)
    blocked, free = told.said
    assert blocked.startswith("ERROR: step work of acme 1.0 has blocked the event loop for ")
    assert re.search(r", at \S*threading.py:\d+ in wait\. ", blocked)
    assert free.startswith("ERROR: step work of acme 1.0 let the event loop go on after ")


async def test_the_task_that_blocks_is_named_and_not_one_that_waits(told: Told) -> None:
    async def wait() -> None:
        with doing("step patient of acme 1.0"):
            await asyncio.sleep(SECONDS)

    waiting = asyncio.ensure_future(wait())
    with watching(after_s=0.4, every_s=0.01):
        await asyncio.ensure_future(block(told, "step greedy of acme 1.0"))
    waiting.cancel()
    assert "step greedy of acme 1.0" in told.said[0]


async def test_who_asks_somebody_else_has_the_word_again_afterwards(told: Told) -> None:
    with watching(after_s=0.4, every_s=0.01), doing("outer"):
        with doing("inner"):
            pass
        assert told.first.wait(SECONDS)
    assert told.said[0].startswith("ERROR: outer has blocked")


async def test_whoever_left_a_task_or_a_callback_behind_is_named(told: Told) -> None:
    async def later() -> None:
        assert told.first.wait(SECONDS)

    loop, waiting = asyncio.get_running_loop(), asyncio.Event()
    with doing("step tidy of acme 1.0", stranger=True):
        task = asyncio.ensure_future(later())
    with watching(after_s=0.4, every_s=0.01):
        await task
    told.first.clear()
    with doing("step tidy of acme 1.0", stranger=True):
        loop.call_soon(lambda: (told.first.wait(SECONDS), waiting.set()))
    with doing("step other of acme 1.0", stranger=True), watching(after_s=0.4, every_s=0.01):
        await waiting.wait()
    blocked = [line for line in told.said if "has blocked" in line]
    assert re.match(r"ERROR: the task \S+ of step tidy of acme 1.0 has blocked", blocked[0])
    assert blocked[1].startswith("ERROR: a callback of step tidy of acme 1.0 has blocked")


async def test_where_nothing_tells_whose_a_callback_is_the_likely_stranger_is_named(told: Told) -> None:
    waiting = asyncio.Event()
    with doing("step tidy of acme 1.0", stranger=True):
        pass
    asyncio.get_running_loop().call_soon(lambda: (told.first.wait(SECONDS), waiting.set()), context=Context())
    with watching(after_s=0.4, every_s=0.01):
        await waiting.wait()
    assert told.said[0].startswith("ERROR: a callback, probably of step tidy of acme 1.0, has blocked")


async def test_what_nobody_named_is_told_with_its_place(told: Told) -> None:
    with watching(after_s=0.4, every_s=0.01):
        assert told.first.wait(SECONDS)
    assert told.said[0].startswith("ERROR: the task ")


class Late(threading.Event):
    """Its first wait is in vain, as that of a process that stood still meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = threading.Event()
        self._waits = 0

    def wait(self, timeout: float | None = None) -> bool:
        self._waits += 1
        if self._waits == 1:
            return False
        came = super().wait(timeout)
        self.passed.set()
        return came


async def test_that_the_whole_process_stood_still_is_no_ones_fault(told: Told) -> None:
    watchdog = Watchdog(asyncio.get_running_loop(), after_s=SECONDS, every_s=0.001)
    watchdog._answered = answered = Late()
    running = asyncio.ensure_future(asyncio.to_thread(watchdog.run))
    await asyncio.to_thread(answered.passed.wait, SECONDS)
    watchdog.end()
    await running
    assert told.said == []


async def test_a_loop_that_answers_is_left_alone(told: Told) -> None:
    with watching(after_s=SECONDS, every_s=0.001):
        for _ in range(20):
            await asyncio.sleep(0.001)
    assert told.said == []
    assert "proctor-watchdog" not in [thread.name for thread in threading.enumerate()]
