"""A database file: made, opened, brought to this program's schema, and what is said when that cannot be done."""

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from proctor.errors import DatabaseBusy, DatabaseNewer, DatabaseUnusable
from proctor.store.migrations import HEAD, REVISIONS

PATIENCE = 10.0
"""Seconds to wait for another process."""
OLDEST_SQLITE = (3, 37)
"""The first with STRICT tables."""

_REASONS = {
    sqlite3.SQLITE_FULL: "its disk is full; make room and try again",
    sqlite3.SQLITE_IOERR: "its disk cannot be read or written; if it is full, make room and try again",
    sqlite3.SQLITE_NOTADB: "it is no SQLite database",
    sqlite3.SQLITE_CORRUPT: "it is damaged; restore it from a backup, or name another one",
    sqlite3.SQLITE_READONLY: "it cannot be written",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
}


def location(url: str) -> Path:
    """Give the path that `sqlite:///ABSOLUTE/PATH`, or a plain path, names."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return Path(url).expanduser().absolute()
    if scheme != "sqlite" or not rest.startswith("/"):
        raise DatabaseUnusable(database=url, reason="it is neither a path nor sqlite:///absolute/path")
    return Path("/" + rest.lstrip("/"))


def prepare(path: Path) -> None:
    """Make the file where it is missing, readable to its owner alone, and bring its schema up to date."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        reason = f"Python has SQLite {sqlite3.sqlite_version} and 3.37 is needed"
        raise DatabaseUnusable(database=path, reason=reason)
    os.close(_touched(path, path))
    try:
        with closing(connect(path)) as connection:
            if _revision(path, connection) != HEAD:
                _migrate(path, connection)
    except sqlite3.Error as error:
        raise explained(path, error) from error


def connect(path: Path) -> sqlite3.Connection:
    """Open a connection in autocommit mode, with the settings that the promises rest on."""
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        if connection.execute("PRAGMA page_count").fetchone() == (0,):
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # heeded only while the file is empty, and it locks
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise DatabaseUnusable(database=path, reason="its file system has no write-ahead log")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA temp_store = MEMORY")  # a full disk of temporary files is no reason to stop
    except BaseException:
        connection.close()
        raise
    return connection


def explained(path: Path, error: Exception) -> Exception:
    """Give the error that tells a person what a database error means."""
    if not isinstance(error, sqlite3.Error) or isinstance(error, sqlite3.IntegrityError):
        return error
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return DatabaseBusy(database=path, seconds=round(PATIENCE))
    return DatabaseUnusable(database=path, reason=_REASONS.get(code, str(error)))


class Turn:
    """The processes' turn to write: a lock on a file beside the database.

    SQLite's own waiting backs off and is unfair; this one looks again every few milliseconds.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _touched(path, Path(f"{path}.lock"))

    @contextmanager
    def taken(self, patience: float = PATIENCE) -> Iterator[None]:
        """Hold the lock. Raises DatabaseBusy after so many seconds."""
        until, pause = time.monotonic() + patience, 0.0002
        while not self._try():
            if time.monotonic() > until:
                raise DatabaseBusy(database=self._path, seconds=round(patience))
            time.sleep(pause)
            pause = min(pause * 1.5, 0.005)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def _try(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _touched(path: Path, file: Path) -> int:
    """Open a file of the database for writing, made where it is missing, for its owner alone."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DatabaseUnusable(database=path, reason=f"{error.strerror} ({file})") from error


def _revision(path: Path, connection: sqlite3.Connection) -> str | None:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise DatabaseUnusable(database=path, reason="it belongs to another program")
    (found,) = connection.execute("SELECT version_num FROM alembic_version").fetchone() or (None,)
    if found is not None and found not in REVISIONS:
        raise DatabaseNewer(database=path, found=found, known=HEAD)
    return None if found is None else str(found)


def _migrate(path: Path, connection: sqlite3.Connection) -> None:
    from proctor.store.migrations.upgrade import upgrade

    turn = Turn(path)
    try:
        with turn.taken():
            if _revision(path, connection) != HEAD:
                upgrade(path)
    finally:
        turn.close()
