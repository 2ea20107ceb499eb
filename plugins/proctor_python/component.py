"""Arguments and report of the program `component`: what an agent needs to know of one component."""

from typing import Literal

from proctor_python.measured import Measured
from proctor_python.report import Target, Value


class Arguments(Value):
    """Which component; `test_files` are all of the project's, `test_file` is the new one's name."""

    target: Target
    path: str
    module: str
    test_file: str
    test_files: tuple[str, ...] = ()
    baseline: Measured | None = None


class Name(Value):
    """A public function, class or method, with the first line of its docstring."""

    name: str
    kind: Literal["function", "class", "method"]
    signature: str
    doc: str
    line: int


class Mention(Value):
    """An existing test file that mentions the component, and its tests."""

    path: str
    tests: tuple[str, ...] = ()


class Page(Value):
    """A specification page with a section "Test Assertions"."""

    path: str
    text: str


class Component(Value):
    """The report. `open_lines` reads "1-5, 9"; None means not measured."""

    size: int
    lines: int
    doc: str = ""
    names: tuple[Name, ...] = ()
    tests: tuple[Mention, ...] = ()
    neighbour: str | None = None
    specification: Page | None = None
    open_lines: str | None = None
    open_arcs: int = 0
    syntax_error: str = ""
