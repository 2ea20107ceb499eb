"""The one writer of a store: what is asked for while it works becomes its next transaction."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

from proctor.errors import DatabaseUnusable
from proctor.store.batch import Batch
from proctor.store.database import Turn, connect, explained

LIMIT = 1024
"""Requests under way; the next one waits until there is room."""

T = TypeVar("T")


@dataclass(slots=True)
class Request(Generic[T]):
    """Something to write, and who waits for it."""

    work: Callable[[Batch], T]
    future: asyncio.Future[T]
    answer: T | None = None
    error: Exception | None = None

    def settle(self) -> None:
        """Tell whoever still waits."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.answer)  # type: ignore[arg-type]  # T itself may be None
        else:
            self.future.set_exception(self.error)


class Writer:
    """A thread with a connection of its own, fed from one event loop.

    The requests of one tick of the loop are handed over together. All that is queued is written in one transaction,
    each request in its own savepoint, and all are answered in one call back into the loop.
    """

    def __init__(self, path: Path, tell: Callable[[Mapping[str, int]], None]) -> None:
        self._path = path
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._turn = Turn(path)
        self._connection = connect(path)
        self._room = asyncio.Semaphore(LIMIT)
        self._tick: list[Request[object]] = []
        self._queue: SimpleQueue[list[Request[object]] | None] = SimpleQueue()
        self._closing = False
        self._thread = Thread(target=self._run, name="proctor-store", daemon=True)
        self._thread.start()

    async def write(self, work: Callable[[Batch], T]) -> T:
        """Have `work` done in the next transaction, and return once that is durable.

        Who is cancelled while waiting does not know whether it was written.
        """
        await self._room.acquire()
        if self._closing:
            self._room.release()
            raise DatabaseUnusable(database=self._path, reason="it was closed")
        future: asyncio.Future[T] = self._loop.create_future()
        if not self._tick:
            self._loop.call_soon(self._hand_over)
        self._tick.append(Request(work, future))  # type: ignore[arg-type]  # each request knows its own type
        return await future

    async def close(self) -> None:
        """Finish what is queued and end the thread."""
        if not self._closing:
            self._closing = True
            self._hand_over()
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _hand_over(self) -> None:
        if self._tick:
            self._queue.put(self._tick)
            self._tick = []

    def _settle(self, requests: list[Request[object]], news: Mapping[str, int]) -> None:
        for request in requests:
            self._room.release()
            request.settle()
        self._tell(news)

    def _run(self) -> None:
        try:
            while requests := self._take():
                news = self._answer(requests)
                with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                    self._loop.call_soon_threadsafe(self._settle, requests, news)
        finally:
            self._connection.close()
            self._turn.close()

    def _take(self) -> list[Request[object]]:
        taken: list[Request[object]] = []
        with suppress(Empty):
            item = self._queue.get()
            while item is not None:
                taken += item
                item = self._queue.get_nowait()
            if taken:
                self._queue.put(None)  # the end is seen again once these are written
        return taken

    def _answer(self, requests: list[Request[object]]) -> Mapping[str, int]:
        try:
            with self._turn.taken():
                return self._transact(requests)
        except Exception as error:  # noqa: BLE001  # whatever it is, those who wait must hear of it
            for request in requests:
                request.error = explained(self._path, error)
            return {}

    def _transact(self, requests: list[Request[object]]) -> Mapping[str, int]:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            batch = Batch(connection)
            for request in requests:
                self._attempt(batch, request)
            news = batch.finish()
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return news

    def _attempt(self, batch: Batch, request: Request[object]) -> None:
        batch.execute("SAVEPOINT request")
        try:
            request.answer = request.work(batch)
        except sqlite3.OperationalError:  # the disk, a lock: the whole transaction is in doubt
            raise
        except Exception as error:  # noqa: BLE001  # this request alone has failed
            batch.execute("ROLLBACK TO request")
            request.error = explained(self._path, error)
        batch.execute("RELEASE request")
