"""The main job, as its user meets it."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from projects import SLOW_AGENT, Project, end, processes_of, script, state_of

FIXING_AGENT = """\
#!/bin/sh
# Writes a wrong expectation, then a test that asserts nothing, then a good one.
round=$(cat "$ROUND" 2>/dev/null || echo 0)
echo $((round + 1)) > "$ROUND"
case $round in
  0) line='assert prices.gross(100) == 1' ;;
  1) line='prices.gross(100)' ;;
  *) line='assert prices.gross(100) == 120.0' ;;
esac
printf 'from shop import prices\\n\\n\\ndef test_gross():\\n    %s\\n' "$line" > "$PROCTOR_TARGET"
"""


def test_a_package_gets_one_commit_of_proven_tests_and_the_checkout_stays_as_it_was(project: Project) -> None:
    project.write({"shop/unsaved.py": "x = 1\n"})
    before = state_of(project.top)
    finished = project.proctor("run", "shop", "--json")
    assert finished.code == 0, finished.err
    product = finished.product()
    assert product["branch"] == "test-context-testing-session-for-shop"
    assert {component["name"]: component["outcome"] for component in product["components"]} == {
        "shop.prices": "proven",
        "shop.stock": "proven",
    }
    assert state_of(project.top) == before
    assert project.git("log", "--format=%s %an", "main..test-context-testing-session-for-shop").splitlines() == [
        "Add tests for shop Somebody"
    ]
    assert not processes_of(project.home)
    assert not [path for path in (project.home / "cache" / "work").iterdir() if path.is_dir()]


def test_the_fix_loop_leads_a_command_agent_to_a_proven_test(project: Project) -> None:
    agent = script(project.home, FIXING_AGENT)
    project.configure(
        f'[agents.scripted]\nargv = ["{agent}"]\n[agents.scripted.environment]\nROUND = "{project.home}/round"\n'
    )
    finished = project.proctor("run", "shop", "--only", "shop.prices", "--agent", "scripted", "--json")
    assert finished.code == 0, finished.err + finished.out
    assert [(each["name"], each["outcome"]) for each in finished.product()["components"]] == [("shop.prices", "proven")]
    steps = [
        (line["data"]["step"], line["data"]["status"])
        for line in finished.lines()
        if line["kind"] == "interaction_completed" and line["data"]["step"] in ("run_tests", "fix_tests")
    ]
    assert steps == [
        ("run_tests", "error"),
        ("fix_tests", "ok"),
        ("run_tests", "error"),
        ("fix_tests", "ok"),
        ("run_tests", "ok"),
    ]


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
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert not processes_of(project.home)
    assert not project.git("branch", "--list", "test-*")
    listed = project.proctor("sessions", "list", "--json")
    assert '"cancelled"' in listed.out


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["nowhere"], 2, "nowhere"),
        (["shop", "--agent", "nobody"], 2, "nobody"),
        (["shop", "--branch", "main"], 2, "main"),
        (["shop", "--branch", "two words"], 2, "two words"),
        (["shop", "--only", "nothing.*"], 1, "no module with code"),
        (["broken"], 1, "does not import"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line_and_leaves_nothing(
    project: Project, argv: list[str], code: int, said: str
) -> None:
    project.write({"broken/__init__.py": "import not_installed_anywhere\n\n\ndef f():\n    return 1\n"})
    project.commit("a package that does not import")
    finished = project.proctor("run", *argv)
    assert finished.code == code, finished.out + finished.err
    assert said in finished.out + finished.err
    assert "Traceback (most recent call last)" not in finished.err
    assert not project.git("branch", "--list", "test-*")


def test_a_folder_outside_any_repository_is_named(project: Project, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    finished = project.proctor("run", tmp_path / "plain")
    assert finished.code == 2
    assert "not inside a git repository" in finished.err
    assert len(finished.err.strip().splitlines()) == 1


def test_an_interpreter_without_pytest_is_named(project: Project, tmp_path: Path) -> None:
    subprocess.run([os.fspath(project.python), "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    finished = project.proctor("run", "shop", "--python", tmp_path / "bare" / "bin" / "python")
    assert finished.code == 1
    assert "has no pytest" in finished.out + finished.err
