"""What all models of this room share: they are frozen, and a report may say more than we read."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Outcome = Literal["passed", "failed", "error", "skipped", "xfailed", "xpassed"]


class Value(BaseModel):
    """A frozen value that crosses the border to a program."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Target(Value):
    """The interpreter that runs the user's code, and where it imports from, relative to the work tree."""

    executable: str
    version: str
    import_root: str = "."


class TestOutcome(Value):
    """What became of one test in one run."""

    __test__ = False  # pytest must not collect it

    test: str
    outcome: Outcome
    message: str = ""
    duration: float = 0.0
    found: str = ""
    """Of a test that failed: the comparison, both values written out, or the exception with its message."""


class Uncollected(Value):
    """A file that pytest could not collect, or that skips itself."""

    path: str
    message: str
