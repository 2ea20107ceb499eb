"""The contract, what ruff really says of a file, and where it leads."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from proctor_lint_check import CheckLint

from proctor import Finding, Result
from proctor.testing import StepContract, a_result, a_session, ask

UNTIDY = "import os\n\n\ndef test_it():\n    assert 1 + 1 == 2\n"
FOUND = """[{"code": "F401", "message": "`os` imported but unused", "location": {"row": 1}, "url": null}]"""


class TestCheckLint(StepContract):
    """Every rule for a step."""

    step = CheckLint

    def result(self) -> Result:
        """Give what ruff prints when it found something."""
        return a_result(stdout=FOUND)


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


def test_an_agent_that_leaves_it_untidy_costs_no_test() -> None:
    """`drop_tests` takes only what is condemned."""
    finding = Finding("", "check_lint", "Line 1: `os` imported but unused (F401).", condemns=False)
    assert ask(CheckLint, a_session(), a_result(stdout=FOUND)).state["findings"] == [finding.to_json()]
