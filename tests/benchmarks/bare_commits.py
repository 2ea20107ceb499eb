"""The physical limit: the same number of steps, each one INSERT and COMMIT of bare sqlite3 under asyncio.

The database has the settings of Proctor's own: write-ahead log, `synchronous = FULL`.
"""

import asyncio
import sqlite3
from pathlib import Path
from uuid import uuid4

from measuring import Meter

SCHEMA = """
CREATE TABLE steps (
    id INTEGER PRIMARY KEY, session TEXT NOT NULL, sequence INT NOT NULL, step TEXT NOT NULL, command TEXT, result TEXT,
    UNIQUE (session, sequence)
)
"""
INSERT = "INSERT INTO steps (session, sequence, step, command, result) VALUES (?, ?, ?, ?, ?)"


class BareCommits:
    """A parent's first step, the steps of its children at once, and its last step."""

    def __init__(self, folder: Path, children: int, steps: int) -> None:
        self._children = children
        self._steps = steps
        self._database = sqlite3.connect(folder / "bare.db", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute(SCHEMA)

    def run(self) -> Meter:
        """Do it once."""
        with Meter() as meter:
            asyncio.run(self._parent(uuid4().hex))
        return meter

    async def _parent(self, session: str) -> None:
        self._commit(session, 1)
        await asyncio.gather(*(self._child(f"{session}/{number}") for number in range(self._children)))
        self._commit(session, 2)

    async def _child(self, session: str) -> None:
        for number in range(self._steps):
            self._commit(session, number)
            await asyncio.sleep(0)

    def _commit(self, session: str, number: int) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        self._database.execute(INSERT, (session, number, f"step{number}", '{"kind":"none"}', '{"status":"ok"}'))
        self._database.execute("COMMIT")
