"""Makes the new attempts at children that ended badly. Nothing is committed here."""

from collections.abc import Callable, Collection
from dataclasses import replace

from proctor.domain.head import Head
from proctor.domain.interaction import Command
from proctor.domain.json import EMPTY
from proctor.domain.orchestrator import NextStep, Orchestrator
from proctor.domain.scope import Scope
from proctor.domain.session import TERMINAL
from proctor.errors import NothingToRetry, SessionNotFound
from proctor.sessions.records import Records


class Retries:
    """Finds what may be tried again, and makes its successors."""

    def __init__(self, records: Records, *, clock: Callable[[], float], new_id: Callable[[], str]) -> None:
        self._records = records
        self._clock = clock
        self._new_id = new_id

    async def attempts(self, scope: Scope, head: Head, child_ids: Collection[str] | None) -> tuple[Head, ...]:
        """Make the successors of children whose newest attempt ended badly, with what they were handed at first.

        All of them, or those named. Raises SessionNotFound for a stranger's child, and NothingToRetry.
        """
        bad = await self._failed(scope, head, child_ids)
        spawning = await self._spawning(scope, head)
        if spawning is None and head.status not in TERMINAL and bad:
            raise NothingToRetry(session_id=head.id, reason="it has gone on without them")
        if spawning is None:
            return ()
        handed = {spec.key: spec.state for spec in spawning.children}
        now = self._clock()
        return tuple(
            Head(
                replace(child.birth, id=self._new_id(), attempt=child.birth.attempt + 1, created_at=now),
                paused=head.paused and head.status not in TERMINAL,
                state={**handed.get(child.birth.key, EMPTY), "replaces": child.id},
                version=1,
            )
            for child in bad
        )

    async def _failed(self, scope: Scope, head: Head, child_ids: Collection[str] | None) -> list[Head]:
        children = await self._records.store.children(scope, head.id)
        for unknown in set(child_ids or ()) - {child.id for child in children}:
            raise SessionNotFound(session_id=unknown)
        newest = {child.birth.key: child for child in children}
        return [
            child
            for child in newest.values()
            if child.status in ("failed", "cancelled") and (child_ids is None or child.id in child_ids)
        ]

    async def _spawning(self, scope: Scope, head: Head) -> Command | None:
        """Give the command whose children the session waits for, or will wait for when it is opened again.

        Raises NothingToRetry if the rule has no next step for it.
        """
        if head.status not in TERMINAL:
            return head.pending.command if head.pending is not None and head.parked == "children" else None
        following = Orchestrator(await self._records.workflow(scope, head)).get_next_interaction(head)
        if not isinstance(following, NextStep):
            raise NothingToRetry(session_id=head.id, reason=head.last_error or "its workflow knows no next step")
        last = head.last_completed
        if last is None or last.step != following.step:
            return None
        page = await self._records.store.interactions(scope, head.id, after=last.sequence - 1, limit=1)
        return page[0].command if page and page[0].command.children else None
