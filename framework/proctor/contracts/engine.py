"""The contract of an engine: it gets "advance session X" delivered to some runner.

Delivery is at least once and may be late; correctness never rests on it. What is due is a fact in the store: an
engine that lost a message finds it there.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import ClassVar

Due = Callable[[], Awaitable[Sequence[str]]]
"""Names the sessions that can go on now, the most urgent first."""

Handler = Callable[[str], Awaitable[None]]
"""Advances one session as far as it goes."""


class Engine(ABC):
    """Delivers sessions to a handler. Register the class under the entry-point group `proctor.engines`."""

    contract: ClassVar[int] = 1
    """The version of this contract that it was written for."""

    @abstractmethod
    def __init__(self, due: Due) -> None:
        """Take the question that finds what no message told of."""

    @abstractmethod
    def enqueue(self, session_ids: Iterable[str]) -> None:
        """Say that these sessions can go on. Called after the commit that made it so."""

    @abstractmethod
    def cancel(self, session_ids: Iterable[str]) -> None:
        """Cancel the handlers that run for these sessions, and forget those that wait."""

    @abstractmethod
    async def run(self, handler: Handler, slots: int) -> None:
        """Hand sessions to `handler`, at most `slots` at once, until cancelled.

        Then every handler that still runs is cancelled and awaited. An exception of a handler ends the call; the
        end of one that was cancelled does not.
        """
