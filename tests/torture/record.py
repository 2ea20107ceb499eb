"""What a database holds at one moment, read from a copy: the original stays as the killed process left it."""

import json
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

AGENT_STEP = "generate_tests"

Place = tuple[str, int]
"""A session, and the number of an interaction in it."""


@dataclass(frozen=True)
class Record:
    """Interactions, events and sessions as they are stored."""

    damage: str
    """What SQLite says of the file; `ok` if it is sound."""
    interactions: dict[Place, str]
    """Closed ones, as documents."""
    events: dict[Place, tuple[str, str, str]]
    """Root and number in the tree's stream -> session, kind, data."""
    status: dict[str, str]
    kept: frozenset[Place]
    """Interactions whose result is stored and not judged yet."""
    released: bool
    """No process owns a tree."""

    @classmethod
    def of(cls, database: Path) -> "Record":
        """Read a database that nobody writes at the moment, and that this process has not open: closing a file here
        lets go of SQLite's locks on it."""
        with tempfile.TemporaryDirectory(prefix="torture-record-") as folder:
            for file in (database, Path(f"{database}-wal")):
                if file.exists():
                    shutil.copy(file, folder)
            with closing(sqlite3.connect(Path(folder, database.name))) as connection:
                return cls._read(connection)

    @classmethod
    def of_one_moment(cls, database: Path) -> "Record":
        """Read a database that living processes have open and may write: a copy of its files would not fit together."""
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            return cls._read(connection)

    @classmethod
    def _read(cls, connection: sqlite3.Connection) -> "Record":
        execute = connection.execute
        sound = [row[0] for row in execute("PRAGMA integrity_check")] + [*execute("PRAGMA foreign_key_check")]
        return cls(
            " ".join(map(str, sound)),
            {(session, number): document for session, number, document in execute("SELECT * FROM interactions")},
            {(root, at): told for root, at, *told in execute("SELECT root, sequence, session, kind, data FROM events")},
            dict(execute("SELECT id, status FROM sessions").fetchall()),
            frozenset(execute("SELECT id, sequence + 1 FROM sessions WHERE has_raw").fetchall()),
            not execute("SELECT 1 FROM trees WHERE owner IS NOT NULL").fetchall(),
        )

    @property
    def ended(self) -> bool:
        """Tell whether all is done and nobody is at it any more."""
        return bool(self.status) and self.released and "active" not in self.status.values()

    def told(self, kind: str) -> Counter[Place]:
        """Count how often each interaction was told of with such an event."""
        return Counter(place for place, _ in self._news(kind))

    def abandoned_askings(self) -> Counter[str]:
        """Count by session how often an agent's work was given up."""
        return Counter(place[0] for place, data in self._news("interaction_abandoned") if data["step"] == AGENT_STEP)

    def results(self) -> Iterator[tuple[Place, str]]:
        """Give the status of each result, with what is wrong."""
        for place, document in self.interactions.items():
            if result := json.loads(document)["result"]:
                yield place, " ".join(filter(None, (result["status"], result["error_message"])))

    def faults(self) -> Iterator[str]:
        """Say what no record may ever show, whatever happened."""
        if self.damage != "ok":
            yield f"the database is damaged: {self.damage}"
        judged, given_up = self.told("interaction_completed"), self.told("interaction_abandoned")
        closed = judged + given_up
        yield from (f"{place} was closed {times} times" for place, times in closed.items() if times > 1)
        yield from (
            f"{place} is told of and not stored, or the other way" for place in closed.keys() ^ self.interactions.keys()
        )
        for name, places in (("interactions", self.interactions), ("events", self.events)):
            last = {first: max(number for each, number in places if each == first) for first, _ in places}
            counted = Counter(first for first, _ in places)
            yield from (f"{name} of {first} have a gap" for first, number in last.items() if counted[first] != number)

    def lost_from(self, earlier: "Record") -> Iterator[str]:
        """Say what an earlier record of the same database had and this one has not, or otherwise."""
        for place, document in earlier.interactions.items():
            if self.interactions.get(place) != document:
                yield f"the interaction {place} was stored, and is lost or changed"
        for place, told in earlier.events.items():
            if self.events.get(place) != told:
                yield f"the event {place} was stored, and is lost or changed"
        judged = self.told("interaction_completed")
        for place in earlier.kept:
            if not judged[place]:
                yield f"the result of {place} was stored, and was not judged"

    def _news(self, kind: str) -> Iterator[tuple[Place, dict[str, object]]]:
        for session, told, text in self.events.values():
            if told == kind:
                data = json.loads(text)
                yield (session, data["sequence"]), data
