"""Checks of what surrounds Proctor: each is asked by itself, has a time limit, and can harm no other."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from proctor.config import Settings

Status = Literal["ok", "warning", "problem"]
SECONDS = 10.0
"""How long one check may take. All are asked at once."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a check found."""

    check: str
    status: Status
    told: str
    remedy: str | None = None
    """What to do."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What is looked at."""

    settings: Settings
    """Those of the user; what is usual, if they cannot be read."""
    folder: Path
    """Where the user is."""
    database: str | None = None
    """The flag that named the database, for hints."""
    invalid: str | None = None
    """Why the user's settings cannot be read."""


Check = Callable[[Setup], Iterable[Diagnosis]]
"""Looks at one thing. Its name is the function's; whatever it raises is a diagnosis too."""


def examine(setup: Setup, checks: Sequence[Check], seconds: float = SECONDS) -> Iterator[Diagnosis]:
    """Ask all checks at once, and give what each found in their order."""
    until = time.monotonic() + seconds
    asked = [_Asked(check, setup) for check in checks]
    for each in asked:
        each.thread.start()
    for each in asked:
        each.thread.join(max(0.0, until - time.monotonic()))
        if each.thread.is_alive():  # it is left behind; a daemon does not keep the process
            yield Diagnosis(each.name, "problem", f"no answer within {seconds:g} s", "Look at it by hand.")
        else:
            yield from each.found


@dataclass(slots=True)
class _Asked:
    check: Check
    setup: Setup
    found: list[Diagnosis] = field(default_factory=list)
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._ask, daemon=True)

    @property
    def name(self) -> str:
        return self.check.__name__.strip("_").replace("_", " ")

    def _ask(self) -> None:
        found: list[Diagnosis] = []
        try:
            found.extend(self.check(self.setup))
        except BaseException as error:  # noqa: BLE001 # the other checks go on, whatever it is
            text = " ".join(str(error).split())
            told = f"it could not be checked: {type(error).__name__}: {text}".removesuffix(": ")
            found.append(Diagnosis(self.name, "problem", told, "Please report this as a fault in Proctor."))
        self.found = found
