"""How a pinned workflow is shown."""

import sys
from pathlib import Path

import pytest
from api_world import Api

from proctor import Workflow
from proctor.api.workflow import StepWrapper, workflow
from proctor.domain.workflow import PinnedStep, PinnedWrapper, pin
from proctor.registry import Registry

ELSEWHERE = """
from proctor import Command, Outcome, Step
from pydantic import BaseModel

class Options(BaseModel):
    image: str = "python:3"

class Elsewhere(Step):
    "Runs the tests in a container."
    name, workflow, replaces = "elsewhere", "component_testing", "run_tests"
    Options = Options
    async def get_command(self, scope, session, options):
        return Command("none")
    async def handle_result(self, scope, session, result, options):
        return Outcome(result)
"""


def test_a_step_is_shown_with_what_stands_around_it_the_innermost_first() -> None:
    wrappers = [PinnedWrapper(name, "work", distribution="acme", version="1.0") for name in ("patient", "nice")]
    shown = workflow(pin(Workflow("line", ("work", "close")), [PinnedStep("work"), PinnedStep("close")], wrappers))
    around = {step.name: step.wrappers for step in shown.steps}
    assert around == {
        "work": [StepWrapper(name=name, distribution="acme", version="1.0") for name in ("nice", "patient")],
        "close": [],
    }


async def test_of_a_step_that_was_replaced_the_one_in_its_place_is_described(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "acme_elsewhere-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: acme-elsewhere\nVersion: 1.0\n")
    entry = "[proctor.steps]\ncomponent_testing.elsewhere = acme_elsewhere:Elsewhere\n"
    (info / "entry_points.txt").write_text(entry)
    (tmp_path / "acme_elsewhere.py").write_text(ELSEWHERE)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    api.app.registry = Registry(["acme-elsewhere"])
    found = await api.ask("{ workflows { name steps { name distribution description optionsSchema } } }")
    sys.modules.pop("acme_elsewhere", None)
    steps = {each["name"]: each["steps"] for each in found}["component_testing"]
    (step,) = [step for step in steps if step["name"] == "run_tests"]
    assert (step["distribution"], step["description"]) == ("acme-elsewhere", "Runs the tests in a container.")
    assert [*step["optionsSchema"]["properties"]] == ["image"]
