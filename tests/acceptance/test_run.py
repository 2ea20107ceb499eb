"""The main job, as its user meets it: two runs to the end at which many tests look, and runs that are stopped."""

import json
import re
import signal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from projects import SLOW_AGENT, Finished, Project, end, lay_out, processes_of, script, state_of

BRANCH = "test-context-testing-session-for-shop"
WRONG = '''"""Weights."""


def kilograms(pounds: float) -> float:
    """Convert.

    >>> kilograms(0)
    0.0
    >>> kilograms(100)
    45.0
    """
    return pounds * 0.45359237
'''
STRANGER = '''\
"""Counts the children before anything lands."""

from dataclasses import replace

from proctor import Command, Outcome, Step


class CountChildren(Step):
    """Says how many components have been tested."""

    name = "count_children"
    workflow = "context_testing"
    after = "spawn_component_testing_sessions"

    async def get_command(self, scope, session, options):
        """Nothing has to be executed."""
        return Command("none")

    async def handle_result(self, scope, session, result, options):
        """Count."""
        told = f"{len(session.children)} components were tested"
        return Outcome(replace(result, data={"told": told}), {"counted": len(session.children)})
'''
AGENT = """\
#!/bin/sh
# Writes a wrong expectation, then a test that asserts nothing, then a good one; says of another that the code is wrong.
round=$(cat "$ROUND" 2>/dev/null || echo 0)
echo $((round + 1)) > "$ROUND"
case $round in
  0) line='assert prices.gross(100) == 1' ;;
  1) line='prices.gross(100)' ;;
  *) line='assert prices.gross(100) == 120.0' ;;
esac
printf 'from shop import prices\\n\\n\\ndef test_gross():\\n    %s\\n' "$line" > "$PROCTOR_TARGET"
cat > "$PROCTOR_SUSPECTED_BUGS" <<'JSON'
{"test": "test_rate", "message": "<b>cc @team | fixes #1</b>", "example": "gross(1, -1)", "expected": "0", "line": 7}
JSON
"""


class Run:
    """A whole run, and the checkout before and after it."""

    def __init__(self, project: Project, *argv: str) -> None:
        self.project = project
        self.before = state_of(project.top)
        self.finished = project.proctor("run", "shop", "--json", *argv)
        self.after = state_of(project.top)
        assert self.finished.code == 0, self.finished.err + self.finished.out

    @property
    def session(self) -> str:
        """Give the id of the root session."""
        return str(self.finished.lines()[0]["session"])

    def completed(self) -> list[tuple[str, str, str]]:
        """Give session, step and status of each step that was judged, in their order."""
        ends = [line for line in self.finished.lines() if line["kind"] == "interaction_completed"]
        return [(line["session"], line["data"]["step"], line["data"]["status"]) for line in ends]

    def report(self, *argv: str | Path) -> Finished:
        """Ask for a report of it."""
        done = self.project.proctor("sessions", "report", *argv)
        assert done.code == 0, done.err
        return done

    def delivered(self) -> set[str]:
        """Give the names of the tests on the branch."""
        git = self.project.git
        files = [name for name in git("diff", "--name-only", f"main..{BRANCH}").split() if name.endswith(".py")]
        found = {name: re.findall(r"(?m)^def (test_\w+)", git("show", f"{BRANCH}:{name}")) for name in files}
        return {f"{name}::{test}" for name, tests in found.items() for test in tests}


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory, lean_python: Path) -> Run:
    """Give a run of a package with a wrong example, with a file that is not committed and a stranger's step in line."""
    project = Project.make(tmp_path_factory.mktemp("landed"), lean_python)
    project.write({"shop/weights.py": WRONG})
    project.commit()
    project.write({"shop/unsaved.py": "x = 1\n"})
    site = project.home / "site"
    lay_out(site, "acme-counting", STRANGER, "context_testing.count_children = acme_counting:CountChildren", "2.1")
    project.environment = {"PYTHONPATH": str(site)}
    return Run(project)


@pytest.fixture(scope="module")
def repaired(tmp_path_factory: pytest.TempPathFactory, lean_python: Path) -> Run:
    """Give a run with an agent of the user's own, which has to be asked three times."""
    project = Project.make(tmp_path_factory.mktemp("repaired"), lean_python)
    argv, asked = script(project.home, AGENT), project.home / "round"
    project.configure(f'[agents.mine]\nargv = ["{argv}"]\n[agents.mine.environment]\nROUND = "{asked}"\n')
    return Run(project, "--only", "shop.prices", "--agent", "mine")


