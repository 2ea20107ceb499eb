"""The examples for authors of plugins keep their own promises, and work together in a real run."""

import ast
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from projects import Project, end

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
NAMES = sorted(path.name for path in EXAMPLES.glob("proctor-*"))
SECONDS = 600.0
AGENT = """\
#!/bin/sh
# Writes an untidy test that notices little; asked again it tidies up, and asked once more it looks closer.
round=$(cat "$ROUND" 2>/dev/null || echo 0)
echo $((round + 1)) > "$ROUND"
case $round in
  0) text='import os

from shop import prices


def test_gross():
    assert prices.gross(100)' ;;
  1) text='from shop import prices


def test_gross():
    assert prices.gross(100)' ;;
  *) text='import pytest
from shop import prices


def test_tax_is_added():
    assert prices.gross(100) == 120.0
    assert prices.gross(100, 0) == 100


def test_a_rate_is_not_negative():
    with pytest.raises(ValueError, match="not negative$"):
        prices.gross(100, -0.5)' ;;
esac
printf '%s\\n' "$text" > "$PROCTOR_TARGET"
"""
CREATE = """mutation ($input: CreateSessionInput!) {
  answer: createSession(input: $input) { ... on CreateSessionSuccess { session { id } } ... on Error { message } }
}"""
STANDS = """query ($id: ID!) {
  answer: session(id: $id) {
    status lastError product waitsFor pendingInteraction { step command { arguments } }
  }
}"""
START = """mutation ($input: StartInteractionInput!) {
  answer: startInteraction(input: $input) {
    ... on StartInteractionSuccess { started { fence isFresh } } ... on Error { message }
  }
}"""
SUBMIT = """mutation ($input: SubmitResultInput!) {
  answer: submitResult(input: $input) {
    ... on SubmitResultSuccess { stepStatus sessionStatus } ... on Error { message }
  }
}"""
Answer = dict[str, Any]


def lay_out(name: str, site: Path) -> Path:
    """Do what an installer would, from the example's own pyproject.toml; give the folder with its tests."""
    project = tomllib.loads((EXAMPLES / name / "pyproject.toml").read_text())["project"]
    module = name.replace("-", "_")
    info = site / f"{module}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    groups = project["entry-points"].items()
    lines = [line for group, names in groups for line in (f"[{group}]", *(f"{key} = {names[key]}" for key in names))]
    (info / "entry_points.txt").write_text("\n".join(lines))
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {project['version']}\n")
    if (EXAMPLES / name / module).is_dir():
        shutil.copytree(EXAMPLES / name / module, site / module, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(EXAMPLES / name / f"{module}.py", site)
    return Path(shutil.copytree(EXAMPLES / name / "tests", site.parent / f"tests_of_{module}"))


def run_tests_of(folder: Path, path: Path) -> None:
    """Run an example's own tests as its author would."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", folder, folder],
        cwd=folder, env={**environment, "PYTHONPATH": str(path)}, capture_output=True, text=True,
        timeout=SECONDS, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("name", NAMES)
def test_an_example_keeps_its_contracts(name: str, tmp_path: Path) -> None:
    run_tests_of(lay_out(name, tmp_path / "site"), tmp_path / "site")


@pytest.mark.parametrize("name", NAMES)
def test_an_example_sees_of_proctor_what_is_meant_for_it(name: str) -> None:
    ours = name.replace("-", "_")
    for path in (EXAMPLES / name).rglob("*.py"):
        found = [
            node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        named = {getattr(node, "module", None) or alias.name for node in found for alias in node.names}
        seen = {module for module in named if module.startswith("proctor") and module.split(".")[0] != ours}
        assert seen <= {"proctor", "proctor.contracts", "proctor.errors", "proctor.testing"}, path
        assert "proctor.testing" not in seen or path.parent.name == "tests", path


@pytest.mark.parametrize("name", NAMES)
def test_every_step_and_wrapper_of_an_example_is_registered(name: str) -> None:
    project = tomllib.loads((EXAMPLES / name / "pyproject.toml").read_text())["project"]
    registered = {value.partition(":")[2] for value in project["entry-points"]["proctor.steps"].values()}
    files = [path for path in (EXAMPLES / name).rglob("*.py") if path.parent.name != "tests"]
    classes = [node for path in files for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]
    assert registered == {node.name for node in classes if {*map(ast.unparse, node.bases)} & {"Step", "Wrapper"}}


def test_an_installer_does_the_same(tmp_path: Path) -> None:
    for name in NAMES:
        lay_out(name, tmp_path / "site")
    sources: Path = shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    argv = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    where = ["--no-build-isolation", "--no-compile", "--target", str(tmp_path / "installed")]
    subprocess.run([*argv, *where, *(str(sources / name) for name in NAMES)], check=True, timeout=SECONDS)
    assert contents(tmp_path / "installed") == contents(tmp_path / "site")


def contents(site: Path) -> tuple[set[Path], set[tuple[str, str, str, str]]]:
    """Give what can be imported from a folder, and what is registered there."""
    files = {path.relative_to(site) for path in site.rglob("*.py")}
    found = [(each.name, point) for each in distributions(path=[str(site)]) for point in each.entry_points]
    return files, {(name, point.group, point.name, point.value) for name, point in found}


def test_tests_are_sent_back_until_they_are_good_and_land_when_somebody_agrees(
    project: Project, tmp_path: Path
) -> None:
    for name in ("proctor-approval", "proctor-lint-check", "proctor-mutation-check"):
        lay_out(name, tmp_path / "site")
    agent = project.home / "agent.sh"
    agent.write_text(AGENT)
    agent.chmod(0o755)
    project.environment = {"PYTHONPATH": str(tmp_path / "site")}
    project.configure(
        f'[agents.scripted]\nargv = ["{agent}"]\nenvironment = {{ ROUND = "{project.home}/round" }}\n'
        '[steps."component_testing.check_mutants"]\nsample = 3\nminimum = 1.0\n'
        '[steps."component_testing.check_stability"]\nruns = 2\n'
    )
    run = project.start("run", "shop/prices.py", "--agent", "scripted", "--json")
    lines = []
    try:
        assert run.stdout is not None
        for line in map(json.loads, run.stdout):
            lines.append(line)
            if line["kind"] == "interaction_parked" and line["data"]["waits_for"] == "external":
                answered = project.proctor("sessions", "answer", line["session"])
                assert answered.code == 0, answered.err
        assert run.wait(SECONDS) == 0
    finally:
        end(run)
    product = next(line["data"]["product"] for line in reversed(lines) if line.get("data", {}).get("product"))
    assert [(each["outcome"], each["tests"]) for each in product["components"]] == [("proven", 2)]
    completed = [line["data"] for line in lines if line["kind"] == "interaction_completed"]
    checks = ("check_lint", "check_mutants", "approve")
    assert [(each["step"], each["status"]) for each in completed if each["step"] in checks] == [
        ("check_lint", "error"), ("check_lint", "ok"), ("check_mutants", "error"),
        ("check_lint", "ok"), ("check_mutants", "ok"), ("approve", "ok"),
    ]  # fmt: skip


class Api:
    """A running server, and questions to it."""

    def __init__(self, client: httpx.Client, url: str) -> None:
        self._client, self._url = client, url

    def ask(self, document: str, **variables: Any) -> Answer:
        reply = self._client.post(self._url, json={"query": document, "variables": variables}).json()
        assert "errors" not in reply, reply
        answer: Answer = reply["data"]["answer"]
        assert "message" not in answer, answer
        return answer

    def create(self, path: Path, **more: str) -> str:
        created: str = self.ask(CREATE, input={"idempotencyKey": path.name, "path": str(path), **more})["session"]["id"]
        return created

    def until(self, session: str, **expected: str) -> Answer:
        """Wait until the session stands so."""
        ends = time.monotonic() + SECONDS
        while time.monotonic() < ends:
            stands = self.ask(STANDS, id=session)
            if stands.items() >= expected.items():
                return stands
            assert stands["status"] == "ACTIVE", stands
            time.sleep(0.1)
        raise AssertionError(stands)

    def answer(self, session: str, **result: Any) -> None:
        """Answer as the example's page says."""
        started = self.ask(START, input={"idempotencyKey": uuid4().hex, "sessionId": session})["started"]
        assert not started["isFresh"]
        given = {"idempotencyKey": uuid4().hex, "sessionId": session, "fence": started["fence"], "result": result}
        self.ask(SUBMIT, input=given)

    @classmethod
    @contextmanager
    def served(cls, project: Project) -> Iterator["Api"]:
        process = project.start("serve", "--port", "0", "--log-level", "error")
        try:
            assert process.stdout is not None
            url, _, token = process.stdout.readline().removeprefix("Serving ").strip().partition("#token=")
            with httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=120, trust_env=False) as client:
                yield cls(client, url)
        finally:
            end(process)


