"""Waits for what may refuse to end, and always comes back."""

import asyncio
import ctypes
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

GRACE_S = 1.0
"""So long a call may take to end once it is cancelled, unless another grace is named."""


class Late(Exception):
    """A call took too long; the text says how long, and whether it ended at all, as a verb."""

    def __init__(self, seconds: float, *, ended: bool) -> None:
        self.ended = ended
        stubborn = "" if ended else ", and does not end when it is cancelled"
        super().__init__(late(seconds) + stubborn)


def late(seconds: float) -> str:
    """Say that an answer took too long."""
    return f"did not answer within {seconds:g} s"


async def within(seconds: float | None, call: Callable[[], Awaitable[T]], grace_s: float | None = None) -> T:
    """Await a call for so long and no longer; None: for as long as it takes. Raises Late, or what the call raises.

    It has a task of its own. If it takes too long, or we are cancelled, it is cancelled and left behind after a grace,
    ended or not: a call that swallows its cancellation cannot be ended, only forsaken.
    """
    task = asyncio.create_task(_outcome(call))
    try:
        await asyncio.sleep(0)  # most answers are there after one turn, and waiting costs more than they do
        if not task.done():
            await asyncio.wait([task], timeout=seconds)
    except asyncio.CancelledError:
        await _end(task, grace_s)
        raise
    if not task.done():
        assert seconds is not None
        raise Late(seconds, ended=await _end(task, grace_s))
    value, error = task.result()
    if error is not None:
        raise error
    return value[0]


async def _outcome(call: Callable[[], Awaitable[T]]) -> "tuple[tuple[T, ...], BaseException | None]":
    """Make what is raised a value: a task lets an exit or an interrupt out into the event loop."""
    try:
        return (await call(),), None
    except BaseException as error:  # noqa: BLE001 # raised again by who asked
        return (), error


async def _end(task: "asyncio.Task[T]", grace_s: float | None) -> bool:
    """Cancel a task, and tell whether it ended. One that does not is forsaken."""
    task.cancel()
    try:
        await asyncio.wait([task], timeout=GRACE_S if grace_s is None else grace_s)
    finally:
        if not task.done():
            forsake(task)
    return task.done()


def forsake(task: "asyncio.Task[T]") -> None:
    """Let the event loop and the interpreter end without a task.

    `asyncio.run` waits at its end for every task that it knows of. The interpreter closes a coroutine before it frees
    it, and one that swallows everything swallows that as well, for ever: so it is never freed.
    """
    asyncio._unregister_task(task)  # noqa: SLF001 # named in asyncio's page on extending it
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(task))
