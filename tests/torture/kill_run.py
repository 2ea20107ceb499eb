"""Kills `proctor run` at random moments and runs it again: `python -m tests.torture.kill_run --count 200 --seed 1`.

The command is the same each time. It must come to the same single commit, with nothing judged twice, nothing lost and
nothing left behind. Some runs are killed several times. Exit code 1 if a promise was broken.
"""

import random
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.torture.options import options
from tests.torture.record import Record
from tests.torture.report import report
from tests.torture.stand import Stand
from tests.torture.verdict import checkout, left_running, unkept_words, violations

SEVERAL = 4
"""At most so many kills in one run."""
AT_WORK = 0.5
"""Of the runs with a planted bug, so many are killed at work: chance alone misses that where the machine slows down."""


@dataclass
class Killer:
    """Kills and continues runs on one stand."""

    stand: Stand
    chance: random.Random
    tree: str
    seconds: float
    """What an undisturbed run takes."""
    kills: int = 0
    runs: int = 0
    late: int = 0
    """Kills that met a run after its end."""
    broken: list[str] = field(default_factory=list)

    def round(self, kills: int) -> None:
        """Kill one run so many times, then let it come to its end."""
        self.stand.put_back()
        before, records = checkout(self.stand), list[Record]()
        for number in range(kills):
            if not self._killed(first=number == 0):
                break
            records.append(self._look())
            if records[-1].ended:  # it died after its last word: there is nothing to continue
                self.late += 1
                break
        else:
            self._tell(self.stand.finish())
        self.runs += 1
        self._tell(violations(self.stand, self.tree, before, records))

    def _killed(self, *, first: bool) -> bool:
        """Start the run and kill it at a random moment; False if it has ended by then."""
        process, lives = self.stand.start(), self.chance.uniform(0.2 if first else 0.4, self.seconds)
        if self.stand.planted and self.chance.random() < AT_WORK:
            lives = self._until_at_work(process)
        with suppress(subprocess.TimeoutExpired):
            code = process.wait(lives)
            if code:
                self._tell([f"the run ended with exit code {code}: {self.stand.said()}"])
            return False
        process.kill()
        process.wait()
        self.kills += 1
        return True

    def _until_at_work(self, process: "subprocess.Popen[str]") -> float:
        """Wait until it has a folder to work in, or has ended; it lives no longer then."""
        while process.poll() is None and not [*self.stand.home.glob("cache/work/*")]:
            time.sleep(0.01)
        return 0.0

    def _look(self) -> Record:
        """See what was stored; in half of the cases, wait for what the dead process started to end."""
        record = Record.of(self.stand.database)
        self._tell([*unkept_words((self.stand.home / "out").read_text(), record)])
        if self.chance.random() < 0.5:
            self._tell(left_running(self.stand))
        return record

    def _tell(self, found: list[str]) -> None:
        for each in found:
            print(f"run {self.runs}, after {self.kills} kills: {each}", flush=True)
        self.broken += found


def main() -> int:
    """Do what the command line says."""
    given = options(__doc__, count=200)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        stand = Stand.make(Path(folder) / "stand", given.parts)
        killer = Killer(replace(stand, planted=given.planted), random.Random(given.seed), *stand.undisturbed())
        while killer.kills < given.count and given.time_left and not (killer.broken and given.planted):
            killer.round(min(killer.chance.choice((1, 1, 1, 2, SEVERAL)), given.count - killer.kills))
    counts = {"kills": killer.kills, "runs": killer.runs, "killed after the end": killer.late}
    return report({**counts, "minutes": (time.monotonic() - begun) / 60}, killer.broken)


if __name__ == "__main__":
    raise SystemExit(main())
