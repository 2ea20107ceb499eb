"""Takes orders: makes the session of each, or finds the unfinished one that does the same."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import orjson

from proctor import owner
from proctor.app.agents import Agents
from proctor.app.order import Begun, Created, Order, active_environment
from proctor.config import Settings
from proctor.contracts.store import Owner, Store, Tree
from proctor.domain.component import Context
from proctor.domain.head import Head
from proctor.domain.json import Json, JsonObject
from proctor.domain.scope import Scope
from proctor.domain.session import TERMINAL
from proctor.errors import BranchExists, Conflict, IdentityMissing, SessionClosed, SessionPaused
from proctor.sessions import Draft, Sessions
from proctor.workspace import Repository, Workspaces, carried, identify


class Orders:
    """Begins sessions and goes on with them. `scope` is that of whoever gives no other."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        sessions: Sessions,
        workspaces: Workspaces,
        agents: Agents,
        *,
        myself: Owner,
        scope: Scope,
    ) -> None:
        self._settings = settings
        self._store = store
        self._sessions = sessions
        self._workspaces = workspaces
        self._agents = agents
        self._owner = myself
        self._scope = scope

    async def begin(
        self, order: Order, *, scope: Scope | None = None, take: bool = True, key: str | None = None
    ) -> Begun:
        """Create the session of an order, or find the unfinished one. Raises a UsageError when it cannot be done.

        With `take` this process owns it from now on and is to drive it; else `serve` does, unless the order is manual.
        """
        scope = scope or self._scope
        repository = await identify(order.path)
        if order.lands and repository.identity is None:
            raise IdentityMissing
        if order.branch and await self._workspaces.branch_exists(repository, order.branch):
            raise BranchExists(branch=order.branch, repository=repository.top)
        draft = self._draft(order, repository, await self._put(repository, order.carry))
        if order.new:
            await self._give_up(scope, draft)
        elif found := await self._continue(scope, draft, repository, take=take):
            return found
        try:
            owned = self._owner if take else None
            head = await self._sessions.create(scope, draft, owner=owned, key=key, wish=order.wish())
        except Conflict:
            found = await self._continue(scope, draft, repository, take=take)
            if found is None:
                raise
            return found
        return Begun(head.id, continued=False, dirty=repository.dirty, authorless=repository.identity is None)

    async def go_on(self, session_id: str) -> Begun:
        """Take the unfinished tree of a session, to drive it; if its owner lives, it can only be watched.

        Raises SessionNotFound, SessionClosed, SessionPaused, or what is wrong with its agent's settings.
        """
        root = (await self._sessions.head(self._scope, session_id)).birth.root
        head = await unfinished(self._sessions, self._scope, root)
        self._agents.make(head.birth.agent.name)
        tree = await self._store.tree(self._scope, root)
        assert tree is not None
        return await self._taken(self._scope, tree)

    async def create(self, scope: Scope, order: Order, *, key: str) -> Created:
        """Do as `begin` for somebody else: `serve` runs the session, or, if it is manual, its client does.

        Repeated under its key, it gives the same session again. Raises IdempotencyConflict or what `begin` raises.
        """
        for _ in range(2):  # a call under the same key at the same moment may have been quicker
            if (head := await self._sessions.created(scope, key, order.wish())) is not None:
                return Created(head, continued=False)
            with suppress(Conflict):
                begun = await self.begin(order, scope=scope, take=False, key=key)
                return Created(await self._sessions.head(scope, begun.session_id), begun.continued)
        raise Conflict(session_id=key)

    async def _give_up(self, scope: Scope, draft: Draft) -> None:
        """Cancel the unfinished session about the same. Raises TreeOwned if somebody is at it."""
        assert draft.fingerprint is not None
        if tree := await self._sessions.find(scope, draft.fingerprint):
            await self._sessions.adopt(scope, tree.root, self._owner, owner.alive)
            await self._sessions.cancel(scope, tree.root)

    async def _put(self, repository: Repository, files: Sequence[Path]) -> dict[str, str]:
        """Keep files of the checkout as blobs, by their paths. Raises CannotCarry."""
        kept: dict[str, str] = {}
        for file in files:  # one at a time: each may be large
            path, data = await carried(repository, file)
            kept[path] = await self._store.put(data)
        return kept

    async def _continue(self, scope: Scope, draft: Draft, repository: Repository, *, take: bool) -> Begun | None:
        assert draft.fingerprint is not None
        tree = await self._sessions.find(scope, draft.fingerprint)
        if tree is not None and not take and (await self._sessions.head(scope, tree.root)).status in TERMINAL:
            return None  # whoever drove it was killed before saying how it ended; that is told to the next who drives
        return None if tree is None else await self._taken(scope, tree, take=take, dirty=repository.dirty)

    async def _taken(self, scope: Scope, tree: Tree, *, take: bool = True, dirty: bool = False) -> Begun:
        if not take or (tree.owner is not None and tree.owner != self._owner and owner.alive(tree.owner)):
            return Begun(tree.root, continued=True, attached=True, dirty=dirty)
        await self._sessions.adopt(scope, tree.root, self._owner, owner.alive)
        return Begun(tree.root, continued=True, dirty=dirty)

    def _draft(self, order: Order, repository: Repository, carry: Mapping[str, str]) -> Draft:
        author = repository.identity
        context = Context(
            name=context_name(repository),
            repository=str(repository.top),
            base=repository.base,
            path=repository.path,
            only=order.only,
            exclude=order.exclude,
        )
        agent = self._agents.choice(order.agent or self._settings.agent)
        project = self._settings.project(repository.top)
        draft = Draft(
            order.workflow or self._settings.workflow,
            {**context.to_json(), **_named(carried=dict(carry) or None)},
            agent,
            self._settings.limits.limits(),
            order.execution_mode,
            options=project.steps,
            defaults={
                **({"author_name": author.name, "author_email": author.email} if author else {}),
                **_named(virtual_env=active_environment()),
            },
            wishes=_named(python=self._settings.python, branch=order.branch, require_tests=order.require_tests or None),
            plugins=None if project.plugins is None else tuple(project.plugins),
        )
        about = [
            draft.workflow,
            draft.execution_mode,
            draft.subject,
            agent,
            draft.options,
            draft.defaults,
            draft.wishes,
            draft.limits,
        ]
        return replace(draft, fingerprint=hashlib.sha256(orjson.dumps(about)).hexdigest())


async def unfinished(sessions: Sessions, scope: Scope, session_id: str) -> Head:
    """Read a session that can go on. Raises SessionNotFound, SessionClosed or SessionPaused."""
    head = await sessions.head(scope, session_id)
    if head.status in TERMINAL:
        raise SessionClosed(session_id=session_id, status=head.status)
    if head.paused:
        raise SessionPaused(session_id=session_id)
    return head


def _named(**given: Json) -> JsonObject:
    """Give what was named, and not what was left out."""
    return {name: value for name, value in given.items() if value is not None}


def context_name(repository: Repository) -> str:
    """Give the name of what was named: the package's folder or the module, else the repository's."""
    return (repository.top if repository.path == "." else Path(repository.path)).name.removesuffix(".py")