def test_what_is_approved_lands_and_what_is_refused_does_not(project: Project, tmp_path: Path) -> None:
    lay_out("proctor-approval", tmp_path / "site")
    project.environment = {"PYTHONPATH": str(tmp_path / "site"), "PROCTOR_API__TOKEN_FILE": str(project.home / "token")}
    with Api.served(project) as api:
        approved, refused = (api.create(project.top / "shop" / name) for name in ("stock.py", "prices.py"))
        asked = api.until(approved, waitsFor="EXTERNAL")["pendingInteraction"]
        assert asked["step"] == "approve"
        assert asked["command"]["arguments"]["components"] == ["shop.stock: proven, 2 tests"]
        assert "test-context-testing-session-for-stock" not in project.git("branch")
        api.answer(approved, status="ok")
        api.until(refused, waitsFor="EXTERNAL")
        api.answer(refused, status="error", errorMessage="prices are frozen")
        branch = api.until(approved, status="COMPLETE")["product"]["branch"]
        assert api.until(refused, status="FAILED")["lastError"] == "not approved: prices are frozen"
    assert project.git("branch", "--format=%(refname:short)").split() == ["main", branch]


def test_a_workflow_that_is_not_about_tests_lands_what_was_agreed_on(project: Project, tmp_path: Path) -> None:
    lay_out("proctor-release-notes", tmp_path / "site")
    project.environment = {"PYTHONPATH": str(tmp_path / "site"), "PROCTOR_API__TOKEN_FILE": str(project.home / "token")}
    project.git("tag", "v1.0")
    project.write({"CHANGELOG.md": "# Changelog\n\n## 1.0\n\n- First.\n"})
    project.commit("Begin a changelog")
    with Api.served(project) as api:
        session = api.create(project.top, workflow="release_notes")
        drafted = api.until(session, waitsFor="EXTERNAL")["pendingInteraction"]["command"]["arguments"]["notes"]
        assert "\n- Begin a changelog (" in drafted
        api.answer(session, status="error", data={"notes": "- There is a changelog."})
        api.until(session, waitsFor="EXTERNAL")
        api.answer(session, status="ok")
        assert api.until(session, status="COMPLETE")["product"]["branch"] == "release-notes"
    assert project.git("show", "release-notes:CHANGELOG.md") == (
        "# Changelog\n\n## Unreleased\n\n- There is a changelog.\n\n## 1.0\n\n- First.\n"
    )
    assert project.git("log", "--format=%s %an", "main..release-notes") == "Add release notes for project Somebody\n"