def test_a_package_gets_one_commit_of_proven_tests_and_the_checkout_stays_as_it_was(landed: Run) -> None:
    project, product = landed.project, landed.finished.product()
    assert product["branch"] == BRANCH
    assert {component["name"]: component["outcome"] for component in product["components"]} == {
        "shop.prices": "proven",
        "shop.stock": "proven",
        "shop.weights": "proven",
    }
    assert landed.after == landed.before
    assert project.git("log", "--format=%s %an", f"main..{BRANCH}").splitlines() == ["Add tests for shop Somebody"]
    assert not processes_of(project.home)
    assert not [path for path in (project.home / "cache" / "work").iterdir() if path.is_dir()]


def test_a_step_of_a_stranger_runs_in_its_place_and_is_named_at_the_start(landed: Run) -> None:
    steps = [step for session, step, _ in landed.completed() if session == landed.session]
    assert steps == ["initialize", "spawn_component_testing_sessions", "count_children", "finalize"]
    assert "acme-counting" in str(landed.finished.lines()[0]["strangers"])


def test_the_three_reports_of_a_run_agree_with_the_branch(landed: Run, tmp_path: Path) -> None:
    for name in ("r.json", "r.md", "r.xml"):
        landed.report(landed.session[:8], "--output", tmp_path / name)
    told = json.loads((tmp_path / "r.json").read_text())
    tests = {test["test"] for component in told["components"] for test in component["delivered"]}
    assert tests == landed.delivered()
    assert len(tests) == told["tests"]
    [bug] = [bug for component in told["components"] for bug in component["suspected_bugs"]]
    assert (bug["example"], bug["expected"], bug["line"]) == ("kilograms(100)", "45.0", 9)
    suites = ET.fromstring((tmp_path / "r.xml").read_bytes())  # noqa: S314 # it is our own
    passed = [case.get("name") for case in suites.iter("testcase") if not len(case)]
    assert sorted(passed) == sorted(test.partition("::")[2] for test in tests)
    [failure] = suites.iter("failure")
    assert "example: kilograms(100)" in str(failure.text)
    page = (tmp_path / "r.md").read_text()
    assert f"on the branch `{BRANCH}`, commit `{landed.project.git('rev-parse', BRANCH)[:10]}`" in page
    assert "kilograms(100)\nexpected  45.0\nfound     " in page


def test_the_fix_loop_leads_a_command_agent_to_a_proven_test(repaired: Run) -> None:
    components = repaired.finished.product()["components"]
    assert [(each["name"], each["outcome"]) for each in components] == [("shop.prices", "proven")]
    assert [(step, status) for _, step, status in repaired.completed() if step in ("run_tests", "fix_tests")] == [
        ("run_tests", "error"),
        ("fix_tests", "ok"),
        ("run_tests", "error"),
        ("fix_tests", "ok"),
        ("run_tests", "ok"),
    ]


def test_what_an_agent_of_the_users_own_says_of_a_bug_reaches_the_report_and_harms_nothing(repaired: Run) -> None:
    page = repaired.report(repaired.session).out
    assert "**`test_rate`** in `shop.prices`, line 7:\n\n```text\ngross(1, -1)\nexpected  0\n" in page
    told = json.loads(repaired.report(repaired.session, "--format", "json").out)
    [bug] = told["components"][0]["suspected_bugs"]
    assert bug["message"] == "<b>cc @team | fixes #1</b>"


def test_a_second_run_continues_what_a_killed_one_left(project: Project) -> None:
    agent = script(project.home, SLOW_AGENT)
    slow = project.home / "slow"
    slow.touch()
    project.configure(f'[agents.slow]\nargv = ["{agent}"]\n[agents.slow.environment]\nSLOW = "{slow}"\n')
    command = ("run", "shop", "--only", "shop.prices", "--agent", "slow", "--json")
    process = project.start(*command)
    assert process.stdout is not None
    assert any("generate_tests" in line for line in iter(process.stdout.readline, ""))
    end(process)
    slow.unlink()
    finished = project.proctor(*command)
    assert finished.code == 0, finished.err
    kinds = [(line["kind"], line["data"].get("step")) for line in finished.lines() if "data" in line]
    assert ("interaction_abandoned", "generate_tests") in kinds
    assert kinds.count(("session_created", None)) == 2
    assert len(project.git("branch", "--list", "test-*").splitlines()) == 1


def test_ctrl_c_cancels_the_tree_and_leaves_nothing(project: Project) -> None:
    agent = script(project.home, SLOW_AGENT)
    slow = project.home / "slow"
    slow.touch()
    project.configure(f'[agents.slow]\nargv = ["{agent}"]\n[agents.slow.environment]\nSLOW = "{slow}"\n')
    process = project.start("run", "shop", "--agent", "slow", "--json")
    assert process.stdout is not None
    assert any("generate_tests" in line for line in iter(process.stdout.readline, ""))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert not processes_of(project.home)
    assert not project.git("branch", "--list", "test-*")
    listed = project.proctor("sessions", "list", "--json")
    assert '"cancelled"' in listed.out
