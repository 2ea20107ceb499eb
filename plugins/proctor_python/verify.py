"""Arguments and report of the program `verify`: our tests together with the project's suite."""

from collections.abc import Mapping

from proctor_python.measured import Measured
from proctor_python.report import Outcome, Target, TestOutcome, Value


class Arguments(Value):
    """Our test files, the suite's paths and its outcomes at the baseline, and source files to measure."""

    target: Target
    ours: tuple[str, ...]
    paths: tuple[str, ...] = ()
    suite: Mapping[str, Outcome] = {}
    measure: tuple[str, ...] = ()
    seconds: float = 300.0
    test_seconds: float = 60.0


class Removed(Value):
    """A test of ours (or a whole file) that does not land, and why."""

    test: str
    reason: str


class Suite(Value):
    """What became of the project's own tests. `not_ours` failed, but for reasons of their own."""

    ran: int = 0
    passed: int = 0
    failed_before: int = 0
    unreached: int = 0
    not_ours: tuple[str, ...] = ()


class Verify(Value):
    """The report. `tests` and `files` are what remains of ours."""

    tests: tuple[TestOutcome, ...] = ()
    files: tuple[str, ...] = ()
    removed: tuple[Removed, ...] = ()
    suite: Suite = Suite()
    coverage: Mapping[str, Measured] | None = None
    not_measured: str = ""
    message: str = ""
