"""Reads sessions and commits what happens to them."""

from collections.abc import Callable, Sequence

from proctor.contracts.store import Change, Committed, Store
from proctor.domain.budget import NOTHING, Spent, is_bounded
from proctor.domain.head import Birth, Head, snapshot, summary
from proctor.domain.interaction import Usage
from proctor.domain.json import JsonObject
from proctor.domain.scope import Scope
from proctor.domain.session import TERMINAL, Session
from proctor.domain.workflow import PinnedWorkflow
from proctor.errors import IdempotencyConflict, SessionClosed, SessionNotFound
from proctor.sessions import idempotency

TRIES = 20
"""How often an operation begins again when others change the same session meanwhile."""

REMEMBERED = 1000
"""How many pinned workflows are kept at hand."""

OnReady = Callable[[Birth, Sequence[str]], None]
"""Told of sessions that can go on now, and of the birth of one of their tree."""


class Records:
    """The store, as the session service uses it."""

    def __init__(self, store: Store, on_ready: OnReady) -> None:
        self.store = store
        self.on_ready = on_ready
        self._workflows: dict[tuple[str, str], PinnedWorkflow] = {}

    async def head(self, scope: Scope, session_id: str) -> Head:
        """Read a session's present. Raises SessionNotFound."""
        head = await self.store.head(scope, session_id)
        if head is None:
            raise SessionNotFound(session_id=session_id)
        return head

    async def open(self, scope: Scope, session_id: str) -> Head:
        """Read the present of a session that has not ended. Raises SessionNotFound or SessionClosed."""
        head = await self.head(scope, session_id)
        if head.status in TERMINAL:
            raise SessionClosed(session_id=session_id, status=head.status)
        return head

    async def snapshot(self, scope: Scope, head: Head, workflow: PinnedWorkflow, spent: Spent | None = None) -> Session:
        """Give a session as its steps see it, if need be as of another amount spent than the present one."""
        spent = await self.spent(head, workflow) if spent is None else spent
        children = await self.store.children(scope, head.id) if workflow.spawns else ()
        return snapshot(head, tuple(summary(child) for child in children), spent)

    async def spent(self, head: Head, workflow: PinnedWorkflow, usage: Usage | None = None) -> Spent:
        """Give what a session's tree has spent, with a usage that is not written yet; nothing if that cannot matter."""
        if not workflow.spawns and not is_bounded(head.birth.limits):
            return NOTHING
        return (await self.store.spent(head.birth.root)).plus(usage)

    async def workflow(self, scope: Scope, head: Head) -> PinnedWorkflow:
        """Give a session's workflow as it was pinned when its tree was created."""
        key = (head.birth.root, head.birth.workflow)
        if key not in self._workflows:
            tree = await self.store.tree(scope, head.birth.root)
            assert tree is not None
            while len(self._workflows) >= REMEMBERED:
                del self._workflows[next(iter(self._workflows))]
            self._workflows.update({(tree.root, workflow.name): workflow for workflow in tree.workflows})
        return self._workflows[key]

    async def said(self, session_id: str, operation: str, key: str | None, content: object = None) -> JsonObject | None:
        """Give what was answered to this call before. Raises IdempotencyConflict if it said something else then."""
        found = None if key is None else await self.store.answer(session_id, operation, key)
        if found is None:
            return None
        if found.digest != idempotency.digest(content):
            raise IdempotencyConflict(key=key, session_id=session_id, operation=operation)
        return found.answer

    async def commit(self, change: Change) -> Committed:
        """Write a change, and tell who can go on. Raises Conflict."""
        committed = await self.store.commit(change)
        if committed.ready:
            self.on_ready(change.head.birth, committed.ready)
        return committed
