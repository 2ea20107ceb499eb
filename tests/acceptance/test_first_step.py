"""A plugin of one's own: what `plugins new` writes is installed by pip, passes its own tests, and works."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from projects import Project, script
from workshop import Workshop

LINES = 30
PLACE = ("--workflow", "component_testing", "--after", "run_tests")
KINDS = {
    "step": ("steps:component_testing.try_step", PLACE),
    "wrapper": ("steps:component_testing.try_wrapper", (*PLACE[:2], "--wraps", "run_tests")),
    "workflow": ("workflows:try_workflow", ()),
    "agent": ("agents:try_agent", ()),
    "executor": ("executors:try_executor", ()),
}
AGENT = """\
#!/bin/sh
# Writes for one module an assert that is always true, and once it is told, one that is not. The other is easy for it.
case "$PROCTOR_COMPONENT" in
  shop/prices.py) module=prices line='assert prices.gross(100) == 120.0' ;;
  *) module=stock
    if [ -e "$PROCTOR_TARGET" ]; then line='assert stock.missing(5, 3) == 2'
    else line='assert (stock.missing(5, 3) == 2, "two are missing")'; fi ;;
esac
printf 'from shop import %s\\n\\n\\ndef test_it():\\n    assert %s\\n    %s\\n' \\
  $module $module "$line" > "$PROCTOR_TARGET"
"""


def new(kind: str) -> tuple[str, ...]:
    """Give the command that begins a plugin of a kind."""
    return ("proctor", "plugins", "new", kind.replace("wrapper", "step"), f"try_{kind}", *KINDS[kind][1])


@dataclass(frozen=True)
class Made:
    """A place where plugins were made and installed, with nothing edited, and what was said of them."""

    project: Project
    workshop: Workshop
    written: set[str]
    """The files, as they were before anything was installed."""
    tested: str
    """What pytest said of their own tests."""
    checked: str
    """What `plugins check` said."""


@pytest.fixture(scope="module")
def every_kind(tmp_path_factory: pytest.TempPathFactory, lean_python: Path) -> Made:
    """Make a plugin of each kind."""
    project = Project.make(tmp_path_factory.mktemp("kinds"), lean_python)
    workshop = Workshop.make(project, project.top.parent)
    for kind in KINDS:
        workshop.must(*new(kind))
    folders, written = [f"./proctor-try-{kind}" for kind in KINDS], files(workshop)
    workshop.must("pip", "install", "--quiet", *folders)
    tested = workshop.must("pytest", *folders)
    checked = workshop.must("proctor", "plugins", "check", *(f"proctor-try-{kind}" for kind in KINDS))
    return Made(project, workshop, written, tested, checked)


@pytest.fixture(scope="module")
def one_step(tmp_path_factory: pytest.TempPathFactory, lean_python: Path) -> Made:
    """Make a step, and type the commands that come next."""
    project = Project.make(tmp_path_factory.mktemp("step"), lean_python)
    workshop = Workshop.make(project, project.top.parent)
    said, written = workshop.must(*new("step")), files(workshop)
    commands = [line.split() for line in said.partition("next:\n")[2].splitlines()]
    *_, tested, checked = [workshop.must(*command) for command in commands]
    return Made(project, workshop, written, tested, checked)


def files(workshop: Workshop) -> set[str]:
    """Name the files of the plugins that were made."""
    found = workshop.folder.glob("proctor-*/**/*")
    return {path.relative_to(workshop.folder).as_posix() for path in found if path.is_file()}


def lines(*paths: Path) -> int:
    """Count the lines that somebody has to read."""
    return sum(1 for path in paths for line in path.read_text("utf-8").splitlines() if line.strip())


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_installed_and_passes_its_tests_with_nothing_edited(every_kind: Made, kind: str) -> None:
    name, workshop, made = KINDS[kind][0], every_kind.workshop, f"proctor-try-{kind}"
    assert {path for path in every_kind.written if path.startswith(f"{made}/")} == {
        f"{made}/{file}" for file in ("pyproject.toml", f"proctor_try_{kind}.py", f"test_try_{kind}.py", "README.md")
    }
    assert re.search(rf"/test_try_{kind}\.py \.+ +\[", every_kind.tested)
    assert f"{name}  sound" in every_kind.checked
    shown = json.loads(workshop.must("proctor", "plugins", "show", name, "--json"))
    assert (shown["distribution"], shown["error"]) == (made, None)
    again = workshop.run(*new(kind))
    assert again.code == 2
    assert f"{made} 0.1.0 brings" in again.err


def test_an_agent_writes_the_tests_of_a_run(every_kind: Made) -> None:
    project = every_kind.project
    every_kind.workshop.must("proctor", "run", "shop/stock.py", "--agent", "try_agent", cwd=project.top)
    (branch,) = project.git("branch", "--list", "--format=%(refname:short)", "test-*").split()
    assert "test_the_examples_hold" in project.git("diff", "main", branch)


def test_a_step_costs_thirty_lines_and_stands_in_its_place(one_step: Made) -> None:
    made = one_step.workshop.folder / "proctor-try-step"
    assert lines(made / "pyproject.toml", made / "proctor_try_step.py", made / "test_try_step.py") <= LINES
    assert " passed" in one_step.tested
    line = "run_tests → try_step → check_stability (without it run_tests → check_stability)"
    assert line in " ".join(one_step.checked.split())


def test_a_test_that_python_warns_about_is_sent_back_and_a_good_one_is_not(one_step: Made) -> None:
    project = one_step.project
    project.configure(f'[agents.scripted]\nargv = ["{script(project.home, AGENT)}"]\n')
    run = ("proctor", "run", "shop", "--agent", "scripted", "--json")
    told = [json.loads(line) for line in one_step.workshop.must(*run, cwd=project.top).splitlines()]
    ends = [line for line in told if line["kind"] == "interaction_completed" and line["data"]["step"] == "try_step"]
    assert told[-1]["status"] == "complete"
    assert {
        each["name"]: [end["data"]["status"] for end in ends if end["session"] == each["session"]]
        for each in told[-1]["components"]
    } == {"shop.prices": ["ok"], "shop.stock": ["error", "ok"]}
