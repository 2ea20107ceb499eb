"""Notices that the event loop does not answer, and says which plugin blocks it and where.

A plugin runs in our event loop. One that computes or waits there without `await` holds up every session, and no time
limit can end it: the clock that would is in the same loop. A thread of its own still sees it. What holds the
interpreter's lock as well, such as a long regular expression, is told only when it lets go.
"""

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar

AFTER_S = 2.0
"""A loop that has not answered for so long is blocked."""
EVERY_S = 1.0
PARTS = 10
"""That time is waited for in so many parts. A process that stood still, as after Ctrl-Z, has lost only one of them."""

_log = logging.getLogger("proctor.watchdog")
_doing: dict["asyncio.Task[object] | None", str] = {}
"""What each task is asking at the moment. Read by another thread: each access is a single one."""
_suspects: list[str] = []
"""The stranger who got the word last, if any did."""
_stranger: ContextVar[str | None] = ContextVar("stranger", default=None)
"""The stranger on whose behalf something runs: what it is asked, and the tasks and callbacks that it leaves behind."""
_RUNS_A_CALLBACK = asyncio.Handle._run.__code__  # noqa: SLF001 # every task and callback is run by it


@contextmanager
def doing(text: str, *, stranger: bool = False) -> Iterator[None]:
    """Say who has the word in the current task while the block lasts."""
    task = asyncio.current_task()
    before = _doing.get(task)
    _doing[task] = text
    token = _stranger.set(text if stranger else _stranger.get())
    if stranger:
        _suspects[:] = [text]
    try:
        yield
    finally:
        _stranger.reset(token)
        if before is None:
            del _doing[task]
        else:
            _doing[task] = before


def suspect() -> str | None:
    """Name the stranger who got the word last: the likely one if all work of this process was ended from inside."""
    return _suspects[0] if _suspects else None


def stranger() -> str | None:
    """Name the stranger on whose behalf the caller runs; None if there is none."""
    return _stranger.get()


@contextmanager
def watching(*, after_s: float = AFTER_S, every_s: float = EVERY_S) -> Iterator[None]:
    """Watch the running event loop while the block lasts; a blockage is told as an error of `proctor.watchdog`."""
    watchdog = Watchdog(asyncio.get_running_loop(), after_s, every_s)
    thread = threading.Thread(target=watchdog.run, name="proctor-watchdog", daemon=True)
    thread.start()
    try:
        yield
    finally:
        watchdog.end()
        thread.join()


class Watchdog:
    """Asks an event loop, again and again, whether it still answers. Made in the loop's own thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, after_s: float, every_s: float) -> None:
        self._loop = loop
        self._thread = threading.get_ident()
        self._after_s = after_s
        self._every_s = every_s
        self._answered = threading.Event()
        self._over = threading.Event()

    def run(self) -> None:
        """Watch until `end` is called."""
        while not self._over.wait(self._every_s):
            self._answered.clear()
            if self._over.is_set():
                return
            asked = time.monotonic()
            self._loop.call_soon_threadsafe(self._answered.set)
            if not any(self._answered.wait(self._after_s / PARTS) for _ in range(PARTS)):
                self._tell(asked)

    def end(self) -> None:
        """Have the thread end at once."""
        self._over.set()
        self._answered.set()

    def _tell(self, asked: float) -> None:
        """Tell that the loop is blocked, and, when it goes on, for how long it was."""
        who, where = self._who(), self._where()
        _log.error(
            "%s has blocked the event loop for %.3g s, at %s. Nothing else goes on until it lets go: "
            "a plugin may await, but not wait or compute for long.",
            who,
            time.monotonic() - asked,
            where,
        )
        self._answered.wait()
        if not self._over.is_set():
            _log.error("%s let the event loop go on after %.3g s", who, time.monotonic() - asked)

    def _who(self) -> str:
        """Name who has the word: who was asked, else who left it behind, else who may have."""
        task = asyncio.current_task(self._loop)
        if (asked := _doing.get(task)) is not None:
            return asked
        what = f"the task {task.get_name()}" if task else "a callback"
        if (context := self._context()) is not None and (left_by := context.get(_stranger)):
            return f"{what} of {left_by}"
        return f"{what}, probably of {suspect()}," if suspect() else what

    def _context(self) -> Context | None:
        """Find the context of what the loop runs now; None where the loop is not asyncio's own."""
        frame = sys._current_frames().get(self._thread)  # noqa: SLF001 # documented, for tools like this
        while frame is not None and frame.f_code is not _RUNS_A_CALLBACK:
            frame = frame.f_back
        context = None if frame is None else frame.f_locals["self"]._context  # noqa: SLF001 # nothing else tells
        return context if isinstance(context, Context) else None

    def _where(self) -> str:
        frame = sys._current_frames().get(self._thread)  # noqa: SLF001 # documented, for tools like this
        if frame is None:
            return "an unknown place"
        return f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"
