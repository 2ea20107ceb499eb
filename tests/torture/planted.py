"""Runs proctor with something wrong in it: `python -m tests.torture.planted [WORD…] -- ARGUMENTS`.

A word is the name of a bug, `die:POINT:N` or `count:FILE`. `die` kills the process when it comes to a point for the Nth
time; `count` writes down how often it came to each.
"""

import atexit
import json
import sys
from pathlib import Path

from tests.torture.bugs import BUGS
from tests.torture.points import Points


def plant(word: str) -> None:
    """Do what a word says."""
    name, _, rest = word.partition(":")
    match name:
        case "die":
            point, _, number = rest.rpartition(":")
            Points(point, int(number)).watch()
        case "count":
            points = Points()
            points.watch()
            atexit.register(lambda: Path(rest).write_text(json.dumps(points.met)))
        case _:
            BUGS[name]()


if __name__ == "__main__":
    cut = sys.argv.index("--")
    for word in sys.argv[1:cut]:
        plant(word)
    from proctor.cli import main

    sys.argv[:] = ["proctor", *sys.argv[cut + 1 :]]
    main()
