"""Holds the database while `proctor run` works: `python -m tests.torture.held_database --count 12 --seconds 25`.

Another process takes the write lock at random moments, for up to `--seconds`. The run waits, and comes to the same
single commit: nothing is judged twice, no agent asked twice. With 25 s its patience is the real one; with less it is
less in proportion. In every second round, but with a planted bug, it is much less, and the lock is kept until the run
gives up: with one line, and the same command goes on afterwards. Exit code 1 if not.
"""

import random
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.torture.options import options
from tests.torture.record import Record
from tests.torture.report import report
from tests.torture.stand import SECONDS, Stand
from tests.torture.verdict import checkout, setbacks, unkept_words, violations

from proctor.store.busy import TRIES
from proctor.store.database import PATIENCE

AT_A_TIME = PATIENCE / 25
"""So much of the longest hold a run waits at a time."""
IMPATIENT = "patience:0.2:3"
HOLDS = 4
"""At most so many in one run."""
PAUSES = (0.05, 0.15, 0.4)
"""Before each hold passes at most so much of the time of an undisturbed run."""
AT_WORK = 0.8
"""Of the runs that are to wait, so many are left alone until they have begun: before that, a run waits but once."""


@dataclass
class Holder:
    """Holds the database of one stand."""

    stand: Stand
    chance: random.Random
    tree: str
    seconds: float
    """What an undisturbed run takes."""
    longest_s: float
    counts: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def round(self) -> None:
        """Do one round of either kind."""
        self.stand.put_back()
        self.counts["rounds"] += 1
        found = self._hold_a_while() if self.counts["rounds"] % 2 or self.stand.planted else self._outlast()
        for each in found:
            print(f"round {self.counts['rounds']}: {each}", flush=True)
        self.broken += found

    def _hold_a_while(self) -> list[str]:
        """Hold it a few times, never for longer than a run that has begun waits."""
        at_a_time = AT_A_TIME * self.longest_s
        before, process = checkout(self.stand), self.stand.start(f"patience:{at_a_time}:{TRIES}")
        longest, pause = 0.0, self.chance.choice(PAUSES) * self.seconds
        if self.chance.random() < AT_WORK:
            self._wait_for_begin(process)
        for _ in range(self.chance.randint(1, HOLDS)):
            if _ended(process, self.chance.uniform(0, pause)):
                break
            wanted = self.chance.uniform(0.04, 1) * self.longest_s
            with held(self.stand.database):
                self.counts["holds"] += 1
                _ended(process, wanted)
            longest = max(longest, wanted)
        return self._judged(process, before, may_give_up=longest > at_a_time and not _begun(self.stand))

    def _outlast(self) -> list[str]:
        """Hold it from some moment on until the run gives up."""
        before, process = checkout(self.stand), self.stand.start(IMPATIENT)
        self._wait_for_begin(process)
        _ended(process, self.chance.uniform(0, self.chance.choice(PAUSES)) * self.seconds)
        with held(self.stand.database):
            _ended(process, SECONDS)
        return self._judged(process, before, may_give_up=True)

    def _wait_for_begin(self, process: "subprocess.Popen[str]") -> None:
        while process.poll() is None and not _begun(self.stand):
            time.sleep(0.01)

    def _judged(self, process: "subprocess.Popen[str]", before: dict[str, bytes], *, may_give_up: bool) -> list[str]:
        """Say what is wrong with how it ended; where it may have given up, with what the same command came to then."""
        if not _ended(process, SECONDS):
            process.kill()
            return [f"the run did not end within {SECONDS:.0f} s"]
        record = Record.of(self.stand.database)
        found = [*unkept_words((self.stand.home / "out").read_text(), record)]
        if process.returncode == 0:
            self.counts["waited until it could go on"] += 1
            return found + setbacks(self.stand) + violations(self.stand, self.tree, before, [])
        if not may_give_up:
            return [*found, f"the run ended with exit code {process.returncode}: {self.stand.said()}"]
        self.counts["gave up, and went on later"] += 1
        found += self._last_words(process.returncode)
        return found + self.stand.finish() + violations(self.stand, self.tree, before, [record])

    def _last_words(self, code: int) -> list[str]:
        lines = (self.stand.home / "err").read_text().splitlines()
        if code == 1 and len(lines) == 1 and "has been held by another process" in lines[0]:
            return []
        return [f"it gave up with exit code {code}, and said {lines}"]


@contextmanager
def held(database: Path) -> Iterator[None]:
    """Hold the write lock. Nothing may open the files of the database meanwhile: closing them lets go of it."""
    with closing(sqlite3.connect(database, timeout=SECONDS, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def _ended(process: "subprocess.Popen[str]", seconds: float) -> bool:
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    return process.returncode is not None


def _begun(stand: Stand) -> bool:
    """Tell whether the run has told its session: from then on it waits for long."""
    return (stand.home / "out").stat().st_size > 0


def main() -> int:
    """Do what the command line says."""
    given = options(__doc__, count=12, seconds=2.0)
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        stand = Stand.make(Path(folder) / "stand", given.parts)
        tree, seconds = stand.undisturbed()
        stand = replace(stand, planted=given.planted)
        holder = Holder(stand, random.Random(given.seed), tree, seconds, given.seconds)
        while holder.counts["rounds"] < given.count and given.time_left and not (holder.broken and given.planted):
            holder.round()
    return report(holder.counts, holder.broken)


if __name__ == "__main__":
    raise SystemExit(main())
