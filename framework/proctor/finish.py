"""Brings work to its end that must not be given up half-way."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")


async def finish(work: Coroutine[None, None, T]) -> T:
    """Await work that has an end, however often we are cancelled meanwhile. The cancellation follows afterwards.

    It goes before what the work raised, which is its cause then.
    """
    task = asyncio.ensure_future(work)
    cancelled = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled:
        raise cancelled from task.exception()
    return task.result()
