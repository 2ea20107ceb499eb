"""Cuts the power while sessions run: `python -m tests.torture.power_cut --count 2000 --seed 1`.

The store writes to a simulated disk on which what was not synced survives by chance. After each cut the database is
opened by the real store: it must be sound, hold whatever had been acknowledged, and let every session go on to its
end. Then the same with `synchronous=NORMAL` and `OFF`, which must be seen to fail. Exit code 1 if the store's own
setting lost anything, or OFF did not.
"""

import asyncio
import random
import shutil
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.factories import SCOPE
from tests.torture.bugs import BUGS
from tests.torture.disk import Disk
from tests.torture.on_disk import writing_through
from tests.torture.options import options
from tests.torture.record import Place, Record
from tests.torture.report import report
from tests.torture.worker import plugins, sessions_on

from proctor import Result
from proctor.errors import ProctorError
from proctor.runner import Runner
from proctor.sessions import Draft, Sessions
from proctor.store import open_store
from proctor.store.database import prepare

AT_ONCE = 4
"""Sessions that are worked on at the same time."""
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 # a folder of our own in it
"""Where real files cost nothing; what is safe on the simulated disk does not depend on it."""
CONTROL = 10
"""The controls get one cut for so many of the real thing."""


@dataclass(frozen=True)
class Cut:
    """What is left when the power goes, and what had been acknowledged by then."""

    files: dict[str, bytes]
    acknowledged: frozenset[Place]

    def lay_out(self, folder: Path) -> Path:
        """Write what is left into a folder, over whatever lies there; give the database."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, data in self.files.items():
            folder.joinpath(Path(name).name).write_bytes(data)
        return folder / "proctor.db"


@dataclass
class Mains:
    """The power of a disk: it goes at random moments, each time only for those who look at what is left."""

    disk: Disk
    chance: random.Random
    likely: float
    acknowledged: set[Place] = field(default_factory=set)
    cuts: list[Cut] = field(default_factory=list)

    def may_go(self) -> None:
        """Cut the power, perhaps."""
        if self.chance.random() < self.likely:
            told = frozenset(self.acknowledged)
            self.cuts.append(Cut(self.disk.cut(self.chance), told))


@dataclass
class Trial:
    """Cuts with one setting of the database."""

    synchronous: str
    empty: bytes
    """A database without sessions."""
    chance: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    async def run(self, count: int) -> None:
        """Make so many cuts."""
        while self.counts["cuts"] < count:
            with tempfile.TemporaryDirectory(prefix="torture-", dir=MEMORY) as folder:
                for cut in await self._worked(Path(folder) / "proctor.db"):
                    self.counts["cuts"] += 1
                    found = await _after(cut, Path(folder) / "after")
                    self.counts["cuts that did harm"] += bool(found)
                    self.broken += found

    async def _worked(self, path: Path) -> list[Cut]:
        """Run sessions through the disk, and give the cuts that were made meanwhile."""
        path.write_bytes(self.empty)  # noqa: ASYNC240 # nothing else goes on
        disk = Disk()
        mains = Mains(disk, self.chance, likely=0.1)
        disk.on_change = mains.may_go
        with writing_through(self.synchronous):
            store = await open_store(str(path))
            sessions = sessions_on(store)
            work = (_work(sessions, mains.acknowledged.add) for _ in range(AT_ONCE))
            for told in await asyncio.gather(*work, return_exceptions=True):
                self.broken += [f"what was acknowledged is not there: {told}"] if told else []
            self.counts["acknowledged"] += len(mains.acknowledged)
            await store.close()
        disk.unregister()
        return mains.cuts


async def _work(sessions: Sessions, acknowledge: Callable[[Place], None]) -> None:
    """Bring a session to its end; each step is acknowledged as soon as it is submitted."""
    session = (await sessions.create(SCOPE, Draft("line", {}))).id
    started = await sessions.proceed(SCOPE, session, owner="me")
    while started is not None:
        told = await sessions.submit(SCOPE, session, started.fence, Result("ok"), go_on=True, owner="me")
        acknowledge((session, told.sequence))
        started = told.started


async def _after(cut: Cut, folder: Path) -> list[str]:
    """Open what is left, and say what is wrong with it."""
    database = cut.lay_out(folder)
    try:
        record = Record.of(database)
        found = [
            *record.faults(),
            *(f"{place} was acknowledged, and is lost" for place in cut.acknowledged - record.interactions.keys()),
        ]
        return found or await _continued(database, record)
    except (sqlite3.Error, ProctorError) as error:
        return [f"the database cannot be used: {error}"]


async def _continued(database: Path, before: Record) -> list[str]:
    """Let every session go on to its end, and say what is wrong then."""
    store = await open_store(str(database))
    try:
        sessions = sessions_on(store)
        runner = Runner(sessions, plugins(), lambda *_: None, scope=SCOPE, owner="another")
        for session in before.status:
            await runner.advance(session)
    finally:
        await store.close()
    last = Record.of(database)
    open_still = [f"session {session} is {status}" for session, status in last.status.items() if status != "complete"]
    return [*last.faults(), *last.lost_from(before), *open_still]


def _empty() -> bytes:
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        prepare(Path(folder) / "proctor.db")
        return Path(folder, "proctor.db").read_bytes()


async def _trials(count: int, seed: int) -> list[Trial]:
    trials, empty = [], _empty()
    for synchronous, cuts in (("FULL", count), ("NORMAL", count // CONTROL), ("OFF", count // CONTROL)):
        trial = Trial(synchronous, empty, random.Random(seed))
        await trial.run(cuts)
        trials.append(trial)
    return trials


def main() -> int:
    """Do what the command line says."""
    given = options(__doc__, count=2000)
    for bug in given.planted:
        BUGS[bug]()
    begun = time.monotonic()
    full, normal, off = asyncio.run(_trials(given.count, given.seed))
    for each in full.broken[:20]:
        print(each)
    broken = [*full.broken, *([] if off.broken else ["the control: nothing was lost although nothing was synced"])]
    counts: dict[str, float] = {}
    for trial in (full, normal, off):
        counts |= {f"{trial.synchronous}: {name}": number for name, number in trial.counts.items()}
    return report({**counts, "minutes": (time.monotonic() - begun) / 60}, broken)


if __name__ == "__main__":
    raise SystemExit(main())
