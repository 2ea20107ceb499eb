"""Looks for what could be forgotten: read on a connection of its own, at one moment, while others go on writing."""

import asyncio
import re
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from proctor.contracts.retention import Pruned, Terms
from proctor.finish import finish
from proctor.store.database import connect, explained
from proctor.store.pruning import SQL

SPELL_S = 0.003
"""So long documents are looked through at a stretch; as long is the rest after it, which leaves others the CPU."""
DOCUMENTS = 20

_ID = re.compile(r"[0-9a-f]{64}")


async def orphans(path: Path, terms: Terms) -> list[str]:
    """Find the blobs that are old enough and that no document names which stays. An id counts wherever it stands."""
    async with _moment(path) as connection:
        found = {str(blob) for (blob,) in connection.execute(SQL["blobs"], {"before": terms.blobs})}
        if not found:
            return []
        documents = connection.execute(SQL["named"], {"before": terms.sessions})
        while await finish(asyncio.to_thread(_spare, documents, found)):  # noqa: ASYNC110 # it rests, and waits for nothing
            await asyncio.sleep(SPELL_S)
    return sorted(found)


async def prunable(path: Path, terms: Terms) -> Pruned:
    """Count what could be forgotten, blobs left aside."""
    async with _moment(path) as connection:
        return await finish(asyncio.to_thread(_counted, connection, terms))


async def sized(path: Path, blob_ids: list[str]) -> Pruned:
    """Count blobs."""
    async with _moment(path) as connection:
        return await finish(asyncio.to_thread(_sized, connection, blob_ids))


@asynccontextmanager
async def _moment(path: Path) -> AsyncIterator[sqlite3.Connection]:
    """Open a connection that sees the database as it is now until it is closed."""
    try:
        connection = await finish(asyncio.to_thread(connect, path))
        try:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("BEGIN")
            yield connection
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise explained(path, error) from error


def _spare(documents: sqlite3.Cursor, found: set[str]) -> bool:
    """Take out what some more documents name, and say whether there may be others to look at."""
    until = time.monotonic() + SPELL_S
    while time.monotonic() < until:
        rows = documents.fetchmany(DOCUMENTS)
        if not rows or not found:
            return False
        for (document,) in rows:
            found.difference_update(_ID.findall(document))
    return True


def _counted(connection: sqlite3.Connection, terms: Terms) -> Pruned:
    def row(statement: str, before: float | None) -> tuple[int, ...]:
        return tuple(connection.execute(SQL[statement], {"before": before}).fetchone())

    trees, sessions, present = row("count_trees", terms.sessions)
    interactions, documents = row("count_interactions", terms.sessions)
    events, data = row("count_events", max(filter(None, (terms.events, terms.sessions)), default=None))
    deeds, detail = row("count_deeds", terms.audit)
    return Pruned(trees, sessions, interactions, events, deeds, bytes=present + documents + data + detail)


def _sized(connection: sqlite3.Connection, blob_ids: list[str]) -> Pruned:
    sizes = [connection.execute(SQL["size_of_blob"], (blob,)).fetchone() for blob in blob_ids]
    return Pruned(blobs=len(sizes), bytes=sum(size for (size,) in sizes))
