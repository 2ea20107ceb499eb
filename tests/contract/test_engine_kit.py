"""The kit for engines catches each an engine that breaks a rule, and says which."""

import asyncio
from collections.abc import Iterable

from contract.broken import Breaks

from proctor.contracts.engine import Due, Engine, Handler
from proctor.engines.local import LocalEngine
from proctor.testing import EngineContract


class Quick(LocalEngine):
    """Keeps every rule, and asks often."""

    def __init__(self, due: Due) -> None:
        super().__init__(due, poll_s=0.01)


def test_a_sound_engine_breaks_no_rule() -> None:
    assert Breaks(EngineContract, engine=Quick).rules == []


def broken_by(engine: type[Engine], seconds: float = 20.0) -> Breaks:
    """Name what an engine breaks; what it does well may take its time on a busy machine."""
    return Breaks(EngineContract, engine=engine, seconds=seconds)


def test_it_is_an_engine() -> None:
    class Unfinished(Engine):
        pass

    assert "does not implement" in broken_by(Unfinished)["it_is_what_the_entry_point_asks_for"]


class Forgetful(Quick):
    def enqueue(self, session_ids: Iterable[str]) -> None:
        super().enqueue(each for each in session_ids if each != "7")


def test_what_is_enqueued_is_handled() -> None:
    assert "7 never came" in broken_by(Forgetful, seconds=3.0)["what_is_enqueued_is_handled"]


class Eager(Engine):
    """Hands out whatever is named, at once; knows no slots and cancels nothing."""

    def __init__(self, due: Due) -> None:
        self._named: list[str] = []
        self._tasks: list[asyncio.Future[None]] = []

    def enqueue(self, session_ids: Iterable[str]) -> None:
        self._named += session_ids

    def cancel(self, session_ids: Iterable[str]) -> None:
        pass

    async def run(self, handler: Handler, slots: int) -> None:
        while True:
            for session_id in self._named:
                self._tasks.append(asyncio.ensure_future(handler(session_id)))
            self._named.clear()
            await asyncio.sleep(0)


def test_a_session_has_one_handler_at_a_time() -> None:
    assert "handlers at a time" in broken_by(Eager)["a_session_has_one_handler_at_a_time"]


def test_slots_are_kept() -> None:
    assert "With 1 slots, 20 handlers ran" in broken_by(Eager)["slots_are_kept"]


class Lazy(Quick):
    async def run(self, handler: Handler, slots: int) -> None:
        await super().run(handler, 1)


def test_slots_are_used() -> None:
    assert "With 3 slots, 1 handlers ran" in broken_by(Lazy, seconds=3.0)["slots_are_kept"]


class Deaf(Quick):
    def enqueue(self, session_ids: Iterable[str]) -> None:
        super().enqueue(each for each in session_ids if each not in self._running)


def test_news_is_not_lost() -> None:
    told = broken_by(Deaf, seconds=0.3)["news_of_a_session_that_is_being_handled_is_not_lost"]
    assert "its news was forgotten" in told


def test_what_no_message_told_of_is_found() -> None:
    assert "0, 1 was due for 0.3 s" in broken_by(Eager, seconds=0.3)["what_no_message_told_of_is_found"]


class Stubborn(Quick):
    def cancel(self, session_ids: Iterable[str]) -> None:
        pass


def test_cancelling_a_session_ends_its_handler() -> None:
    assert "never free" in broken_by(Stubborn, seconds=3.0)["cancelling_a_session_ends_its_handler"]


class Mindful(Quick):
    def cancel(self, session_ids: Iterable[str]) -> None:
        for session_id in session_ids:
            self._end(session_id)


def test_cancelling_forgets_those_that_wait() -> None:
    told = broken_by(Mindful)["cancelling_a_session_ends_its_handler"]
    assert "cancelled while it waited was handled" in told


def test_cancelling_the_engine_ends_all_handlers() -> None:
    assert "Of 3 handlers 0 had ended" in broken_by(Eager)["cancelling_the_engine_ends_all_handlers"]


def test_an_exception_of_a_handler_ends_the_engine() -> None:
    told = broken_by(Hushing, seconds=0.3)["an_exception_of_a_handler_ends_the_engine"]
    assert "did not end the call" in told


class Hushing(Quick):
    async def run(self, handler: Handler, slots: int) -> None:
        async def hushed(session_id: str) -> None:
            await asyncio.gather(handler(session_id), return_exceptions=True)

        await super().run(hushed, slots)
