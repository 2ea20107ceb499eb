"""Stops `proctor run` somewhere, lets a second one take its work, and lets the first one go on.

`python -m tests.torture.zombie_run --count 10 --seed 1`. The second one cannot see that the first one lives, as in
another container. The first one goes on while the second is at it, or after its end. It must come to one commit, with
nothing judged twice. Exit code 1 if not.
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from tests.torture.options import options
from tests.torture.record import Record
from tests.torture.report import report
from tests.torture.stand import SECONDS, Stand
from tests.torture.verdict import checkout, violations

TOO_LATE = "stopped after the end"


def stop_somewhere(stand: Stand, tree: str, seconds: float, chance: random.Random) -> tuple[str, list[str]]:
    """Do one round; give how it went, and what is wrong."""
    stand.put_back()
    before, first = checkout(stand), stand.start()
    while first.poll() is None and not (stand.home / "out").stat().st_size:
        time.sleep(0.01)  # a run that was stopped before it began would begin anew when the other has ended
    time.sleep(chance.uniform(0, 0.7) * seconds)
    _stop(first)
    while _holds_a_lock(first):
        first.send_signal(signal.SIGCONT)
        time.sleep(0.001)
        _stop(first)
    if Record.of(stand.database).ended:
        first.send_signal(signal.SIGCONT)
        first.wait(SECONDS)
        return TOO_LATE, []
    second = replace(stand, planted=()).start("sees_nobody")
    at_once = chance.random() < 0.5
    _wait_until_taken(stand, first, second)
    found = _ended(stand, second, chance.uniform(0, 0.7) * seconds if at_once else SECONDS)
    record = Record.of_one_moment(stand.database)
    first.send_signal(signal.SIGCONT)
    found += _ended(stand, second, SECONDS) if at_once else []
    with suppress(subprocess.TimeoutExpired):
        first.wait(SECONDS)
        return "woken meanwhile" if at_once else "woken at the end", found + violations(stand, tree, before, [record])
    first.kill()
    return "never ended", ["the zombie did not end"]


def _stop(process: "subprocess.Popen[str]") -> None:
    """Stop a process, and wait until the last of its threads has stopped: a signal is sent before it has arrived."""
    process.send_signal(signal.SIGSTOP)
    with suppress(ChildProcessError):  # it has ended meanwhile
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)


def _holds_a_lock(process: "subprocess.Popen[str]") -> bool:
    """Tell whether a process holds the database or a copy of the repository: nobody can write before it goes on."""
    locks = (line.split() for line in Path("/proc/locks").read_text().splitlines())
    return any("WRITE" in lock and str(process.pid) in lock for lock in locks)


def _wait_until_taken(stand: Stand, first: "subprocess.Popen[str]", second: "subprocess.Popen[str]") -> None:
    """Wait until the second one has the first one's tree: if that ended before it looked, it would begin anew."""
    until = time.monotonic() + SECONDS
    with closing(sqlite3.connect(f"file:{stand.database}?mode=ro", uri=True)) as connection:
        while second.poll() is None and time.monotonic() < until:
            owners = connection.execute("SELECT owner FROM trees WHERE owner IS NOT NULL").fetchall()
            if first.pid not in [json.loads(owner)["pid"] for (owner,) in owners]:
                return
            time.sleep(0.01)


def _ended(stand: Stand, second: "subprocess.Popen[str]", seconds: float) -> list[str]:
    """Wait for the second process, so long at most; say if it ended badly."""
    with suppress(subprocess.TimeoutExpired):
        code = second.wait(seconds)
        return [f"the second run ended with exit code {code}: {stand.said()}"] if code else []
    return [] if seconds < SECONDS else ["the second run did not end"]


def main() -> int:
    """Do what the command line says."""
    given = options(__doc__, count=10)
    chance, counts, broken = random.Random(given.seed), Counter[str](), list[str]()
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        stand = Stand.make(Path(folder) / "stand", given.parts)
        tree, seconds = stand.undisturbed()
        stand = replace(stand, planted=given.planted)
        while counts.total() - counts[TOO_LATE] < given.count and given.time_left and not (broken and given.planted):
            how, found = stop_somewhere(stand, tree, seconds, chance)
            counts[how] += 1
            for each in found:
                print(f"round {counts.total()}: {each}", flush=True)
            broken += found
    return report(counts, broken)


if __name__ == "__main__":
    raise SystemExit(main())
