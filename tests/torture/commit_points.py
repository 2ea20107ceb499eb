"""Kills `proctor run` at every commit and every call of git, once before and once after, and runs it again.

`python -m tests.torture.commit_points [--count N] [--seed N]`. The package has few components, so that each point is
met. Calls of git are also left running by their dead caller. `--count 0` means every point, else so many chosen by
chance; with a planted bug, one after the other from the last, those during a call of git first, until it is found. Exit
code 1 if a run did not come to the same single commit.
"""

import json
import random
import signal
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from tests.torture.options import options
from tests.torture.record import Record
from tests.torture.report import report
from tests.torture.stand import SECONDS, Stand
from tests.torture.verdict import checkout, unkept_words, violations

Point = tuple[str, int]


def points_of(stand: Stand) -> tuple[str, list[Point]]:
    """Run undisturbed; give the tree of the commit, and the points that were met."""
    counted = stand.folder / "points.json"
    tree, _ = stand.undisturbed(f"count:{counted}")
    return tree, [
        (kind, number) for kind, met in json.loads(counted.read_text()).items() for number in range(1, met + 1)
    ]


def die_at(stand: Stand, tree: str, point: Point) -> tuple[str, list[str]]:
    """Kill a run at a point and continue it; give how it went, and what is wrong."""
    stand.put_back()
    before, (kind, number) = checkout(stand), point
    code = stand.start(f"die:{kind}:{number}").wait(SECONDS)
    if code != -signal.SIGKILL:
        return "point not met", violations(stand, tree, before, [])
    record = Record.of(stand.database)
    found = [*unkept_words((stand.home / "out").read_text(), record)]
    if not record.ended:
        found += stand.finish()
    return kind, found + violations(stand, tree, before, [record])


def _late_in_git(point: Point) -> tuple[bool, int]:
    return point[0] == "during git", point[1]


def main() -> int:
    """Do what the command line says."""
    given = options(__doc__, count=0, parts=3)
    chance, counts, broken = random.Random(given.seed), Counter[str](), list[str]()
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        stand = Stand.make(Path(folder) / "stand", given.parts)
        tree, points = points_of(stand)
        stand = replace(stand, planted=given.planted)
        chosen = chance.sample(points, min(given.count or len(points), len(points)))
        for point in sorted(points, key=_late_in_git, reverse=True) if given.planted else chosen:
            how, found = die_at(stand, tree, point)
            counts[how] += 1
            for each in found:
                print(f"{point[0]} {point[1]}: {each}", flush=True)
            broken += found
            if (broken and given.planted) or not given.time_left:
                break
    return report(counts, broken)


if __name__ == "__main__":
    raise SystemExit(main())
