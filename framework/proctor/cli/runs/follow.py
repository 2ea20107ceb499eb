"""Drives a tree and shows it until it has ended, or the user has had enough."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from proctor.app import App, Begun
from proctor.cli.lazy import CANCELLED
from proctor.cli.program import command
from proctor.cli.runs.screen import Screen
from proctor.cli.wording import SHORT_ID

OWNER_CHECK_S = 2.0
LAST_NEWS_S = 3.0
"""How long the news of the end may take once the process that brought it about has let go."""
NEWS_PAUSE_S = 0.1


async def follow(app: App, begun: Begun, screen: Screen, *, jobs: int | None = None) -> None:
    """Drive a tree, or only watch it if another process does, until it has ended.

    The first interrupt cancels the tree (or ends the watching, if that is all), the second ends this process.
    """
    root = begun.session_id
    work = asyncio.ensure_future(
        _watched(app, root, screen) if begun.attached else _all(_watch(app, root, screen), app.drive(root, jobs=jobs))
    )
    cancelling: list[asyncio.Future[None]] = []

    def interrupted() -> None:
        if begun.attached:
            work.cancel()
        else:
            screen.say("cancelling… (Ctrl-C again to end at once)")
            cancelling.append(asyncio.ensure_future(_or_give_up(app.cancel(root), work)))

    way = command(f"sessions show {root[:SHORT_ID]}{screen.database}")
    farewell = f"Ended at once. `{way}` says how far it came, and how to go on."
    with _interrupts(interrupted, screen.out or sys.stdout, farewell):
        async with screen.open():
            try:
                await asyncio.wait((work,))
            finally:
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
            if not work.cancelled():
                work.result()
        if cancelling:
            await asyncio.gather(*cancelling)
            await _watch(app, root, screen)
        await _hear_the_rest(app, root, screen)


async def _all(*work: Coroutine[object, object, object]) -> None:
    """Wait for all of it; if any fails, the rest is cancelled."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _watch(app: App, root: str, screen: Screen) -> None:
    async for event in app.watch(root, after=screen.view.seen):
        screen.tell(event, screen.view.apply(event))


async def _hear_the_rest(app: App, root: str, screen: Screen) -> None:
    """Hear of the components that end after their root: what is cancelled is cancelled from the top down."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LAST_NEWS_S):
            while screen.view.outlived():
                await asyncio.sleep(NEWS_PAUSE_S)
                await _watch(app, root, screen)


async def _watched(app: App, root: str, screen: Screen) -> None:
    """Watch a tree until it has ended or nobody drives it any more."""
    watching = asyncio.ensure_future(_watch(app, root, screen))
    try:
        while not watching.done() and not await app.stranded(root):
            await asyncio.wait((watching,), timeout=OWNER_CHECK_S)
        await asyncio.wait_for(watching, LAST_NEWS_S)
    except TimeoutError:
        way = command(f"sessions continue {root[:SHORT_ID]}{screen.database}")
        screen.say(f"nobody runs this session any more; `{way}` goes on with it")
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _or_give_up(cancelling: Coroutine[object, object, None], work: asyncio.Future[None]) -> None:
    try:
        await cancelling
    except BaseException:
        work.cancel()
        raise


@contextmanager
def _interrupts(first: Callable[[], None], out: TextIO, farewell: str) -> Iterator[None]:
    """Hand the first interrupt of the block to `first`; the second ends the process at once, with a last word."""
    loop, met = asyncio.get_running_loop(), False

    def meet() -> None:
        nonlocal met
        if met:
            with suppress(OSError, ValueError):  # nobody reads any more
                _show_cursor(out)
                os.write(2, f"{farewell}\n".encode())
            os._exit(CANCELLED)
        met = True
        first()

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        loop.add_signal_handler(number, meet)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


def _show_cursor(out: TextIO) -> None:
    if out.isatty():
        out.write("\x1b[?25h\n")
        out.flush()
