"""The command line that every harness has."""

import argparse
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """How often, with which chances, and with which bug."""

    count: int
    seed: int
    planted: tuple[str, ...]
    parts: int
    """Modules of the package that is worked on."""
    seconds: float
    """The longest time that something is held or stopped."""
    until: float
    """On the monotonic clock."""

    @property
    def time_left(self) -> bool:
        """Tell whether to go on."""
        return time.monotonic() < self.until


def options(about: str | None, *, count: int, parts: int = 20, seconds: float = 0.0) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=count)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parts", type=int, default=parts, help="modules of the package, where one is worked on")
    parser.add_argument("--seconds", type=float, default=seconds, help="the longest hold or stop, where there are some")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin nothing new after that")
    parser.add_argument("--plant", metavar="BUG", help="plant a bug, and see it found")
    given = parser.parse_args()
    planted = (given.plant,) if given.plant else ()
    return Options(given.count, given.seed, planted, given.parts, given.seconds, time.monotonic() + 60 * given.minutes)
