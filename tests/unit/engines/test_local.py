"""What the embedded engine promises, with handlers that do as they are told."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from proctor.contracts.engine import Handler
from proctor.engines.local import LocalEngine

SECONDS = 10.0
NEVER = SECONDS * 2
"""Polling so rarely that a test which waits for it fails."""


class Facts:
    """What the store would say is due."""

    def __init__(self, *due: str) -> None:
        self.due: Sequence[str] = due

    async def __call__(self) -> Sequence[str]:
        return self.due


@asynccontextmanager
async def running(engine: LocalEngine, handler: Handler, slots: int = 1) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.ensure_future(engine.run(handler, slots))
    try:
        async with asyncio.timeout(SECONDS):
            yield task
    finally:
        task.cancel()
        await asyncio.wait((task,))


def idle() -> LocalEngine:
    return LocalEngine(Facts(), poll_s=NEVER)


@pytest.mark.parametrize("slots", [1, 3])
async def test_all_slots_are_used_and_never_more(slots: int) -> None:
    engine, at_once, most, left = idle(), 0, 0, 20
    done = asyncio.Event()

    async def handler(_session_id: str) -> None:
        nonlocal at_once, most, left
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        at_once, left = at_once - 1, left - 1
        if not left:
            done.set()

    engine.enqueue(str(number) for number in range(left))
    async with running(engine, handler, slots):
        await done.wait()
    assert most == slots


async def test_who_was_named_first_goes_first() -> None:
    engine, seen, done = idle(), [], asyncio.Event()

    async def handler(session_id: str) -> None:
        seen.append(session_id)
        if session_id == "c":
            engine.enqueue(["d", "a"])  # `a` waits already and keeps its place
        if session_id == "d":
            done.set()

    engine.enqueue(["c", "a", "b", "c"])
    async with running(engine, handler):
        await done.wait()
    assert seen == ["c", "a", "b", "d"]


async def test_a_session_is_never_advanced_twice_at_the_same_time_and_no_news_of_it_is_lost() -> None:
    engine, inside, turns, done = idle(), Counter[str](), Counter[str](), asyncio.Event()
    most = 0

    async def handler(session_id: str) -> None:
        nonlocal most
        inside[session_id] += 1
        turns[session_id] += 1
        most = max(most, inside[session_id])
        if turns[session_id] == 1:
            engine.enqueue([session_id, session_id])  # it may have read its head before this news
        for _ in range(5):
            await asyncio.sleep(0)
        inside[session_id] -= 1
        if turns == {"a": 2, "b": 2}:
            done.set()

    engine.enqueue("ab")
    async with running(engine, handler, 4):
        await done.wait()
    assert most == 1


async def test_an_engine_that_has_nothing_to_do_goes_on_as_soon_as_it_is_told() -> None:
    engine, advanced = idle(), asyncio.Event()

    async def handler(_session_id: str) -> None:
        advanced.set()

    async with running(engine, handler):
        for session_id in "ab":
            for _ in range(5):
                await asyncio.sleep(0)  # it waits by now
            advanced.clear()
            engine.enqueue(session_id)
            await advanced.wait()


async def test_what_no_message_told_of_is_found_by_asking_in_the_order_of_the_answer() -> None:
    facts, seen, done = Facts("urgent", "later"), [], asyncio.Event()

    async def handler(session_id: str) -> None:
        seen.append(session_id)
        if len(seen) == 2:
            done.set()

    async with running(LocalEngine(facts, poll_s=0.001), handler):
        await done.wait()
        facts.due = ()
    assert seen[:2] == ["urgent", "later"]


async def test_what_is_being_advanced_is_not_due() -> None:
    turns, asked = 0, asyncio.Event()

    class Again(Facts):
        async def __call__(self) -> Sequence[str]:
            if turns:
                asked.set()
            return self.due

    async def handler(_session_id: str) -> None:
        nonlocal turns
        turns += 1
        await asked.wait()
        facts.due = ()

    facts = Again("a")
    async with running(LocalEngine(facts, poll_s=0.001), handler, 2) as task:
        await asked.wait()
        await asyncio.wait((task,), timeout=0.02)
    assert turns == 1


class Awaited:
    """A handler that hangs, and takes its time to end; but for one, which fails once all others hang."""

    def __init__(self, others: int) -> None:
        self._others = others
        self.begun, self.ended = asyncio.Event(), 0
        self._inside = 0

    async def __call__(self, session_id: str) -> None:
        self._inside += 1
        if self._inside == self._others:
            self.begun.set()
        if session_id == "bad":
            await self.begun.wait()
            raise OSError("the disk is full")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            self.ended += 1


async def test_a_cancelled_engine_ends_with_all_its_handlers_ended() -> None:
    engine, handler = idle(), Awaited(3)
    engine.enqueue("abcd")
    async with running(engine, handler, 3) as task:
        await handler.begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert handler.ended == 3


async def test_the_exception_of_a_handler_ends_the_engine_and_all_other_handlers() -> None:
    engine, handler = idle(), Awaited(3)
    engine.enqueue(["a", "b", "bad"])
    async with running(engine, handler, 3) as task:
        with pytest.raises(OSError, match="the disk is full"):
            await task
        assert handler.ended == 2


async def test_a_question_that_fails_ends_the_engine() -> None:
    async def due() -> Sequence[str]:
        raise OSError("the disk is full")

    async def handler(_session_id: str) -> None:
        raise AssertionError

    async with running(LocalEngine(due, poll_s=0.001), handler) as task:
        with pytest.raises(OSError, match="the disk is full"):
            await task


async def test_what_runs_for_a_session_is_ended_and_its_slot_is_free_for_others() -> None:
    engine, handler = idle(), Awaited(1)
    engine.enqueue(["a"])
    async with running(engine, handler) as task:
        await handler.begun.wait()
        engine.cancel(["a"])
        engine.enqueue(["bad"])
        with pytest.raises(OSError, match="the disk is full"):  # `bad` got the slot
            await task
        assert handler.ended == 1


async def test_a_session_that_waits_is_forgotten_until_it_is_named_again() -> None:
    engine, seen, done = idle(), [], asyncio.Event()

    async def handler(session_id: str) -> None:
        seen.append(session_id)
        if session_id == "c":
            engine.enqueue(["a"])
        if session_id == "a":
            done.set()

    engine.enqueue("abc")
    engine.cancel("ab")
    async with running(engine, handler):
        await done.wait()
    assert seen == ["c", "a"]


async def test_a_handler_that_is_being_ended_is_not_disturbed_while_it_cleans_up() -> None:
    engine, begun, cleaning, clean, cleaned = idle(), asyncio.Event(), asyncio.Event(), asyncio.Event(), []

    async def handler(session_id: str) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cleaning.set()
            await clean.wait()
            cleaned.append(session_id)

    engine.enqueue("a")
    async with running(engine, handler) as task:
        await begun.wait()
        engine.cancel("a")
        await cleaning.wait()
        engine.cancel("a")
        task.cancel()
        for _ in range(5):
            await asyncio.sleep(0)
        clean.set()
        await asyncio.wait((task,))
    assert cleaned == ["a"]
