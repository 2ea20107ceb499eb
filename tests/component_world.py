"""A component, and a made-up world in which its session takes place."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from walks import Walk

from proctor import Command, Json, Result, Session, Step
from proctor.domain.head import Birth, Head
from proctor.domain.scope import Scope
from proctor.domain.session import AgentChoice, Limits
from proctor_component_testing import WORKFLOW
from proctor_component_testing.check_coverage import CheckCoverage
from proctor_component_testing.check_stability import CheckStability
from proctor_component_testing.drop_tests import DropTests
from proctor_component_testing.finalize import Finalize
from proctor_component_testing.fix_tests import FixTests
from proctor_component_testing.generate_tests import GenerateTests
from proctor_component_testing.initialize import Initialize
from proctor_component_testing.run_tests import RunTests

TARGET = "tests/test_shop_prices.py"
STEPS = (
    Initialize(), GenerateTests(), RunTests(), CheckStability(), CheckCoverage(), Finalize(), FixTests(), DropTests(),
)  # fmt: skip
BASELINE: Mapping[str, Json] = {"executed_lines": [1], "missing_lines": [2, 3], "executed_arcs": [], "missing_arcs": []}
FULL: Mapping[str, Json] = {"executed_lines": [1, 2, 3], "missing_lines": [], "executed_arcs": [], "missing_arcs": []}
Script = Mapping[str, Iterable[Result]]


class World:
    """Executes commands by a script: for each step the results to give in turn.

    A step that the script says nothing (more) of does its work well: an agent asked for tests writes those that the
    world begins with, the tests that are in the file pass, and tests that shall be dropped are.
    """

    def __init__(self, script: Script, tests: Iterable[str] = ("test_a", "test_b")) -> None:
        self.script = {step: list(results) for step, results in script.items()}
        self.tests = list(tests)
        self.versions = 0

    def __call__(self, command: Command, session: Session) -> Result:
        """Execute a command."""
        if self.script.get(command.step):
            return self.script[command.step].pop(0)
        return getattr(self, command.step)(command)

    def initialize(self, _command: Command) -> Result:
        return Result("ok", {"report": {"size": 120, "lines": 3}})

    def generate_tests(self, _command: Command) -> Result:
        return self.written()

    def fix_tests(self, _command: Command) -> Result:
        return self.written()

    def run_tests(self, _command: Command) -> Result:
        return self.ran()

    def check_stability(self, _command: Command) -> Result:
        return self.ran(runs=5)

    def check_coverage(self, _command: Command) -> Result:
        return self.ran(coverage=FULL)

    def finalize(self, _command: Command) -> Result:
        return Result("ok")

    def drop_tests(self, command: Command) -> Result:
        """Do as the program does; a name that is not in the file takes the whole file with it."""
        if command.kind == "none":
            return Result("ok")
        inputs = command.arguments["inputs"]
        names = [name.partition("::")[2] for name in json.loads(inputs["arguments.json"])["tests"]]
        gone = names if set(names) <= set(self.tests) else self.tests
        self.tests = [test for test in self.tests if test not in gone]
        report = {"dropped": list(names), "remaining": list(self.tests), "deleted": not self.tests}
        files = self.written().files if self.tests else {}
        return Result("ok", {"report": report}, files=files)

    def written(self, status: str = "ok", **data: Json) -> Result:
        """Give the result of an agent that wrote a version of the file never seen before."""
        self.versions += 1
        return Result(status, data, files={TARGET: f"version {self.versions}"})

    def ran(
        self, *, bad: Iterable[str] = (), empty: Iterable[str] = (), coverage: Json = None, idle: Iterable[str] = (),
        runs: int = 1, seed: int = 1,
    ) -> Result:  # fmt: skip
        """Give the report of a check: these fail in the last run, assert nothing, or execute nothing."""
        bad, empty, idle = set(bad), set(empty), set(idle)
        passed = [{"test": f"{TARGET}::{test}", "outcome": "passed"} for test in self.tests]
        last = [
            {"test": f"{TARGET}::{test}", "outcome": "failed", "message": f"E   {test} is wrong"}
            if test in bad
            else good
            for test, good in zip(self.tests, passed, strict=True)
        ]
        report: Json = {
            "runs": [{"seed": seed + at, "tests": last if at == runs - 1 else passed} for at in range(runs)],
            "asserts": {f"{TARGET}::{test}": test not in empty for test in self.tests},
            "coverage": coverage,
            "per_test": {f"{TARGET}::{test}": {"lines": [2]} for test in self.tests if test not in idle},
        }
        return Result("ok", {"report": report})


def broken_file(seed: int = 1) -> Result:
    """Give the report of a check of a file that cannot even be collected."""
    problem = {"path": TARGET, "message": "E   SyntaxError: invalid syntax"}
    return Result("ok", {"report": {"runs": [{"seed": seed, "uncollected": [problem]}]}})


def born(limits: Limits | None = None, *, deterministic: bool = False, state: Mapping[str, Json] | None = None) -> Head:
    """Give the head of a new session about a component that is measured and not yet tested."""
    handed_down: dict[str, Json] = {
        "repository": "/repository",
        "base": "c" * 40,
        "target": TARGET,
        "python": {"executable": "/usr/bin/python3", "version": "3.12.1"},
        "test_files": ["tests/test_stock.py"],
        "baseline": BASELINE,
    }
    birth = Birth(
        "s1", "s0", "component_testing", Scope(), 1.0, {"name": "shop.prices", "path": "shop/prices.py"},
        agent=AgentChoice("someone", deterministic), limits=limits or Limits(),
    )  # fmt: skip
    return Head(birth, state={**handed_down, **(state or {})})


def begin(
    world: Callable[[Command, Session], Result],
    limits: Limits | None = None,
    *,
    deterministic: bool = False,
    state: Mapping[str, Json] | None = None,
    strangers: Sequence[Step] = (),
) -> Walk:
    """Begin a walk in a world."""
    return Walk(WORKFLOW, (*STEPS, *strangers), born(limits, deterministic=deterministic, state=state), world)


def walked(script: Script | None = None, **more: Any) -> Walk:
    """Walk to the end by a script."""
    return begin(World(script or {}), **more).to_the_end()
