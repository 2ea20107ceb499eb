"""A plugin of one's own: what `plugins new` writes is installed by pip, passes its own tests, and works."""

import json
from pathlib import Path

import pytest
from projects import Project
from workshop import Workshop

LINES = 30
PLACE = ("--workflow", "component_testing", "--after", "run_tests")
KINDS = {
    "step": ("steps:component_testing.try_out", PLACE),
    "wrapper": ("steps:component_testing.try_out", (*PLACE[:2], "--wraps", "run_tests")),
    "workflow": ("workflows:try_out", ()),
    "agent": ("agents:try_out", ()),
    "executor": ("executors:try_out", ()),
}


@pytest.fixture
def workshop(project: Project, tmp_path: Path) -> Workshop:
    return Workshop.make(project, tmp_path)


def lines(*files: Path) -> int:
    """Count the lines that somebody has to read."""
    return sum(1 for file in files for line in file.read_text("utf-8").splitlines() if line.strip())


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_installed_and_passes_its_tests_with_nothing_edited(workshop: Workshop, kind: str) -> None:
    name, place = KINDS[kind]
    made = workshop.folder / "proctor-try-out"
    workshop.must("proctor", "plugins", "new", kind.replace("wrapper", "step"), "try_out", *place)
    assert {file.name for file in made.iterdir()} == {
        "pyproject.toml", "proctor_try_out.py", "test_try_out.py", "README.md",
    }  # fmt: skip
    workshop.must("pip", "install", "--quiet", "./proctor-try-out")
    assert " passed" in workshop.must("pytest", "./proctor-try-out")
    assert f"{name}  sound" in workshop.must("proctor", "plugins", "check", "proctor-try-out")
    shown = json.loads(workshop.must("proctor", "plugins", "show", name, "--json"))
    assert (shown["distribution"], shown["error"]) == ("proctor-try-out", None)
    again = workshop.run("proctor", "plugins", "new", kind.replace("wrapper", "step"), "try_out", *place)
    assert again.code == 2
    assert "proctor-try-out 0.1.0 brings" in again.err


def test_a_step_costs_thirty_lines_and_runs_in_its_place(workshop: Workshop, project: Project) -> None:
    said = workshop.must("proctor", "plugins", "new", "step", "try_out", *PLACE)
    made = workshop.folder / "proctor-try-out"
    assert lines(made / "pyproject.toml", made / "proctor_try_out.py", made / "test_try_out.py") <= LINES
    for command in [line.split() for line in said.partition("next:\n")[2].splitlines()]:
        checked = workshop.must(*command)
    line = "run_tests → try_out → check_stability (without it run_tests → check_stability)"
    assert line in " ".join(checked.split())
    told = [
        json.loads(line) for line in workshop.must("proctor", "run", "shop", "--json", cwd=project.top).splitlines()
    ]
    ends = [line["data"] for line in told if line["kind"] == "interaction_completed"]
    assert [end["status"] for end in ends if end["step"] == "try_out"] == ["ok", "ok"]
    assert told[-1]["status"] == "complete"


def test_a_test_that_python_warns_about_is_sent_back(workshop: Workshop, project: Project) -> None:
    agent = project.home / "agent.sh"
    agent.write_text(AGENT)
    agent.chmod(0o755)
    project.configure(f'[agents.scripted]\nargv = ["{agent}"]\n')
    workshop.must("proctor", "plugins", "new", "step", "try_out", *PLACE)
    workshop.must("pip", "install", "--quiet", "./proctor-try-out")
    run = ("proctor", "run", "shop/stock.py", "--agent", "scripted", "--json")
    told = [json.loads(line) for line in workshop.must(*run, cwd=project.top).splitlines()]
    ends = [line["data"] for line in told if line["kind"] == "interaction_completed"]
    assert [end["status"] for end in ends if end["step"] == "try_out"] == ["error", "ok"]


def test_an_agent_writes_the_tests_of_a_run(workshop: Workshop, project: Project) -> None:
    workshop.must("proctor", "plugins", "new", "agent", "try_out")
    workshop.must("pip", "install", "--quiet", "./proctor-try-out")
    workshop.must("proctor", "run", "shop/stock.py", "--agent", "try_out", cwd=project.top)
    (branch,) = project.git("branch", "--list", "--format=%(refname:short)", "test-*").split()
    assert "test_the_examples_hold" in project.git("diff", "main", branch)


AGENT = """\
#!/bin/sh
# Writes an assert that is always true, and once it is told, one that is not.
if [ -e "$PROCTOR_TARGET" ]; then line='assert stock.missing(5, 3) == 2'
else line='assert (stock.missing(5, 3) == 2, "two are missing")'; fi
printf 'from shop import stock\\n\\n\\ndef test_missing():\\n    assert stock\\n    %s\\n' "$line" > "$PROCTOR_TARGET"
"""
