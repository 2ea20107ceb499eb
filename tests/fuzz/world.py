"""Sessions that stand in every way, and what a hostile caller could know of them."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api_process import Running, complaints, serving

FACTS = """query ($id: ID!) {
  session(id: $id) {
    interactions(first: 50) {
      edges { cursor node { id command { workspace { files { digest } } } result { files { digest } } } }
    }
    children(first: 50) { edges { cursor node { id } } }
    events(first: 50) { edges { cursor } }
  }
}"""
SESSIONS = "{ sessions(first: 50) { edges { cursor node { id } } } }"
PAUSE = "mutation ($input: PauseSessionInput!) { pauseSession(input: $input) { __typename } }"
CANCEL = "mutation ($input: CancelSessionInput!) { cancelSession(input: $input) { __typename } }"
RUN = "mutation ($input: RunSessionInput!) { runSession(input: $input) { __typename } }"
NOTES = ("audit", "chores")
"""Tables that change without a call that does: who asked for what, and when what is over was last pruned."""


@dataclass(frozen=True)
class Known:
    """Real names, by the argument that takes them."""

    sessions: tuple[str, ...]
    over: tuple[str, ...]
    """Those that had ended when the attack began, and are not to be taken up again."""
    interactions: tuple[str, ...]
    cursors: tuple[str, ...]
    digests: tuple[str, ...]
    package: str


class World:
    """A server under attack, and the traces that it leaves."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self._database = sqlite3.connect(f"file:{running.database}?mode=ro", uri=True)
        self._version, self._digest = 0, ""
        self._read = 0
        self._over: list[str] = []

    def populate(self, *, completed: bool) -> None:
        """Create sessions that are open, paused, failed, cancelled and, which takes a while, completed."""
        running = self.running
        running.create(only=["larder.shelf"])
        running.fault(running.create(only=["larder.oven"]))
        running.change(PAUSE, sessionId=running.create(only=["larder.recipe"]))
        self._over = [running.create(), running.create(only=["nothing"])]
        running.change(CANCEL, sessionId=self._over[0])
        while running.fault(self._over[1]) == "ACTIVE":
            pass
        if completed:
            self._over.append(running.create(only=["larder.shelf", "none"]))
            self._complete(self._over[-1])

    def _complete(self, session_id: str) -> None:
        self.running.change(RUN, sessionId=session_id)
        query = "subscription ($id: ID!) { sessionEvents(sessionId: $id) { kind } }"
        body = {"query": query, "variables": {"id": session_id}}
        accept = {"accept": "text/event-stream"}
        with self.running.client.stream("POST", f"{self.running.url}/stream", json=body, headers=accept) as stream:
            for _ in stream.iter_lines():
                pass

    def known(self) -> Known:
        """Ask for the names of everything there is."""
        sessions: list[str] = []
        interactions: list[str] = []
        cursors: list[str] = []
        digests: list[str] = []
        waiting = [self.running.ask(SESSIONS)]
        while waiting:
            for edge in waiting.pop()["edges"]:
                session_id = edge["node"]["id"]
                session = self.running.ask(FACTS, id=session_id)
                sessions.append(session_id)
                turns = [turn["node"] for turn in session["interactions"]["edges"]]
                interactions += [turn["id"] for turn in turns]
                places = [turn["command"]["workspace"] or {} for turn in turns] + [
                    turn["result"] or {} for turn in turns
                ]
                digests += [file["digest"] for place in places for file in place.get("files", ())]
                edges = (session[name]["edges"] for name in ("interactions", "children", "events"))
                cursors += [edge["cursor"], *(each["cursor"] for list_ in edges for each in list_[:10])]
                waiting.append(session["children"])
        package = str(self.running.home / "repository" / "larder")
        return Known(tuple(sessions), tuple(self._over), tuple(interactions), tuple(cursors), tuple(digests), package)

    def state(self) -> str:
        """Give a digest of all that is stored, but for the notes."""
        version = self._database.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self._version, self._digest = version, self._read_all()
        return self._digest

    def _read_all(self) -> str:
        digest = hashlib.sha256()
        tables = self._database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        for (name,) in tables.fetchall():
            if name not in NOTES:
                digest.update(repr((name, self._database.execute(f'SELECT * FROM "{name}"').fetchall())).encode())  # noqa: S608 # a name of the database's own
        return digest.hexdigest()

    def faults(self) -> list[str]:
        """Give what went wrong in the server since the last time."""
        found = [] if self.running.process.poll() is None else ["the server has died"]
        with self.running.log.open() as log:
            log.seek(self._read)
            new = log.read()
            self._read = log.tell()
        return found + [f"the log: {line.get('traceback', line['message'])}" for line in complaints(new)]


@contextmanager
def attacked(home: Path) -> Iterator[World]:
    """Serve a world from a folder."""
    with serving(home) as running:
        yield World(running)
