"""Notices a coroutine that keeps the event loop from others."""

import asyncio
import time
from collections.abc import Coroutine
from typing import TypeVar

from proctor.testing.witness import watched

T = TypeVar("T")

EVERY_S = 0.005
HELD_S = 0.5
"""So much processor time may go by in one go."""


async def check_beat(coroutine: Coroutine[object, object, T]) -> T:
    """Run a coroutine, and see that others get their turn meanwhile and that nothing is printed."""
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        while True:
            before = time.thread_time()
            await asyncio.sleep(EVERY_S)
            longest = max(longest, time.thread_time() - before)

    beating = asyncio.ensure_future(beat())
    try:
        with watched() as seen:
            await asyncio.sleep(0)
            answer = await coroutine
            await asyncio.sleep(2 * EVERY_S)
    finally:
        beating.cancel()
    slept = [deed for deed in seen.deeds if deed.startswith("slept")]
    assert not slept, f"It {slept[0]}. Await `asyncio.sleep`."
    assert longest <= HELD_S, f"It kept the event loop to itself for {longest:.2f} s. Use a process or a thread."
    assert not seen.printed, f"It printed {seen.printed[:80]!r}. Emit an Activity."
    return answer
