import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from proctor.errors import DatabaseUnusable
from proctor.store.batch import Batch
from proctor.store.database import connect, prepare
from proctor.store.writer import LIMIT, Writer


def _nobody(_: Mapping[str, int]) -> None:
    """Hear the news."""


@asynccontextmanager
async def _writer(folder: Path) -> AsyncIterator[Writer]:
    prepare(folder / "proctor.db")
    writer = Writer(folder / "proctor.db", _nobody)
    writer._connection.execute("CREATE TABLE notes (text TEXT) STRICT")
    try:
        yield writer
    finally:
        await writer.close()


class Note:
    """A request that writes one line."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self, batch: Batch) -> str:
        batch.execute("INSERT INTO notes VALUES (?)", (self.text,))
        return self.text


class Flawed(Note):
    """A request that fails after it has written."""

    def __call__(self, batch: Batch) -> str:
        super().__call__(batch)
        raise LookupError(self.text)


class Gate(Note):
    """A request that keeps the writer busy until it is opened."""

    def __init__(self, text: str = "gate") -> None:
        super().__init__(text)
        self.reached, self.open = threading.Event(), threading.Event()

    def __call__(self, batch: Batch) -> str:
        self.reached.set()
        assert self.open.wait(30)
        return super().__call__(batch)


def _notes(folder: Path) -> list[str]:
    connection = connect(folder / "proctor.db")
    try:
        return [text for (text,) in connection.execute("SELECT text FROM notes ORDER BY rowid")]
    finally:
        connection.close()


def test_a_request_is_answered_once_it_is_durable(tmp_path: Path) -> None:
    async def story() -> None:
        async with _writer(tmp_path) as writer:
            assert await writer.write(Note("a")) == "a"
            assert _notes(tmp_path) == ["a"]

    asyncio.run(story())


def test_the_requests_of_one_tick_are_one_transaction(tmp_path: Path) -> None:
    async def story() -> list[str]:
        async with _writer(tmp_path) as writer:
            statements: list[str] = []
            writer._connection.set_trace_callback(statements.append)
            await asyncio.gather(*(writer.write(Note(str(n))) for n in range(50)))
            return statements

    statements = asyncio.run(story())
    assert statements.count("BEGIN IMMEDIATE") == statements.count("COMMIT") == 1


def test_a_request_that_fails_takes_back_its_own_writes_alone(tmp_path: Path) -> None:
    async def story() -> list[object]:
        async with _writer(tmp_path) as writer:
            requests = (Note("a"), Flawed("b"), Note("c"))
            return await asyncio.gather(*map(writer.write, requests), return_exceptions=True)

    first, second, third = asyncio.run(story())
    assert (first, third) == ("a", "c")
    assert isinstance(second, LookupError)
    assert _notes(tmp_path) == ["a", "c"]


def test_who_is_cancelled_while_waiting_disturbs_nobody(tmp_path: Path) -> None:
    async def story() -> None:
        async with _writer(tmp_path) as writer:
            gate = Gate()
            first = asyncio.create_task(writer.write(gate))
            await asyncio.to_thread(gate.reached.wait, 30)
            second, third = (asyncio.create_task(writer.write(Note(text))) for text in "bc")
            await asyncio.sleep(0)
            first.cancel()
            second.cancel()
            gate.open.set()
            assert await third == "c"
            with suppress(asyncio.CancelledError):
                await second
            assert await writer.write(Note("d")) == "d"

    asyncio.run(story())


def test_a_full_disk_is_said_and_work_goes_on_when_there_is_room(tmp_path: Path) -> None:
    async def story() -> list[object]:
        async with _writer(tmp_path) as writer:
            await writer.write(Note("kept"))
            (pages,) = writer._connection.execute("PRAGMA page_count").fetchone()
            writer._connection.execute(f"PRAGMA max_page_count = {pages + 1}")
            batch = (Note("small"), Note("x" * 100_000), Note("too"))
            failures = await asyncio.gather(*map(writer.write, batch), return_exceptions=True)
            assert _notes(tmp_path) == ["kept"]
            writer._connection.execute("PRAGMA max_page_count = 1000000")
            await writer.write(Note("again"))
            return failures

    failures = asyncio.run(story())
    assert [type(failure) for failure in failures] == [DatabaseUnusable] * 3
    assert "disk is full" in str(failures[0])
    assert _notes(tmp_path) == ["kept", "again"]


def test_a_writer_that_is_closed_says_so(tmp_path: Path) -> None:
    async def story() -> None:
        async with _writer(tmp_path) as writer:
            await writer.close()
            with pytest.raises(DatabaseUnusable, match="closed"):
                await writer.write(Note("late"))

    asyncio.run(story())


def test_more_requests_than_there_is_room_for_wait_and_are_all_written(tmp_path: Path) -> None:
    async def story() -> None:
        async with _writer(tmp_path) as writer:
            await asyncio.gather(*(writer.write(Note(str(n))) for n in range(LIMIT + 100)))

    asyncio.run(story())
    assert _notes(tmp_path) == [str(n) for n in range(LIMIT + 100)]


def test_closing_turns_away_those_who_wait_for_room(tmp_path: Path) -> None:
    async def story() -> list[object]:
        async with _writer(tmp_path) as writer:
            waiting = [asyncio.create_task(writer.write(Note(str(n)))) for n in range(LIMIT + 5)]
            await asyncio.sleep(0)
            await writer.close()
            return await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 30)

    outcomes = asyncio.run(story())
    assert len(_notes(tmp_path)) == LIMIT
    assert [type(outcome) for outcome in outcomes[LIMIT:]] == [DatabaseUnusable] * 5


def test_a_database_held_by_a_stranger_fails_the_batch_and_not_the_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_: object) -> None:
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        raise error

    async def story() -> None:
        async with _writer(tmp_path) as writer:
            with monkeypatch.context() as patched:
                patched.setattr("proctor.store.writer.Batch", busy)
                with pytest.raises(Exception, match="Try again"):
                    await writer.write(Note("a"))
            assert await writer.write(Note("b")) == "b"

    asyncio.run(story())
