"""The kit for engines."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar

from proctor.contracts.conformity import Unfit, as_engine
from proctor.contracts.engine import Due, Engine, Handler
from proctor.testing.kit import Kit, rule

TURNS = 5


class EngineContract(Kit):
    """Every rule for an engine, with handlers that do as they are told.

        class TestQueue(EngineContract):
            engine = QueueEngine

            def open(self, due):
                return QueueEngine(due, poll_s=0.01)

    Override `open` if the engine needs more than the question what is due, or would take its time to ask it.
    """

    page = "docs/testing.md#engines"
    engine: ClassVar[type[Engine]]
    seconds: ClassVar[float] = 20.0
    """How long a delivery may take."""

    def open(self, due: Due) -> Engine:
        """Make the engine."""
        return self.engine(due)

    @rule()
    def test_it_is_what_the_entry_point_asks_for(self) -> None:
        """An engine is a subclass of Engine with all of its methods."""
        try:
            as_engine("", self.engine)
        except Unfit as error:
            raise AssertionError(f"{self.engine} cannot be used: {error}.") from error

    @rule()
    async def test_what_is_enqueued_is_handled(self) -> None:
        """Every session that was enqueued is handed to the handler at least once, before the engine runs or while."""
        engine, desk = self.open(_nothing), Desk(30)
        engine.enqueue(str(number) for number in range(10))
        async with self._running(engine, desk.handle, 3):
            engine.enqueue(str(number) for number in range(10, 30))
            missing = await desk.handled(self.seconds)
        assert not missing, f"Of 30 sessions {', '.join(missing)} never came."

    @rule()
    async def test_a_session_has_one_handler_at_a_time(self) -> None:
        """A session is never handed to two handlers at the same time, however often it is named."""
        engine, desk = self.open(_nothing), Desk(3)
        async with self._running(engine, desk.handle, 4):
            for _ in range(10):
                engine.enqueue("012")
                await asyncio.sleep(0)
            await desk.handled(self.seconds)
        assert desk.most_of_one == 1, f"One session had {desk.most_of_one} handlers at a time."

    @rule()
    async def test_slots_are_kept(self) -> None:
        """At most as many handlers run as there are slots, and all slots are used when there is enough to do."""
        for slots in (1, 3):
            engine, desk = self.open(_nothing), Desk(20, until=slots)
            engine.enqueue(str(number) for number in range(20))
            async with self._running(engine, desk.handle, slots):
                await desk.handled(self.seconds)
            assert desk.most == slots, f"With {slots} slots, {desk.most} handlers ran at a time."

    @rule()
    async def test_news_of_a_session_that_is_being_handled_is_not_lost(self) -> None:
        """A session that is enqueued while it is being handled is handled once more: it may not have seen the news."""
        engine, turns, done = self.open(_nothing), 0, asyncio.Event()

        async def handle(session_id: str) -> None:
            nonlocal turns
            turns += 1
            if turns == 1:
                engine.enqueue([session_id])
            else:
                done.set()

        engine.enqueue(["a"])
        async with self._running(engine, handle, 2):
            assert await self._in_time(done), "It was handled once, and its news was forgotten."

    @rule()
    async def test_what_no_message_told_of_is_found(self) -> None:
        """A lost message costs time and nothing else: what is due in the store is handled though nobody enqueued it."""
        desk, facts = Desk(2), ["0", "1"]

        async def due() -> Sequence[str]:
            return facts

        async with self._running(self.open(due), desk.handle, 1):
            missing = await desk.handled(self.seconds)
            facts.clear()
        assert not missing, f"{', '.join(missing)} was due for {self.seconds:g} s, and nobody came."

    @rule()
    async def test_cancelling_a_session_ends_its_handler(self) -> None:
        """Cancelling sessions cancels their handlers, frees their slots and forgets those that wait; others go on."""
        engine, hanging, other, seen = self.open(_nothing), Hanging(), asyncio.Event(), list[str]()

        async def handle(session_id: str) -> None:
            seen.append(session_id)
            if session_id == "hanging":
                await hanging.handle(session_id)
            elif session_id == "other":
                other.set()

        engine.enqueue(["hanging", "waiting"])
        async with self._running(engine, handle, 1):
            assert await self._in_time(hanging.begun), "The first session never came."
            engine.cancel(["hanging", "waiting"])
            engine.enqueue(["other"])
            assert await self._in_time(other), "The slot of a cancelled session was never free for another."
        assert hanging.ended == 1, "The handler of a cancelled session was not cancelled."
        assert "waiting" not in seen, "A session that was cancelled while it waited was handled."

    @rule()
    async def test_cancelling_the_engine_ends_all_handlers(self) -> None:
        """When the engine is cancelled, every handler is cancelled and awaited before the call ends."""
        engine, hanging = self.open(_nothing), Hanging(3)
        engine.enqueue("abc")
        async with self._running(engine, hanging.handle, 3) as running:
            assert await self._in_time(hanging.begun), "Three sessions with three slots were never handled together."
            running.cancel()
            await asyncio.wait((running,), timeout=self.seconds)
            assert running.cancelled(), "The call did not end by being cancelled."
            assert hanging.ended == 3, f"Of 3 handlers {hanging.ended} had ended when the call ended."

    @rule()
    async def test_an_exception_of_a_handler_ends_the_engine(self) -> None:
        """An exception of a handler ends the call and is raised, after all other handlers were ended."""
        engine, hanging = self.open(_nothing), Hanging(2)

        async def handle(session_id: str) -> None:
            if session_id == "bad":
                await hanging.begun.wait()
                raise OSError("the disk is full")
            await hanging.handle(session_id)

        engine.enqueue(["a", "b", "bad"])
        async with self._running(engine, handle, 3) as running:
            await asyncio.wait((running,), timeout=self.seconds)
            raised = running.exception() if running.done() and not running.cancelled() else None
            assert isinstance(raised, OSError), "The exception of a handler did not end the call."
            assert hanging.ended == 2, f"Of 2 other handlers {hanging.ended} had ended when the call ended."

    @asynccontextmanager
    async def _running(self, engine: Engine, handler: Handler, slots: int) -> AsyncIterator["asyncio.Future[None]"]:
        running = asyncio.ensure_future(engine.run(handler, slots))
        try:
            yield running
        finally:
            running.cancel()
            await asyncio.wait((running,), timeout=self.seconds)

    async def _in_time(self, event: asyncio.Event) -> bool:
        try:
            await asyncio.wait_for(event.wait(), self.seconds)
        except TimeoutError:
            return False
        return True


class Desk:
    """A handler that counts who is at work; `until` so many are, each waits for the others."""

    def __init__(self, sessions: int, *, until: int = 0) -> None:
        self._missing = {str(number) for number in range(sessions)}
        self._until = until
        self._inside = Counter[str]()
        self._all, self._enough = asyncio.Event(), asyncio.Event()
        self.most = self.most_of_one = 0

    async def handle(self, session_id: str) -> None:
        """Take a few turns of the loop to handle a session."""
        self._inside[session_id] += 1
        self.most = max(self.most, self._inside.total())
        self.most_of_one = max(self.most_of_one, self._inside[session_id])
        for _ in range(TURNS):
            await asyncio.sleep(0)
        if self._inside.total() >= self._until:
            self._enough.set()
        await self._enough.wait()
        self._inside[session_id] -= 1
        self._missing.discard(session_id)
        if not self._missing:
            self._all.set()

    async def handled(self, seconds: float) -> list[str]:
        """Wait until all were handled, and name those that were not in time."""
        try:
            await asyncio.wait_for(self._all.wait(), seconds)
        except TimeoutError:
            self._enough.set()
        return sorted(self._missing)


class Hanging:
    """A handler that never ends by itself, and takes a turn of the loop to clean up."""

    def __init__(self, wanted: int = 1) -> None:
        self._wanted = wanted
        self.begun = asyncio.Event()
        """Set when as many hang as were wanted."""
        self.ended = 0

    async def handle(self, _session_id: str) -> None:
        """Hang."""
        self._wanted -= 1
        if self._wanted == 0:
            self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            self.ended += 1


async def _nothing() -> Sequence[str]:
    return ()
