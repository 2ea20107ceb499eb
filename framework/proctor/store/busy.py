"""Trying again while another process holds the database."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from proctor.errors import DatabaseBusy

TRIES = 30
"""So often something is tried; each try waits for some seconds."""
PAUSE_S = 0.1

T = TypeVar("T")


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Do it, and again while the database is busy: what was executed is in this process only, and must not be lost."""
    for _ in range(TRIES - 1):
        try:
            return await call()
        except DatabaseBusy:
            await asyncio.sleep(PAUSE_S)
    return await call()
