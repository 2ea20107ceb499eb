"""The contract, what ruff really says of a file, and where it leads."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from proctor_lint_check import CheckLint, KeepUntidyTests
from pydantic import BaseModel

from proctor import ERROR, OK, SELF, WARNING, Command, NoOptions, Outcome, Result, Scope, Session, Step
from proctor.testing import StepContract, WrapperContract, a_result, a_session, ask

UNTIDY = "import os\n\n\ndef test_it():\n    assert 1 + 1 == 2\n"
FOUND = """[{"code": "F401", "message": "`os` imported but unused", "location": {"row": 1}, "url": null}]"""


class TestCheckLint(StepContract):
    """Every rule for a step."""

    step = CheckLint

    def result(self) -> Result:
        """Give what ruff prints when it found something."""
        return a_result(stdout=FOUND)


class DropTests(Step):
    """Stands for the step of that name."""

    name = "drop_tests"
    workflow = "component_testing"
    transitions = {OK: "run_tests", WARNING: "finalize", ERROR: SELF}

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        """Do nothing."""
        return Command("none")

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Pass it on."""
        return Outcome(result)


class TestKeepUntidyTests(WrapperContract):
    """Every rule for a wrapper."""

    wrapper = KeepUntidyTests
    step = DropTests

    def session(self) -> Session:
        """Give one in which only ruff found something."""
        return a_session(state={**a_session().state, "findings": [{"check": "check_lint"}]})


def read_by_ruff(folder: Path, text: str) -> Result:
    """Run the step's command, as far as that can be done without Proctor."""
    argv = ask(CheckLint, a_session()).arguments["argv"]
    assert isinstance(argv, list)
    target = folder / argv[-1]
    target.parent.mkdir(parents=True)
    target.write_text(text)
    ended = subprocess.run([sys.executable, *argv[1:]], cwd=folder, capture_output=True, text=True, check=True)
    return a_result(stdout=ended.stdout)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (UNTIDY, "Line 1: `os` imported but unused (F401)."),
        ("def test_it(:\n", "Line 1: Expected a parameter or the end of the parameter list (invalid-syntax)."),
    ],
)
def test_the_agent_is_told_what_and_where(tmp_path: Path, text: str, message: str) -> None:
    """In words of its own: the finding is all that it gets."""
    outcome = ask(CheckLint, a_session(), read_by_ruff(tmp_path, text))
    assert outcome.result.status == "error"
    findings = outcome.state["findings"]
    assert isinstance(findings, list)
    assert findings[0]["message"] == message


def test_a_tidy_file_passes(tmp_path: Path) -> None:
    """Nothing is found, so nobody is asked."""
    outcome = ask(CheckLint, a_session(), read_by_ruff(tmp_path, UNTIDY.replace("import os\n\n\n", "")))
    assert (outcome.result.status, outcome.state) == ("ok", {"findings": []})


def test_it_is_told_once() -> None:
    """What the agent left is accepted, and stands in the result."""
    session = a_session()
    told = replace(session, state={**session.state, **ask(CheckLint, session, a_result(stdout=FOUND)).state})
    outcome = ask(CheckLint, told, a_result(stdout=FOUND))
    assert outcome.result.status == "ok"
    assert outcome.result.data["problems"]


class NeverAsked:
    """Stands for `drop_tests` where it must not be asked."""

    async def get_command(self, scope: Scope, session: Session) -> Command:
        """Fail."""
        raise AssertionError

    async def handle_result(self, scope: Scope, session: Session, result: Result) -> Outcome:
        """Fail."""
        raise AssertionError


def test_an_agent_that_leaves_it_untidy_costs_no_test() -> None:
    """Whatever `drop_tests` would have taken."""
    session = a_session()
    session = replace(session, state={**session.state, **ask(CheckLint, session, a_result(stdout=FOUND)).state})
    assert asyncio.run(KeepUntidyTests().get_command(NeverAsked(), Scope(), session, NoOptions())).kind == "none"
    kept = asyncio.run(KeepUntidyTests().handle_result(NeverAsked(), Scope(), session, Result("ok"), NoOptions()))
    assert (kept.result.status, kept.state) == ("ok", {"findings": []})
