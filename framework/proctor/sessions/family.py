"""What is done to a session and all below it: cancel, pause, resume, retry."""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace

from proctor.contracts.store import Change
from proctor.domain import head as heads
from proctor.domain import news as news_of
from proctor.domain.head import Head
from proctor.domain.scope import Scope
from proctor.domain.session import TERMINAL
from proctor.errors import Conflict, NothingToRetry, SessionClosed
from proctor.sessions import idempotency
from proctor.sessions.records import TRIES, Records
from proctor.sessions.retries import Retries


class Family:
    """Goes from a session downwards: a parent comes before its children, so that it cannot spawn meanwhile."""

    def __init__(self, records: Records, *, clock: Callable[[], float], new_id: Callable[[], str]) -> None:
        self._records = records
        self._clock = clock
        self._retries = Retries(records, clock=clock, new_id=new_id)

    async def cancel(self, scope: Scope, session_id: str, key: str | None = None) -> None:
        """Cancel a session and everything below it."""
        head = await self._records.head(scope, session_id)
        if await self._records.said(session_id, "cancel", key) is not None and head.status not in TERMINAL:
            return  # it was opened again since
        for _ in range(TRIES):
            if head.status in TERMINAL:
                break
            now = self._clock()
            cancelled, closed = heads.cancel(head, now)
            news = (*news_of.abandoned(cancelled, closed, now), news_of.changed(cancelled, now))
            answer = idempotency.answer(session_id, "cancel", key)
            try:
                await self._records.commit(Change(cancelled, closed, news=news, answer=answer))
                break
            except Conflict:
                head = await self._records.head(scope, session_id)
        else:
            raise Conflict(session_id=session_id)
        for child in await self._records.store.children(scope, session_id):
            if child.status not in TERMINAL or (await self._records.workflow(scope, child)).spawns:
                await self.cancel(scope, child.id)

    async def flag(self, scope: Scope, session_id: str, *, paused: bool, key: str | None = None) -> Head:
        """Pause a session and all that is open below it, or end that. Raises SessionClosed."""
        operation = "pause" if paused else "resume"
        head = await self._records.head(scope, session_id)
        if await self._records.said(session_id, operation, key) is None:
            head = await self._records.open(scope, session_id)
        elif head.paused != paused:
            return head  # it was undone since
        else:
            key = None  # what is below it may not have been reached
        return await self._flag(scope, head, paused, operation, key)

    async def _flag(self, scope: Scope, head: Head, paused: bool, operation: str, key: str | None = None) -> Head:
        for _ in range(TRIES):
            if head.status in TERMINAL or (head.paused == paused and key is None):
                break
            flagged = replace(head, paused=paused, version=head.version + 1)
            news = (news_of.changed(flagged, self._clock()),) if head.paused != paused else ()
            answer = idempotency.answer(head.id, operation, key)
            try:
                head = (await self._records.commit(Change(flagged, news=news, answer=answer))).head
                break
            except Conflict:
                head = await self._records.head(scope, head.id)
        else:
            raise Conflict(session_id=head.id)
        for child in await self._records.store.children(scope, head.id):
            await self._flag(scope, child, paused, operation)
        if not paused:
            self._records.on_ready(head.birth, (head.id,))
        return head

    async def retry(
        self, scope: Scope, session_id: str, child_ids: Collection[str] | None, key: str | None = None
    ) -> Head:
        """Make new attempts at what ended badly below a session, or at the session itself if it is a child."""
        head = await self._records.head(scope, session_id)
        content = None if child_ids is None else sorted(child_ids)
        if (known := await self._records.said(session_id, "retry", key, content)) is not None:
            return await self._records.head(scope, str(known["session_id"]))
        for _ in range(TRIES):
            change = await self._retry(scope, head, child_ids)
            target = change.head if head.birth.parent is None else change.children[0]
            answer = idempotency.answer(session_id, "retry", key, content, {"session_id": target.id})
            with suppress(Conflict):
                committed = (await self._records.commit(replace(change, answer=answer))).head
                self._records.on_ready(head.birth, (committed.id,))
                return await self._records.head(scope, target.id)
        raise Conflict(session_id=session_id)

    async def _retry(self, scope: Scope, head: Head, child_ids: Collection[str] | None) -> Change:
        """Make the change that begins the new attempts. Raises SessionClosed or NothingToRetry."""
        if head.birth.parent is not None:
            child_ids = (head.id,)
        parent = await self._records.head(scope, head.birth.parent or head.id)
        if parent.status == "complete":
            raise SessionClosed(session_id=parent.id, status=parent.status)
        closed = parent.status in TERMINAL
        again = heads.reopen(parent) if closed else replace(parent, version=parent.version + 1)
        children = await self._retries.attempts(scope, parent, child_ids)
        if not children and (not closed or head.birth.parent is not None):
            raise NothingToRetry(session_id=head.id, reason="none of its children failed or was cancelled")
        now = self._clock()
        news = (*(news_of.created(child, now) for child in children), news_of.changed(again, now))
        return Change(again, children=children, news=news, reopens=closed)
