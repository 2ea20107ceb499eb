"""The event loop of a command: its calls in threads, its signals, and an end that nobody holds up."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from functools import partial
from threading import Thread
from types import FrameType
from typing import ParamSpec, TypeVar

from proctor.patience import GRACE_S, forsake
from proctor.watchdog import stranger

P = ParamSpec("P")
T = TypeVar("T")

DEFAULTS: Mapping[signal.Signals, Callable[[int, FrameType | None], object] | signal.Handlers] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}
OURS = ("asyncio.", "proctor.")
"""Beginnings of the modules that the handlers of our signals come from."""


class Threads(ThreadPoolExecutor):
    """Carries out blocking calls; a stranger's call gets a thread of its own, in which it holds up nobody.

    In the pool, a few calls that do not come back would leave no thread to all the others. The call runs in a copy of
    the stranger's context, so that what a step may not do, its calls may not do either.
    """

    def submit(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin a call."""
        if stranger() is None:
            return super().submit(call, *args, **kwargs)
        future: Future[T] = Future()
        arguments = (future, copy_context(), partial(call, *args, **kwargs))
        Thread(target=_carry_out, args=arguments, name="stranger", daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls. Ours are awaited by whoever made them; nobody waits for a stranger's."""
        super().shutdown(wait=False, cancel_futures=cancel_futures)


async def alone(main: Coroutine[None, None, T]) -> T:
    """Await the whole work of an event loop, and end what it left behind: nothing may hold up the end."""
    asyncio.get_running_loop().set_default_executor(Threads())
    try:
        return await main
    finally:
        await _end_all_others()


async def _end_all_others() -> None:
    """Cancel every other task, and what those begin meanwhile, for a grace; what is left then is forsaken."""
    loop, me = asyncio.get_running_loop(), asyncio.current_task()
    until = loop.time() + GRACE_S
    while (left := asyncio.all_tasks() - {me}) and loop.time() < until:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=until - loop.time())
    for task in left:
        forsake(task)


def _carry_out(future: Future[T], context: Context, call: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(context.run(call))
    except BaseException as error:  # noqa: BLE001 # whoever asked gets it
        future.set_exception(error)


def _hear_own_signals() -> None:
    """Let signals to a forked child be its own.

    It shares the descriptor by which our loop hears of ours. `multiprocessing` ends its children by SIGTERM: to us that
    would be an interrupt of the user, and to the child, with our handlers, nothing.
    """
    signal.set_wakeup_fd(-1)
    for number, default in DEFAULTS.items():
        if str(getattr(signal.getsignal(number), "__module__", "")).startswith(OURS):
            signal.signal(number, default)


os.register_at_fork(after_in_child=_hear_own_signals)
