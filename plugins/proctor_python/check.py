"""Arguments and report of the program `check`: test files, run several times."""

from collections.abc import Mapping

from proctor_python.measured import Gain, Measured
from proctor_python.report import Target, TestOutcome, Uncollected, Value


class Arguments(Value):
    """What to run, how often and how; `assertion_helpers` are names that the project counts as assertions."""

    target: Target
    test_files: tuple[str, ...]
    component: str
    runs: int = 1
    shuffle: bool = False
    seed: int = 1
    measure: bool = False
    seconds: float = 120.0
    test_seconds: float = 20.0
    assertion_helpers: tuple[str, ...] = ()


class Run(Value):
    """One run in one order; `message` says how pytest broke down, if it did, `broken` that no test is to blame."""

    seed: int
    tests: tuple[TestOutcome, ...] = ()
    uncollected: tuple[Uncollected, ...] = ()
    message: str = ""
    broken: bool = False


class Check(Value):
    """The report. `coverage` is None when not measured, and `not_measured` says why."""

    runs: tuple[Run, ...]
    asserts: Mapping[str, bool] = {}
    coverage: Measured | None = None
    per_test: Mapping[str, Gain] = {}
    not_measured: str = ""
