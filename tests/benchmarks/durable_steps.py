"""What a durable step costs, the whole path: route, plugins, interaction, events and head, against bare commits.

    python tests/benchmarks/durable_steps.py [ROUNDS]

One parent step, 50 children of 5 steps each, one parent step, with 50, 8 and 1 children at once. Both sides write with
SQLite's `synchronous = FULL` and take turns in one process. Syncs are counted by strace, where it is installed.
"""

import asyncio
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import made_up
from bare_commits import BareCommits
from measuring import Meter, alternated, report

from proctor.app import App
from proctor.app.garbage import freeze_loaded
from proctor.config import Settings
from proctor.domain.scope import Scope
from proctor.sessions import Draft
from proctor.store import open_store

CHILDREN, STEPS = 50, 5
ALL = 1 + CHILDREN * STEPS + 1
AT_ONCE = (50, 8, 1)


class Proctor:
    """The application as a user runs it, over a database and with plugins of its own."""

    def __init__(self, folder: Path) -> None:
        made_up.install(folder)
        self._folder = folder
        self._loop = asyncio.Runner()
        self._app = self._loop.run(self._open())
        freeze_loaded()

    async def _open(self) -> App:
        store = await open_store(str(self._folder / "proctor.db"))
        return App(Settings(cache=self._folder / "cache"), store, Scope())

    def run(self, at_once: int) -> Meter:
        """Take one tree from its creation to its end, and see that nothing is missing."""
        with Meter() as meter:
            root = self._loop.run(self._drive(at_once))
        heads = self._loop.run(self._app.store.descendants(self._app.scope, root))
        assert sum(head.sequence for head in heads) == ALL
        assert {head.status for head in heads} == {"complete"}
        return meter

    async def _drive(self, at_once: int) -> str:
        head = await self._app.sessions.create(self._app.scope, Draft("parent", {"children": CHILDREN}))
        await self._app.drive(head.id, jobs=at_once)
        return head.id

    def close(self) -> None:
        """Let go of the database."""
        self._loop.run(self._app.store.close())
        self._loop.close()


def _compared(folder: Path, at_once: int, rounds: int) -> dict[str, object]:
    bare, proctor = BareCommits(folder, CHILDREN, STEPS), Proctor(folder)
    limit, ours = alternated(rounds, bare.run, lambda: proctor.run(at_once))
    proctor.close()
    return {
        "children at once": at_once,
        "CPU µs a step": ours.cpu / ALL * 1e6,
        "bare commit": limit.cpu / ALL * 1e6,
        "CPU ratio": ours.cpu / limit.cpu,
        "wall µs a step": ours.wall / ALL * 1e6,
        "bare commit, wall": limit.wall / ALL * 1e6,
        "wall ratio": ours.wall / limit.wall,
        "syncs a step": _syncs_a_step(at_once),
    }


def _syncs_a_step(at_once: int) -> float | None:
    """Count what four trees sync more than one does, so that opening the database is not in it."""
    if shutil.which("strace") is None:
        return None
    return (_syncs(at_once, 4) - _syncs(at_once, 1)) / 3 / ALL


def _syncs(at_once: int, trees: int) -> int:
    traced = ["strace", "-f", "-c", "-e", "trace=fsync,fdatasync", sys.executable, __file__]
    done = subprocess.run([*traced, "--drive", str(at_once), str(trees)], check=True, capture_output=True, text=True)
    return sum(int(line.split()[3]) for line in done.stderr.splitlines() if line.endswith("sync"))


def _drive(at_once: int, trees: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        proctor = Proctor(Path(folder))
        for _ in range(trees):
            proctor.run(at_once)
        proctor.close()


def _main(rounds: int = 7) -> None:
    rows = []
    for at_once in AT_ONCE:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(_compared(Path(folder), at_once, rounds))
    report("durable steps", rows)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--drive"]:
        _drive(*map(int, sys.argv[2:]))
    else:
        _main(*map(int, sys.argv[1:]))
