"""The contract, the program over a real module, and where each score leads."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from proctor_mutation_check import PROGRAM, CheckMutants
from proctor_mutation_check.mutate import mutants, sampled

from proctor import JsonObject, Result
from proctor.testing import StepContract, a_result, a_session, ask

MODULE = '''"""Prices."""


def gross(net: float, rate: float = 0.2) -> float:
    """Add tax."""
    if rate < 0:
        raise ValueError("a rate is not negative")
    return net * (1 + rate)
'''
WEAK = "from prices import gross\n\n\ndef test_it():\n    assert gross(100)\n"
STRONG = """import pytest
from prices import gross


def test_tax_is_added():
    assert (gross(100), gross(100, 0)) == (120, 100)


def test_a_rate_is_not_negative():
    with pytest.raises(ValueError, match="not negative$"):
        gross(100, -0.5)
"""
SURVIVOR: JsonObject = {"line": 8, "before": "1 + rate", "after": "1 - rate"}
GOOD = a_result(data={"report": {"possible": 30, "tried": 4, "survivors": [SURVIVOR]}})
BAD = a_result(data={"report": {"possible": 30, "tried": 4, "survivors": [SURVIVOR, SURVIVOR]}})
CONDEMNS = {"ok": [], "error": [False, False], "warning": [True]}
"""Whether a finding condemns the file, for each status of BAD."""


class TestCheckMutants(StepContract):
    """Every rule for a step."""

    step = CheckMutants

    def result(self) -> Result:
        """Give what the program reports when all is well."""
        return GOOD


def survivors(folder: Path, tests: str) -> list[tuple[int, str, str]]:
    """Run the program as its command does."""
    given = {
        "module": "prices",
        "component": "prices.py",
        "target": "test_prices.py",
        "import_root": ".",
        "lines": None,
    }
    (folder / "prices.py").write_text(MODULE)
    (folder / "test_prices.py").write_text(tests)
    (folder / "mutate.py").write_text(PROGRAM)
    (folder / "arguments.json").write_text(json.dumps({**given, "sample": 4, "seed": 1, "seconds": 60}))
    report_to = {"PROCTOR_REPORT": str(folder / "report.json"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run(
        [sys.executable, "mutate.py", "arguments.json"], cwd=folder, env={**os.environ, **report_to}, check=True
    )
    report = json.loads((folder / "report.json").read_text())
    assert report["tried"] == 4
    return [(each["line"], each["before"], each["after"]) for each in report["survivors"]]


def test_weak_tests_let_changes_pass(tmp_path: Path) -> None:
    """Only that the result is not zero is no promise about it."""
    assert survivors(tmp_path, WEAK)


def test_strong_tests_notice_them(tmp_path: Path) -> None:
    """The same changes as above."""
    assert survivors(tmp_path, STRONG) == []


def test_every_change_is_another_module_that_can_be_compiled() -> None:
    """Docstrings and annotations are left alone."""
    found = list(mutants(MODULE, None))
    assert {mutant.line for mutant in found} == {4, 6, 7, 8}
    assert len({mutant.text for mutant in found}) == len(found)
    assert sampled(found, 3, seed=1) == sampled(found, 3, seed=1)


@pytest.mark.parametrize(
    ("fixes", "required", "status"), [(2, False, "error"), (0, False, "ok"), (2, True, "error"), (0, True, "warning")]
)
def test_survivors_are_fixed_while_fixes_remain_and_then_accepted_or_not(
    fixes: int, required: bool, status: str
) -> None:
    """Two of four are below the minimum of 0.8."""
    session = a_session()
    session = replace(session, remaining=replace(session.remaining, fixes=fixes))
    outcome = ask(CheckMutants, session, BAD, options={"required": required})
    assert outcome.result.status == status
    findings = outcome.state["findings"]
    assert isinstance(findings, list)
    assert [finding.get("condemns", True) for finding in findings] == CONDEMNS[status]


def test_enough_is_enough() -> None:
    """Three of four are enough for a minimum of 0.75."""
    assert ask(CheckMutants, a_session(), GOOD, options={"minimum": 0.75}).result.status == "ok"


def test_an_agent_with_nothing_more_to_say_is_not_asked_again() -> None:
    """What it could not better is accepted."""
    session = a_session()
    gave_up = replace(session, state={**session.state, "gave_up": True})
    assert ask(CheckMutants, gave_up, BAD).result.status == "ok"
