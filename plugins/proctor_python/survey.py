"""Arguments and report of the program `survey`: a package, its components, its tests and its interpreter."""

from collections.abc import Mapping
from typing import Literal

from proctor_python.measured import Measured
from proctor_python.report import Outcome, Target, Value

Code = Literal[
    "no_such_package",
    "no_components",
    "no_interpreter",
    "no_pytest",
    "import_failed",
    "shadowed_import",
    "suite_broken",
]


class Arguments(Value):
    """What to survey. `only` and `exclude` are globs on a component's path, file name or dotted name."""

    path: str
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    interpreters: tuple[str, ...]
    import_seconds: float = 60.0
    suite_seconds: float = 120.0
    test_seconds: float = 60.0


class Problem(Value):
    """What the user has to put right before anything can be tested."""

    code: Code
    message: str
    detail: str = ""


class Interpreter(Target):
    """The target with the version of its pytest."""

    pytest: str


class Layout(Value):
    """Where tests lie: in one folder, mirroring the package, beside each package folder, or nowhere yet."""

    kind: Literal["flat", "mirror", "beside", "none"]
    folder: str
    packages: bool


class Component(Value):
    """A module with code in it. `baseline` is None when it was not measured."""

    name: str
    path: str
    public: tuple[str, ...] = ()
    lines: int = 0
    priority: int = 0
    test_file: str
    """The reserved name of its new test file."""
    import_error: str = ""
    baseline: Measured | None = None


class Suite(Value):
    """The existing tests at the baseline; `ended` is False if pytest broke down or ran out of time."""

    paths: tuple[str, ...] = ()
    outcomes: Mapping[str, Outcome] = {}
    uncollected: Mapping[str, str] = {}
    unreached: int = 0
    ended: bool = True
    message: str = ""


class Survey(Value):
    """The report. With `error` set, the rest is what was known until then."""

    error: Problem | None = None
    target: Interpreter | None = None
    package: str = ""
    layout: Layout | None = None
    components: tuple[Component, ...] = ()
    """Highest priority first."""
    test_files: tuple[str, ...] = ()
    suite: Suite = Suite()
    not_measured: str = ""
    notices: tuple[str, ...] = ()
    """What a clone lacks because nothing is fetched."""
