"""What `proctor doctor` looks at of the database: whether it is sound, and sessions that nobody goes on with."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from proctor import owner
from proctor.cli.doctor.diagnosis import Diagnosis, Setup
from proctor.cli.program import command
from proctor.cli.tree.product import text
from proctor.cli.wording import SHORT_ID, age
from proctor.contracts.store import Tree
from proctor.domain.head import Head
from proctor.errors import DatabaseUnusable
from proctor.store import SqliteStore
from proctor.store.database import explained, location
from proctor.store.migrations import HEAD, REVISIONS

QUICK_CHECK_S = 0.4
"""How long the database may be read to find damage."""
BUSY_S = 0.2
LONG_OVER_S = 600.0
"""A lease that ran out no longer ago may still be taken up by somebody."""
MOST = 10
"""Stuck sessions that are named."""


def database(setup: Setup) -> Iterator[Diagnosis]:
    """See whether the database can be opened, is of our version, can be written and is not damaged."""
    remedy = "Restore it from a backup, or name another one with --database."
    try:
        path = location(setup.settings.database_url())
        if not path.exists():
            yield Diagnosis("database", "ok", f"{path} is not there yet; it is made when it is needed")
            return
        with closing(_opened(path)) as connection:
            yield _looked_at(path, connection)
    except DatabaseUnusable as error:
        yield Diagnosis("database", "problem", str(error), remedy)
    except sqlite3.Error as error:
        yield Diagnosis("database", "problem", str(explained(path, error)), remedy)


def sessions(setup: Setup) -> Iterator[Diagnosis]:
    """Find sessions that are active and nobody goes on with."""
    try:
        path = location(setup.settings.database_url())
        if not path.exists() or _revision(path) != HEAD:
            return
        stuck = asyncio.run(_stuck(path))
    except (DatabaseUnusable, sqlite3.Error):  # the check of the database tells that
        return
    if stuck:
        yield from _told(stuck, setup.database)
    else:
        yield Diagnosis("sessions", "ok", "no session waits for somebody to go on with it")


def _told(stuck: Sequence[tuple[Head, str]], database: str | None) -> Iterator[Diagnosis]:
    from proctor.cli.runs.running import named  # it brings everything that a run needs along

    for head, why in stuck[:MOST]:
        name = text(head.birth.subject.get("name")) or head.birth.workflow
        remedy = command(f"sessions continue {head.id[:SHORT_ID]}{named(database)}")
        yield Diagnosis("sessions", "warning", f"{name} ({head.id[:SHORT_ID]}) is not finished: {why}", remedy)
    if len(stuck) > MOST:
        told = f"{len(stuck) - MOST} more sessions are not finished"
        yield Diagnosis("sessions", "warning", told, f"{command('sessions list')} shows them.")


def _opened(path: Path) -> sqlite3.Connection:
    """Open the file as it is: nothing is made and nothing brought up to date."""
    return sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=BUSY_S, isolation_level=None)


def _looked_at(path: Path, connection: sqlite3.Connection) -> Diagnosis:
    found, size = _found(connection), f"{path} ({_megabytes(path)})"
    if found is None:
        return Diagnosis("database", "problem", f"{path} belongs to another program", "Name another with --database.")
    if found not in REVISIONS:
        told = f"{path} was made by a newer Proctor (schema {found}; this one knows {HEAD})"
        return Diagnosis("database", "problem", told, "Upgrade Proctor, or name another one with --database.")
    schema = f"schema {found}" if found == HEAD else f"schema {found}, brought to {HEAD} by the next run"
    damage = _damage(connection)
    if damage and damage != "ok":
        remedy = "Restore it from a backup, or name another one with --database."
        return Diagnosis("database", "problem", f"{size} is damaged: {damage}", remedy)
    checked = "no damage found" if damage else "too large to look for damage in a moment"
    return Diagnosis("database", "ok", f"{size}, {schema}, {_written(connection)}, {checked}")


def _found(connection: sqlite3.Connection) -> str | None:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if "alembic_version" not in tables:
        return None if tables else HEAD  # an empty file becomes a new database
    (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone() or (None,)
    return str(version)


def _revision(path: Path) -> str | None:
    with closing(_opened(path)) as connection:
        return _found(connection) if connection.execute("SELECT 1 FROM sqlite_schema").fetchone() else None


def _written(connection: sqlite3.Connection) -> str:
    """See whether it can be written, without writing. Raises sqlite3.Error if not."""
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            return "in use just now"
        raise
    connection.execute("ROLLBACK")
    return "can be written"


def _damage(connection: sqlite3.Connection) -> str | None:
    """Give "ok", or what is wrong; None if it takes too long to tell."""
    until = time.monotonic() + QUICK_CHECK_S
    connection.set_progress_handler(lambda: time.monotonic() > until, 10_000)
    try:
        (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return None
        raise
    finally:
        connection.set_progress_handler(None, 0)
    return str(said)


async def _stuck(path: Path) -> list[tuple[Head, str]]:
    store = SqliteStore(path, time.time)
    try:
        found = []
        for tree in await store.open_trees():
            heads = await store.descendants(tree.scope, tree.root)
            if heads and (why := _why_stuck(tree, heads[0], heads)):
                found.append((heads[0], why))
        return found
    finally:
        await store.close()


def _why_stuck(tree: Tree, root: Head, heads: Sequence[Head]) -> str | None:
    """Say why nobody goes on with a tree; None if somebody does, or it is held on purpose."""
    if root.paused or (tree.owner is not None and owner.alive(tree.owner)):
        return None
    if tree.owner is not None:
        return f"{tree.owner}, which ran it, is gone"
    over = [time.time() - head.lease_until for head in heads if head.lease_until is not None]
    return f"nobody has worked on it for {age(min(over))}" if over and min(over) > LONG_OVER_S else None


def _megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 1024**2:.1f} MiB"
