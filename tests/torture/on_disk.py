"""Has a store of ours write through APSW: the same settings and statements, another driver."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import apsw
from tests.torture.disk import NAME

from proctor.store import sqlite, writer

CHECKPOINT_PAGES = 20
"""Copy the log into the database often, so that many cuts meet that."""
SETTINGS = ("journal_mode = WAL", "foreign_keys = ON", "trusted_schema = OFF")


class Cursor:
    """What a statement gave, as sqlite3 would say it."""

    def __init__(self, rows: apsw.Cursor, rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def fetchone(self) -> object:
        """Give the next row."""
        return self._rows.fetchone()

    def fetchall(self) -> list[object]:
        """Give all rows that are left."""
        return self._rows.fetchall()


class Connection:
    """A connection, as much of sqlite3's as the store uses."""

    def __init__(self, path: Path, synchronous: str) -> None:
        self._inner = apsw.Connection(str(path), vfs=NAME)
        for setting in (*SETTINGS, f"synchronous = {synchronous}", f"wal_autocheckpoint = {CHECKPOINT_PAGES}"):
            self._inner.execute(f"PRAGMA {setting}").fetchall()

    @property
    def in_transaction(self) -> bool:
        """Tell whether a transaction is open."""
        return self._inner.in_transaction

    def execute(self, statement: str, parameters: object = None) -> Cursor:
        """Execute a statement."""
        try:
            before = self._inner.total_changes()
            rows = self._inner.execute(statement, parameters)  # type: ignore[arg-type] # as the store gives them
            return Cursor(rows, self._inner.total_changes() - before)
        except apsw.ConstraintError as error:
            raise sqlite3.IntegrityError(str(error)) from error

    def executemany(self, statement: str, parameters: Iterable[object]) -> None:
        """Execute a statement many times."""
        self._inner.executemany(statement, parameters)  # type: ignore[arg-type] # as the store gives them

    def close(self) -> None:
        """Close it."""
        self._inner.close()


@contextmanager
def writing_through(synchronous: str) -> Iterator[None]:
    """Have every store that is opened in the block write to the disk whose power can be cut."""

    def connect(path: Path) -> Connection:
        return Connection(path, synchronous)

    with (
        mock.patch.object(writer, "connect", connect),
        mock.patch.object(sqlite, "connect", connect),
        mock.patch.object(sqlite, "prepare", return_value=None),
    ):
        yield
