"""Runs proctor with something wrong in it: `python -m tests.torture.planted [WORD…] -- ARGUMENTS`.

A word is the name of a bug, or one of these:

    die:POINT:N             kill the process when it comes to a point for the Nth time
    count:FILE              write down how often it came to each
    patience:SECONDS:TRIES  wait so long, and so often, for a busy database
    leases:SECONDS          hand commands out for so long
    clock:FILE              have the wall clock be ahead by the seconds that the file says; comes first
"""

import atexit
import json
import sys
from pathlib import Path

from tests.torture import circumstances


def plant(word: str) -> None:
    """Do what a word says. What imports proctor is imported here: by then the clock is what it is to be."""
    name, _, rest = word.partition(":")
    match name:
        case "die":
            from tests.torture.points import Points

            point, _, number = rest.rpartition(":")
            Points(point, int(number)).watch()
        case "count":
            from tests.torture.points import Points

            points = Points()
            points.watch()
            atexit.register(lambda: Path(rest).write_text(json.dumps(points.met)))
        case "patience":
            seconds, _, tries = rest.partition(":")
            circumstances.patience(float(seconds), int(tries))
        case "leases":
            circumstances.leases(float(rest))
        case "clock":
            circumstances.clock(Path(rest))
        case _:
            from tests.torture.bugs import BUGS

            BUGS[name]()


if __name__ == "__main__":
    cut = sys.argv.index("--")
    for word in sys.argv[1:cut]:
        plant(word)
    from proctor.cli import main

    sys.argv[:] = ["proctor", *sys.argv[cut + 1 :]]
    main()
