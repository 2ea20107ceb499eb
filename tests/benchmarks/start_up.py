"""What starting costs: CPU seconds of a process that only shows the version, and of one that only imports.

    python tests/benchmarks/start_up.py [ROUNDS]

The bare interpreter takes its turn beside them.
"""

import resource
import subprocess
import sys
import time
from functools import partial

from measuring import Meter, alternated, report

CASES = {
    "python": [sys.executable, "-c", ""],
    "import proctor": [sys.executable, "-c", "import proctor"],
    "from proctor import Step, Command": [sys.executable, "-c", "from proctor import Step, Command"],
    "proctor --version": [sys.executable, "-m", "proctor", "--version"],
}


def _started(argv: list[str]) -> Meter:
    """Give what a process took from its start to its end."""
    before, begun = _children(), time.perf_counter()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    return Meter(_children() - before, time.perf_counter() - begun)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _main(rounds: int = 15) -> None:
    meters = alternated(rounds, *(partial(_started, argv) for argv in CASES.values()))
    named = zip(CASES, meters, strict=True)
    report("start-up", [{"what": what, "CPU s": meter.cpu, "wall s": meter.wall} for what, meter in named])


if __name__ == "__main__":
    _main(*map(int, sys.argv[1:]))
