"""What is no bug and has to be otherwise for a test: shorter waits, shorter leases, a clock that is set."""

import time
from pathlib import Path


def patience(seconds: float, tries: int) -> None:
    """Have proctor wait so long for a busy database, so many times."""
    from proctor.store import busy, database

    database.PATIENCE, busy.TRIES = seconds, tries
    database.Turn.taken.__wrapped__.__defaults__ = (seconds,)  # type: ignore[attr-defined] # what it was made with


def leases(seconds: float) -> None:
    """Have commands be handed out for so long, and leases be renewed three times within that."""
    from proctor.runner import Runner
    from proctor.sessions import Sessions

    Sessions.__init__.__kwdefaults__["lease_s"] = seconds  # type: ignore[index] # it has some
    Runner.__init__.__kwdefaults__["renew_every_s"] = seconds / 3  # type: ignore[index] # likewise


def clock(file: Path) -> None:
    """Have `time.time` be ahead by the seconds that a file says at that moment."""
    real = time.time
    time.time = lambda: real() + float(file.read_text())
