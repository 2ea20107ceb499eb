"""Bugs to be planted in the process that runs proctor, so that a harness shows that it can fail."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

from proctor import owner, runner
from proctor.domain.head import Head, Pending
from proctor.domain.scope import Scope
from proctor.errors import StaleFence
from proctor.executors import surroundings
from proctor.sessions import Sessions, service
from proctor.store.batch import Batch
from proctor.store.writer import Request, Writer

HEAD_START_S = 0.01
"""Enough to act on an answer that came too early."""


def asks_again() -> None:
    """Give up a result that is stored and not judged yet, and have its command executed again."""
    due = Sessions._due

    def forgetful(self: Sessions, head: Head, owner: str | None) -> str:
        stored = head.pending is not None and head.pending.raw is not None and head.parked is None
        return "abandon" if stored else due(self, head, owner)

    Sessions._due = forgetful  # type: ignore[assignment,method-assign] # planted


def forgets_folders() -> None:
    """Leave the folders of the dead where they are."""
    from proctor.app import app

    app.sweep = lambda _folder: []  # planted


def publishes_blindly() -> None:
    """Make a new branch without looking whether the commit has one already."""
    from proctor.workspace import branch

    branch.already_at = lambda *_, **__: None  # type: ignore[assignment] # planted


def speaks_early() -> None:
    """Acknowledge before the commit."""
    transact = Writer._transact

    def hasty(self: Writer, requests: list[Request[object]]) -> Mapping[str, int]:
        batch_finish = Batch.finish

        def finish(batch: Batch) -> dict[str, int]:
            for request in requests:
                self._loop.call_soon_threadsafe(request.settle)
            time.sleep(HEAD_START_S)
            return batch_finish(batch)

        Batch.finish = finish  # type: ignore[method-assign] # planted
        try:
            return transact(self, requests)
        finally:
            Batch.finish = batch_finish  # type: ignore[method-assign] # taken back

    Writer._transact = hasty  # type: ignore[method-assign] # planted


def ignores_the_fence() -> None:
    """Take the result of whoever comes."""

    def any_fence(head: Head, _fence: int) -> Pending | None:
        return head.pending

    service._check_fence = any_fence  # type: ignore[assignment] # planted


def limits_by_the_wall_clock() -> None:
    """Take the time of limits and pauses from the clock that people set."""
    asyncio.BaseEventLoop.time = lambda _loop: time.time()  # type: ignore[method-assign] # planted


def trusts_leases() -> None:
    """Take what is under way for lost once its lease is over, though nobody else has it."""
    renew = Sessions.renew

    async def strict(self: Sessions, scope: Scope, session_id: str, fence: int) -> float:
        head = await self.head(scope, session_id)
        if (head.lease_until or 0.0) < time.time():
            raise StaleFence(session_id=session_id, fence=fence, current=head.fence)
        return await renew(self, scope, session_id, fence)

    Sessions.renew = strict  # type: ignore[method-assign] # planted


def waits_for_nobody() -> None:
    """Take a database that is busy for one that cannot be used."""

    def at_once(call: Callable[[], Awaitable[object]]) -> Awaitable[object]:
        return call()

    runner.patiently = surroundings.patiently = at_once  # type: ignore[assignment,attr-defined] # planted


def sees_nobody() -> None:
    """Take every other process for dead. That is no bug: so it is in another container on the same machine."""
    owner.alive = lambda other: other == owner.myself()  # planted


BUGS: Mapping[str, Callable[[], None]] = {
    bug.__name__: bug
    for bug in (
        asks_again,
        forgets_folders,
        ignores_the_fence,
        limits_by_the_wall_clock,
        publishes_blindly,
        sees_nobody,
        speaks_early,
        trusts_leases,
        waits_for_nobody,
    )
}
