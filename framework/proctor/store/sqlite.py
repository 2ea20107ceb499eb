"""The store in one SQLite file."""

import asyncio
import hashlib
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from proctor.contracts.access import Deed, Token
from proctor.contracts.store import Answer, Change, Committed, Owner, Tree
from proctor.domain.budget import Spent
from proctor.domain.event import Event, News
from proctor.domain.head import Head
from proctor.domain.interaction import Interaction
from proctor.domain.scope import Scope
from proctor.domain.session import SessionStatus
from proctor.errors import BlobMissing, SessionNotFound, TokenExists
from proctor.store import change as changes
from proctor.store import codec
from proctor.store.batch import SQL, Batch
from proctor.store.codec import Parameters, Row
from proctor.store.database import connect, explained, location, prepare
from proctor.store.forgetting import Forgetting
from proctor.store.waiting import Waiting
from proctor.store.writer import Writer

SLICE = 200
"""Rows that are decoded before others get their turn on the loop."""
NO_LIMIT = -1
"""What SQLite takes for one."""
FRESH_S = 12 * 3600.0
"""A blob that was put within that time need not be put again. Half of what it is kept for though nobody names it."""
LARGE = 64 * 1024
"""Bytes from which on a blob is hashed in a thread."""

T = TypeVar("T")


async def open_store(url: str, *, clock: Callable[[], float] = time.time) -> "SqliteStore":
    """Open `sqlite:///ABSOLUTE/PATH` or a plain path, made and brought up to date where needed.

    Raises DatabaseUnusable, DatabaseNewer or DatabaseBusy.
    """
    path = location(url)
    await asyncio.to_thread(prepare, path)
    return SqliteStore(path, clock)


