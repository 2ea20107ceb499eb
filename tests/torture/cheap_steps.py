"""Steps in the place of the costly ones, so that a run of twenty components takes seconds.

The agent, its workspace, one check, the children, the commit and the branch are the real ones. Surveys and measuring
are left out, and so is running all tests together before they land.
"""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from proctor import Command, NoOptions, Outcome, Result, Scope, Session, Step, Workspace, Wrapper
from proctor_context_testing.finalize import Finalize

PARTS = int(os.environ.get("TORTURE_PARTS", "20"))
"""Components of the package."""
SLOW_S = 0.03
"""So long the verdict on an agent's work takes: its result is stored before that."""
PROGRAM = """
import sys
sys.path.insert(0, ".")
names = {}
exec(compile(open(sys.argv[1]).read(), sys.argv[1], "exec"), names)
for name, test in names.items():
    if name.startswith("test_"):
        test()
"""
TARGET = {"executable": "python", "version": "3", "import_root": "."}


class Idle(Step):
    """Asks for nothing and takes the result as it is."""

    Options = NoOptions

    async def get_command(self, scope: Scope, session: Session, options: object) -> Command:
        return Command("none")

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: object) -> Outcome:
        return Outcome(result)


class KnownPackage(Idle):
    """Knows the components without looking."""

    name, workflow, replaces = "known_package", "context_testing", "initialize"

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: object) -> Outcome:
        names = [f"part{number}" for number in range(PARTS)]
        found = [
            {"name": f"sample.{name}", "path": f"sample/{name}.py", "test_file": f"tests/test_{name}.py"}
            for name in names
        ]
        return Outcome(result, {"python": TARGET, "components": found, "branch": "test-sample"})


class KnownComponent(Idle):
    name, workflow, replaces = "known_component", "component_testing", "initialize"


class SlowlyJudged(Wrapper):
    """Lets a while pass before an agent's result is judged, as a plugin in a process of its own does."""

    name, workflow, wraps = "slowly_judged", "component_testing", "generate_tests"

    async def handle_result(
        self, inner: Step, scope: Scope, session: Session, result: Result, options: object
    ) -> Outcome:
        await asyncio.sleep(SLOW_S)
        return await inner.handle_result(scope, session, result)  # type: ignore[call-arg] # it knows its options


class PlainRun(Idle):
    """Runs the tests without pytest."""

    name, workflow, replaces = "plain_run", "component_testing", "run_tests"

    async def get_command(self, scope: Scope, session: Session, options: object) -> Command:
        state = session.state
        files = state["files"]
        assert isinstance(files, Mapping)
        argv = ["{proctor_python}", "-S", "-E", "{inputs}/run.py", str(state["target"])]
        workspace = Workspace(str(state["repository"]), str(state["base"]), {str(k): str(v) for k, v in files.items()})
        return Command("process", {"argv": argv, "inputs": {"run.py": PROGRAM}}, workspace)

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: object) -> Outcome:
        return Outcome(result, {"tests": 1, "findings": []})


class NotMeasured(Idle):
    name, workflow, replaces = "not_measured", "component_testing", "check_coverage"


class OnceIsEnough(Idle):
    name, workflow, replaces = "once_is_enough", "component_testing", "check_stability"


class Unverified(Finalize):
    """Lands the files as they are."""

    name, workflow, replaces = "unverified", "context_testing", "finalize"

    async def get_command(self, scope: Scope, session: Session, options: object) -> Command:
        command = await super().get_command(scope, session, options)  # type: ignore[arg-type] # its own options
        return replace(command, arguments={**command.arguments, "verify": None})

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: object) -> Outcome:
        told = {name: result.data.get(name) for name in ("branch", "commit", "files")}
        return Outcome(result, product={**told, "tests": len(result.files), "removed": [], "components": []})


STEPS = (KnownPackage, KnownComponent, SlowlyJudged, PlainRun, NotMeasured, OnceIsEnough, Unverified)


def install(folder: Path, version: str = "1.0") -> None:
    """Lay a distribution of these steps out in `folder`."""
    info = folder / f"cheap_steps-{version}.dist-info"
    info.mkdir(parents=True)
    info.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: cheap-steps\nVersion: {version}\n")
    lines = [f"{step.workflow}.{step.name} = {__name__}:{step.__name__}" for step in STEPS]
    info.joinpath("entry_points.txt").write_text("\n".join(["[proctor.steps]", *lines]) + "\n")
