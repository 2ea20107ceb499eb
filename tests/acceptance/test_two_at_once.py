"""`proctor run`s at the same moment on one database: the same order is one session, another order its own."""

import json
import subprocess
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from projects import Finished, Project, script

AGENT = """\
#!/bin/sh
echo "$PROCTOR_TARGET" >> "$ASKED"
until [ -e "$GATE" ]; do sleep 0.05; done
cat > "$PROCTOR_TARGET" <<PY
from shop import prices, stock


def test_both():
    assert prices.gross(100) == 120.0
    assert stock.missing(5, 3) == 2
PY
"""
"""Writes a test once the file that $GATE names is there."""
COMMAND = ("run", "shop", "--agent", "waits", "--json")
ASKED = {"tests/test_shop_prices.py": 2, "tests/test_shop_stock.py": 1}
"""Once in each of three sessions, two of which are about the same module."""
SECONDS = 600.0


@dataclass(frozen=True)
class AtOnce:
    """Four runs that had all begun before any could end: two of them with the same order."""

    project: Project
    other: Project
    """A clone of it."""
    sessions: list[str]
    products: list[dict[str, Any]]

    def asked(self) -> Counter[str]:
        """Count how often the agent was asked for each file."""
        return Counter(self.project.home.joinpath("asked").read_text().split())


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory, lean_python: Path) -> AtOnce:
    """Run the same order twice, another one, and one of another repository; let the agent go on when all have begun."""
    project = Project.make(tmp_path_factory.mktemp("at_once"), lean_python)
    other = replace(project, top=project.home / "other")
    project.git("clone", "-q", str(project.top), str(other.top))
    for setting in ("user.name=Somebody", "user.email=somebody@example.org"):
        other.git("config", *setting.split("="))
    argv, gate = script(project.home, AGENT), project.home / "gate"
    environment = f'[agents.waits.environment]\nASKED = "{project.home}/asked"\nGATE = "{gate}"\n'
    project.configure(f'[agents.waits]\nargv = ["{argv}"]\n{environment}')
    orders = [(project, "shop.prices"), (project, "shop.prices"), (project, "shop.stock"), (other, "shop.prices")]
    with ExitStack() as stack:
        runs = [stack.enter_context(each.start(*COMMAND, "--only", name)) for each, name in orders]
        for run in runs:
            stack.callback(run.kill)
        sessions = [session_of(run) for run in runs]
        gate.touch()
        return AtOnce(project, other, sessions, [product_of(run) for run in runs])


def session_of(run: "subprocess.Popen[str]") -> str:
    """Read until a session is begun; give its id."""
    assert run.stdout is not None
    for line in iter(run.stdout.readline, ""):
        told = json.loads(line)
        if told.get("kind") == "session_created":
            return str(told["session"])
    raise AssertionError(run.communicate()[1])


def product_of(run: "subprocess.Popen[str]") -> dict[str, Any]:
    """Wait for its end; give what it produced."""
    out, err = run.communicate(timeout=SECONDS)
    assert run.returncode == 0, err + out
    return Finished(run.returncode, out, err).product()


def branches(project: Project) -> list[str]:
    """Name the branches that are new there."""
    return project.git("for-each-ref", "--format=%(refname:short)", "refs/heads/test-*").split()


def test_the_same_order_is_one_session_that_the_second_watches(at_once: AtOnce) -> None:
    assert at_once.sessions[0] == at_once.sessions[1]
    assert at_once.products[0] == at_once.products[1]
    assert at_once.asked() == ASKED


def test_other_orders_and_other_repositories_are_sessions_of_their_own(at_once: AtOnce) -> None:
    assert len({*at_once.sessions}) == 3
    assert at_once.asked() == ASKED
    names = [product["branch"] for product in at_once.products]
    assert sorted(branches(at_once.project)) == sorted({*names[:3]})
    assert len({*names[:3]}) == 2
    assert branches(at_once.other) == [names[3]]
