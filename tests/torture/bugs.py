"""Bugs to be planted in the process that runs proctor, so that a harness shows that it can fail."""

import time
from collections.abc import Callable, Mapping

from proctor import owner
from proctor.domain.head import Head, Pending
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
    from proctor.workspace import workspaces

    async def blind(*_: object, **__: object) -> None:
        return None

    workspaces.published_as = blind  # type: ignore[assignment] # planted


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


def sees_nobody() -> None:
    """Take every other process for dead. That is no bug: so it is in another container on the same machine."""
    owner.alive = lambda other: other == owner.myself()  # planted


BUGS: Mapping[str, Callable[[], None]] = {
    bug.__name__: bug
    for bug in (asks_again, forgets_folders, ignores_the_fence, publishes_blindly, sees_nobody, speaks_early)
}
