"""Reports of a real run: what they say landed is what the branch has."""

import asyncio
import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

from projects import Project, script

from proctor.app import open_app
from proctor.cli.reports.report import write_reports
from proctor.config import load

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
REPORTING_AGENT = """\
#!/bin/sh
# Writes a test, and says of another one that the code is wrong.
cat > "$PROCTOR_TARGET" <<'PY'
from shop import prices


def test_gross():
    assert prices.gross(100) == 120.0
PY
cat > "$PROCTOR_SUSPECTED_BUGS" <<'JSON'
{"test": "test_rate", "message": "<b>cc @team | fixes #1</b>", "example": "gross(1, -1)", "expected": "0", "line": 7}
JSON
"""


def delivered(project: Project) -> set[str]:
    """Give the names of the tests on the branch."""
    files = [name for name in project.git("diff", "--name-only", f"main..{BRANCH}").split() if name.endswith(".py")]
    sources = {name: project.git("show", f"{BRANCH}:{name}") for name in files}
    return {f"{name}::{test}" for name, text in sources.items() for test in re.findall(r"(?m)^def (test_\w+)", text)}


def test_the_three_reports_of_a_run_agree_with_the_branch(project: Project) -> None:
    project.write({"shop/weights.py": WRONG})
    project.commit()
    run = project.proctor("run", "shop", "--json")
    assert run.code == 0, run.err
    session = json.loads(run.out.splitlines()[0])["session"]
    for name in ("r.json", "r.md", "r.xml"):
        done = project.proctor("sessions", "report", session[:8], "--output", project.home / name)
        assert done.code == 0, done.err
    told = json.loads((project.home / "r.json").read_text())
    tests = {test["test"] for component in told["components"] for test in component["delivered"]}
    assert tests == delivered(project)
    assert len(tests) == told["tests"]
    [bug] = [bug for component in told["components"] for bug in component["suspected_bugs"]]
    assert (bug["example"], bug["expected"], bug["line"]) == ("kilograms(100)", "45.0", 9)
    suites = ET.fromstring((project.home / "r.xml").read_bytes())  # noqa: S314 # it is our own
    passed = [case.get("name") for case in suites.iter("testcase") if not len(case)]
    assert sorted(passed) == sorted(test.partition("::")[2] for test in tests)
    [failure] = suites.iter("failure")
    assert "example: kilograms(100)" in str(failure.text)
    page = (project.home / "r.md").read_text()
    assert f"on the branch `{BRANCH}`, commit `{project.git('rev-parse', BRANCH)[:10]}`" in page
    assert "kilograms(100)\nexpected  45.0\nfound     " in page


def test_what_an_agent_of_the_users_own_says_of_a_bug_reaches_the_report_and_harms_nothing(project: Project) -> None:
    project.configure(f'[agents.mine]\nargv = ["{script(project.home, REPORTING_AGENT)}"]\n')
    run = project.proctor("run", "shop", "--only", "shop.prices", "--agent", "mine", "--json")
    assert run.code == 0, run.err
    session = json.loads(run.out.splitlines()[0])["session"]
    page = project.proctor("sessions", "report", session).out
    assert "**`test_rate`** in `shop.prices`, line 7:\n\n```text\ngross(1, -1)\nexpected  0\n" in page
    told = json.loads(project.proctor("sessions", "report", session, "--format", "json").out)
    [bug] = told["components"][0]["suspected_bugs"]
    assert bug["message"] == "<b>cc @team | fixes #1</b>"


def test_a_run_that_failed_has_its_reports_too(project: Project, tmp_path: Path) -> None:
    project.write({"shop/__init__.py": "raise RuntimeError('broken </x> @team')\n"})
    project.commit()
    run = project.proctor("run", "shop", "--json")
    assert run.code == 1
    session = json.loads(run.out.splitlines()[0])["session"]
    files = [tmp_path / "r.md", tmp_path / "r.xml", tmp_path / "r.json"]

    async def write() -> list[str]:
        async with open_app(load(database=f"sqlite:///{project.home}/proctor.db", cache=tmp_path / "cache")) as app:
            return await write_reports(app, session, [tmp_path / "missing/r.md", *files])

    assert asyncio.run(write()) == [f"the report {tmp_path}/missing/r.md cannot be written: No such file or directory"]
    assert "the session is **failed**" in files[0].read_text()
    assert [case.get("name") for case in ET.parse(files[1]).iter("testcase")] == ["landing"]  # noqa: S314
    assert json.loads(files[2].read_text())["status"] == "failed"
