"""Gives what a plugin was asked for, or blames it: whatever else it does harms nobody."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from proctor.contracts.agent import AgentResult
from proctor.contracts.answers import flaw, raised
from proctor.domain.interaction import Command, Outcome, Result
from proctor.patience import Late, within
from proctor.restraint import staying
from proctor.watchdog import doing

LARGEST = 64 * 1024**2
"""Bytes of an answer."""
TOO_LARGE = f"gave an answer that is too large: more than {LARGEST // 1024**2} MiB"

Answer = TypeVar("Answer", Command, Outcome, Result, AgentResult)


class Blamed(Exception):
    """A plugin did not do its part; the text says what it did, as a verb."""


async def answered(
    call: Callable[[], Awaitable[Answer]],
    kind: type[Answer],
    *,
    who: str,
    stranger: bool,
    seconds: float | None = None,
    grace_s: float | None = None,
    but: tuple[type[Exception], ...] = (),
) -> Answer:
    """Await a plugin's answer, for so long and no longer, and look at it. Raises Blamed, or what `but` names.

    The watchdog knows it as `who`. A stranger's call gets a task of its own: it may refuse to end, and is left behind
    `grace_s` after it was cancelled.
    """

    async def called() -> Answer:
        with doing(who, stranger=stranger), staying():
            return await call()

    with blaming(*but):
        return checked(await (within(seconds, called, grace_s) if stranger else _limited(seconds, called)), kind)


@contextmanager
def blaming(*but: type[Exception]) -> Iterator[None]:
    """Make whatever a plugin raises while the block lasts a blame, but for our own cancellation and what is named."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, (Blamed, *but)):
            raise
        if isinstance(error, asyncio.CancelledError) and (task := asyncio.current_task()) and task.cancelling():
            raise
        raise Blamed(str(error) if isinstance(error, Late) else raised(error)) from error


def checked(value: object, kind: type[Answer]) -> Answer:
    """Give an answer that can be worked with and stored. Raises Blamed, or what looking at a strange value raises."""
    if not isinstance(value, kind):
        raise Blamed(f"gave {type(value).__name__} where {kind.__name__} was expected")
    if (wrong := flaw(value)) is not None:
        raise Blamed(f"gave what cannot be used: {wrong}")
    return value


def within_bounds(text: bytes) -> bytes:
    """Give an answer as it is written down. Raises Blamed if it is too large: what is, belongs into blobs."""
    if len(text) > LARGEST:
        raise Blamed(TOO_LARGE)
    return text


async def _limited(seconds: float | None, call: Callable[[], Awaitable[Answer]]) -> Answer:
    """Await what ends when it is cancelled, without a task of its own. Raises Late."""
    try:
        async with asyncio.timeout(seconds) as limit:
            return await call()
    except TimeoutError:
        if seconds is not None and limit.expired():
            raise Late(seconds, ended=True) from None
        raise
