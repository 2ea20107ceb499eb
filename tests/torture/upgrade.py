"""Kills `proctor run`, puts newer versions of its steps in place, and runs it again: `python -m tests.torture.upgrade`.

The session goes on with the steps that it was begun with, by name, and comes to the same single commit. Exit code 1 if
not.
"""

import random
import shutil
import tempfile
import time
from pathlib import Path

from tests.torture import cheap_steps
from tests.torture.options import options
from tests.torture.record import Record
from tests.torture.report import report
from tests.torture.stand import Stand
from tests.torture.verdict import checkout, violations


def upgraded(stand: Stand, tree: str, chance: random.Random, number: int) -> list[str]:
    """Kill a run once an agent is asked, or soon after, and continue it with another version."""
    stand.put_back()
    before, first = checkout(stand), stand.start()
    while first.poll() is None and "generate_tests" not in (stand.home / "out").read_text():
        time.sleep(0.01)
    time.sleep(chance.uniform(0, 0.1))
    first.kill()
    first.wait()
    record = Record.of(stand.database)
    shutil.rmtree(stand.folder / "plugins")
    cheap_steps.install(stand.folder / "plugins", f"{number}.0")
    ended = [] if record.ended else stand.finish()
    return [*ended, *violations(stand, tree, before, [record])]


def main() -> int:
    """Do what the command line says."""
    given = options(__doc__, count=5, parts=4)
    chance, done, broken = random.Random(given.seed), 0, list[str]()
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        stand = Stand.make(Path(folder) / "stand", given.parts)
        tree, _ = stand.undisturbed()
        while done < given.count and given.time_left:
            done += 1
            found = upgraded(stand, tree, chance, done + 1)
            print(*found, sep="\n", end="\n" if found else "", flush=True)
            broken += found
    return report({"upgrades": done}, broken)


if __name__ == "__main__":
    raise SystemExit(main())
