"""Cancels a call at an await of one's choice."""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Generic, TypeVar

from proctor.patience import within
from proctor.testing.kit import SECONDS

T = TypeVar("T")

FIRST = 10
"""So many awaits are tried one by one; after them ever fewer."""


class CancelledAt(Generic[T]):
    """Awaits a coroutine and cancels the task that does so when the coroutine waits for the nth time."""

    def __init__(self, coroutine: Coroutine[object, object, T], at: int) -> None:
        self._coroutine = coroutine
        self._at = at
        self.reached = False
        """Whether it came so far; else it ended before."""

    def __await__(self) -> Generator[object, object, T]:
        waits, value, error = 0, None, None
        while True:
            try:
                waited_for = self._coroutine.throw(error) if error else self._coroutine.send(value)
            except StopIteration as ended:
                result: T = ended.value
                return result
            if waits == self._at and (task := asyncio.current_task()) is not None:
                self.reached = True
                task.cancel()
            waits += 1
            value, error = None, None
            try:
                value = yield waited_for
            except BaseException as thrown:  # noqa: BLE001 # handed on to the coroutine
                error = thrown


async def cancelled_at(
    coroutine: Coroutine[object, object, T], at: int, seconds: float = SECONDS
) -> tuple[bool, T | None]:
    """Cancel a call when it waits for the nth time: whether it came so far, and what it answered if it did not end.

    Raises Late if nothing of both happens.
    """
    call = CancelledAt(coroutine, at)

    async def awaited() -> T:
        return await call

    try:
        answer = await within(seconds, awaited)
    except asyncio.CancelledError:
        return True, None
    return call.reached, answer


def moments(most: int = 60) -> Generator[int, bool, None]:
    """Give the waits at which to cancel: 0, 1, 2… and, beyond the first few, in growing steps."""
    at = 0
    while at < most:
        yield at
        at += 1 if at < FIRST else at // 4
