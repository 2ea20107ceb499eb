"""What `proctor serve` takes until it answers /ready: CPU of the server, and seconds by the clock.

    python tests/benchmarks/graphql_start_up.py [ROUNDS]

With a database that is there already, and with one that has to be made first.
"""

import sys
import tempfile
import time
import urllib.request
from functools import partial
from pathlib import Path

from graphql_servers import proctor
from measuring import Meter, alternated, report


def _started(folder: Path) -> Meter:
    begun = time.perf_counter()
    with proctor(folder) as server:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/ready", timeout=20) as answer:
            assert answer.status == 200
        return Meter(server.cpu(), time.perf_counter() - begun)


def _fresh() -> Meter:
    with tempfile.TemporaryDirectory() as folder:
        return _started(Path(folder))


def _main(rounds: int = 7) -> None:
    with tempfile.TemporaryDirectory() as folder:
        meters = alternated(rounds, partial(_started, Path(folder)), _fresh)
    cases = zip(("database as it was left", "no database yet"), meters, strict=True)
    report("server start-up", [{"what": what, "CPU s": meter.cpu, "wall s": meter.wall} for what, meter in cases])


if __name__ == "__main__":
    _main(*map(int, sys.argv[1:]))
