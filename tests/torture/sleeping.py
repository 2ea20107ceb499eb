"""Puts `proctor run` to sleep with all that it started: `python -m tests.torture.sleeping --count 10 --seconds 5`.

As on a laptop that is closed: all processes stop at one moment, for longer than a lease (made short for it) and up to
`--seconds`, and go on together. Some find the clock set forwards or backwards by a day then. Nobody else takes the
work, so the run simply goes on to the same single commit: nothing is given up, nothing judged twice, no agent asked
twice. Exit code 1 if not.
"""

import os
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.projects import processes_of
from tests.torture.options import options
from tests.torture.report import report
from tests.torture.stand import SECONDS, Stand
from tests.torture.verdict import checkout, setbacks, violations

DAY_S = 86_400.0
LEASE_S = 0.6
THINKING_S = 0.5
"""So long an agent is at work, and a lease is renewed meanwhile."""
AT_WORK = 0.8
"""So many runs are first put to sleep while an agent is at work."""
SLEEPS = 2
"""At most so many more in one run."""
JUMPS = {"clock as it was": 0.0, "clock a day ahead": DAY_S, "clock a day back": -DAY_S}


@dataclass
class Lid:
    """Is closed and opened over one stand."""

    stand: Stand
    chance: random.Random
    tree: str
    seconds: float
    """What an undisturbed run takes."""
    longest_s: float
    counts: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def round(self) -> None:
        """Have one run sleep a few times."""
        self.stand.put_back()
        self._clock.write_text("0")
        before, process = checkout(self.stand), self.stand.start(f"clock:{self._clock}", f"leases:{LEASE_S}")
        if self.chance.random() < AT_WORK or self.stand.planted:
            self._sleep_at_work(process)
        for _ in range(self.chance.randint(1, SLEEPS)):
            with suppress(subprocess.TimeoutExpired):
                process.wait(self.chance.uniform(0, 0.5) * self.seconds)
                break
            self._sleep()
        self.counts["runs"] += 1
        found = self._judged(process, before)
        for each in found:
            print(f"run {self.counts['runs']}: {each}", flush=True)
        self.broken += found

    def _sleep_at_work(self, process: "subprocess.Popen[str]") -> None:
        """Put it to sleep while an agent is at work."""
        while process.poll() is None and not self.stand.asked.exists():
            time.sleep(0.01)
        time.sleep(self.chance.uniform(0, 0.8) * THINKING_S)
        self._sleep()

    def _sleep(self) -> None:
        jump, stopped = self.chance.choice(list(JUMPS)), stop_all(self.stand.folder)
        try:
            time.sleep(self.chance.uniform(1.2 * LEASE_S, max(self.longest_s, 2 * LEASE_S)))
            self._clock.write_text(str(float(self._clock.read_text()) + JUMPS[jump]))
        finally:
            for pid in stopped:
                with suppress(ProcessLookupError):  # it was ending when it was stopped
                    os.kill(pid, signal.SIGCONT)
        self.counts[jump] += bool(stopped)

    def _judged(self, process: "subprocess.Popen[str]", before: dict[str, bytes]) -> list[str]:
        try:
            code = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return [f"the run did not end within {SECONDS:.0f} s"]
        said = (self.stand.home / "err").read_text()
        found = [f"the run ended with exit code {code}, and said {said!r}"] if code or said else []
        return [*found, *setbacks(self.stand), *violations(self.stand, self.tree, before, [])]

    @property
    def _clock(self) -> Path:
        return self.stand.folder / "clock"


def stop_all(folder: Path) -> list[int]:
    """Stop every process of a stand, and those that were being started meanwhile."""
    stopped: list[int] = []
    while found := [pid for pid in processes_of(folder) if pid not in stopped]:
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        stopped += found
    return stopped


def main() -> int:
    """Do what the command line says."""
    given = options(__doc__, count=10, seconds=1.5)
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        stand = Stand.make(Path(folder) / "stand", given.parts, THINKING_S)
        tree, seconds = stand.undisturbed()
        lid = Lid(replace(stand, planted=given.planted), random.Random(given.seed), tree, seconds, given.seconds)
        while lid.counts["runs"] < given.count and given.time_left and not (lid.broken and given.planted):
            lid.round()
    return report(lid.counts, lid.broken)


if __name__ == "__main__":
    raise SystemExit(main())