class SqliteStore(Forgetting):
    """Keeps sessions in one file. Reads happen on the loop's thread, writes in the writer's."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self.path = path
        self._clock = clock
        try:
            self._connection = connect(path)
            self._connection.execute("PRAGMA query_only = ON")
            self._waiting = Waiting(self._data_version, self._last_event)
            self._writer = Writer(path, self._waiting.tell)
        except sqlite3.Error as error:
            raise explained(path, error) from error

    async def head(self, scope: Scope, session_id: str) -> Head | None:
        """Read one head."""
        row = self._row("head", (session_id, scope.account, scope.project))
        return codec.head(row) if row else None

    async def children(
        self, scope: Scope, session_id: str, *, after: tuple[str, int] | None = None, limit: int | None = None
    ) -> Sequence[Head]:
        """Read the heads of a session's children, all attempts, by key and attempt, from behind such a place."""
        key, attempt = after or ("", 0)
        parameters: Parameters = {"session": session_id, "key": codec.text(key), "attempt": attempt}
        parameters["limit"] = NO_LIMIT if limit is None else limit
        return await self._page("children", {**parameters, **_within(scope)}, codec.head)

    async def roots(
        self,
        scope: Scope,
        *,
        limit: int = 20,
        status: SessionStatus | None = None,
        workflow: str | None = None,
        before: tuple[float, str] | None = None,
    ) -> Sequence[Head]:
        """Read the newest root sessions, newest first, those of one moment by id."""
        created_at, session = before or (None, None)
        parameters: Parameters = {"limit": limit, "status": status, "created_at": created_at, "session": session}
        parameters["workflow"] = None if workflow is None else codec.text(workflow)
        return await self._page("roots", {**parameters, **_within(scope)}, codec.head)

    async def descendants(self, scope: Scope, root: str) -> Sequence[Head]:
        """Read every head of a tree, the root first, then by depth and creation."""
        return await self._page("descendants", {"root": root, **_within(scope)}, codec.head)

    async def interactions(
        self, scope: Scope, session_id: str, *, after: int = 0, limit: int = 100
    ) -> Sequence[Interaction]:
        """Read closed interactions by number."""
        parameters = {"session": session_id, "after": after, "limit": limit, **_within(scope)}
        return await self._page("interactions", parameters, codec.interaction)

    async def events(
        self,
        scope: Scope,
        root: str,
        *,
        after: int = 0,
        limit: int = 1000,
        below: str | None = None,
        children_of: str | None = None,
    ) -> Sequence[Event]:
        """Read a tree's stream by number, or what of it is told of a session's family or children."""
        parameters: Parameters = {"root": root, "after": after, "limit": limit, **_within(scope)}
        if below is not None:
            return await self._page("events_below", {**parameters, "session": below}, codec.event)
        if children_of is not None:
            return await self._page("events_of_children", {**parameters, "session": children_of}, codec.event)
        return await self._page("events", parameters, codec.event)

    async def tree(self, scope: Scope, root: str) -> Tree | None:
        """Read what a tree shares."""
        row = self._row("tree", {"root": root, **_within(scope)})
        return codec.tree(row) if row else None

    async def spent(self, root: str) -> Spent:
        """Read what a tree has spent since its root was created, or opened again. Raises SessionNotFound."""
        row = self._row("spent", (root,))
        if row is None:
            raise SessionNotFound(session_id=root)
        return Spent(*row)

    async def count_time(self, root: str, since: float, until: float) -> None:
        """Add a stretch of time to what a tree has spent; what lies before the end of an earlier one counts once."""
        await self._writer.write(lambda batch: batch.count_time(root, since, until))

    async def find_tree(self, scope: Scope, fingerprint: str) -> Tree | None:
        """Find the tree that is about this and is not done with."""
        row = self._row("find_tree", {"fingerprint": codec.text(fingerprint), **_within(scope)})
        return codec.tree(row) if row else None

    async def open_trees(self) -> Sequence[Tree]:
        """Read the trees whose root is active, in every scope."""
        return [codec.tree(row) for row in self._rows("open_trees", {})]

    async def answer(self, session_id: str, operation: str, key: str) -> Answer | None:
        """Read what was answered to a call before."""
        parameters: Parameters = {"session": session_id, "operation": operation, "key": codec.text(key)}
        row = self._row("answer", parameters)
        return codec.answer(row) if row else None

    async def due(self, root: str, now: float, *, limit: int = 1000) -> Sequence[str]:
        """Name the sessions of a tree that can go on, by priority (highest first), then creation."""
        return [session for (session,) in self._rows("due", {"root": root, "now": now, "limit": limit})]

    async def commit(self, change: Change) -> Committed:
        """Write a change, durably. Raises Conflict, and has written nothing, if the stored version is another."""
        return await self._writer.write(changes.encode(change, self._clock()).write)

    async def tell(self, root: str, news: Sequence[News]) -> None:
        """Append events that change no session. Raises SessionNotFound if there is no such tree."""
        rows = [codec.news(item) for item in news]
        await self._writer.write(lambda batch: batch.add(root, rows))

    async def own(self, root: str, owner: Owner | None, expected: Owner | None) -> bool:
        """Take or give back a tree, if its owner is still the expected one."""
        parameters = {
            "root": root,
            "owner": codec.owner_text(owner),
            "expected": codec.owner_text(expected),
        }
        return await self._writer.write(lambda batch: batch.execute(SQL["own"], parameters).rowcount == 1)

    async def put(self, data: bytes) -> str:
        """Store a blob and give its id, the sha256 in hex digits."""
        blob_id = _digest(data) if len(data) < LARGE else await asyncio.to_thread(_digest, data)
        now = self._clock()
        if self._row("has_blob", {"blob": blob_id, "since": now - FRESH_S}):
            return blob_id
        parameters: Parameters = {"blob": blob_id, "data": data, "now": now}

        def insert(batch: Batch) -> None:
            batch.execute(SQL["insert_blob"], parameters)

        await self._writer.write(insert)
        return blob_id

    async def get(self, blob_id: str) -> bytes:
        """Read a blob. Raises BlobMissing."""
        row = self._row("blob", {"blob": blob_id})
        if row is None:
            raise BlobMissing(blob_id=blob_id)
        return bytes(row[0])

    async def wait(self, root: str, after: int, seconds: float) -> None:
        """Wait until the tree's stream has gone past `after`, or for so many seconds."""
        if self._last_event(root) <= after:
            await self._waiting.wait(root, after, seconds)

    async def add_token(self, token: Token) -> None:
        """Add a token. Raises TokenExists if one of that name is valid."""
        parameters = codec.token_parameters(token)
        if not await self._writer.write(lambda batch: batch.execute(SQL["insert_token"], parameters).rowcount):
            raise TokenExists(name=token.name)

    async def token(self, digest: str) -> Token | None:
        """Find a token by its hash."""
        row = self._row("token", {"digest": digest})
        return codec.token(row) if row else None

    async def tokens(self) -> Sequence[Token]:
        """Read all tokens, the oldest first."""
        return await self._page("tokens", {}, codec.token)

    async def revoke_token(self, name: str, now: float) -> bool:
        """Revoke the token of that name; False if there is none that could be."""
        parameters: Parameters = {"name": codec.text(name), "now": now}
        return await self._writer.write(lambda batch: batch.execute(SQL["revoke_token"], parameters).rowcount == 1)

    async def record(self, deed: Deed) -> None:
        """Append to the audit."""
        parameters = codec.deed_parameters(deed)

        def insert(batch: Batch) -> None:
            batch.execute(SQL["insert_deed"], parameters)

        await self._writer.write(insert)

    async def deeds(self, scope: Scope, *, limit: int = 100) -> Sequence[Deed]:
        """Read the newest entries of the audit, newest first."""
        return await self._page("deeds", {"limit": limit, **_within(scope)}, codec.deed)

    async def close(self) -> None:
        """Finish what is under way and let go of the database."""
        await self._writer.close()
        self._waiting.close()
        self._connection.close()

    def _rows(self, statement: str, parameters: Parameters | Row) -> list[Row]:
        """Read all rows at once: a statement left open would hold every other read at its moment."""
        try:
            return self._connection.execute(SQL[statement], parameters).fetchall()
        except sqlite3.Error as error:
            raise explained(self.path, error) from error

    def _row(self, statement: str, parameters: Parameters | Row) -> Row | None:
        rows = self._rows(statement, parameters)
        return rows[0] if rows else None

    async def _page(self, statement: str, parameters: Parameters, decode: Callable[[Row], T]) -> list[T]:
        rows, decoded = self._rows(statement, parameters), list[T]()
        for start in range(0, len(rows), SLICE):
            if start:
                await asyncio.sleep(0)
            decoded += map(decode, rows[start : start + SLICE])
        return decoded

    def _last_event(self, root: str) -> int:
        row = self._row("last_event", {"root": root})
        return int(row[0]) if row else 0

    def _data_version(self) -> int:
        ((version,),) = self._rows("data_version", {})
        return int(version)


def _within(scope: Scope) -> Parameters:
    return {"account": scope.account, "project": scope.project}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
