"""Two `proctor run`s at the same moment on one database: the same order is one session, another order its own."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from projects import Finished, Project

AGENT = """\
#!/bin/sh
echo "$PROCTOR_TARGET" >> "$ASKED"
touch "$ASKED.begun"
until [ -e "$GATE" ]; do sleep 0.05; done
cat > "$PROCTOR_TARGET" <<PY
from shop import prices, stock


def test_both():
    assert prices.gross(100) == 120.0
    assert stock.missing(5, 3) == 2
PY
"""
"""Writes a test once the file that $GATE names is there."""
SECONDS = 240.0

Begin = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def gate(project: Project) -> Path:
    """Configure the agent; give the file that lets it go on."""
    gate, agent = project.home / "gate", project.home / "agent.sh"
    agent.write_text(AGENT)
    agent.chmod(0o755)
    environment = f'[agents.waits.environment]\nASKED = "{project.home}/asked"\nGATE = "{gate}"\n'
    project.configure(f'[agents.waits]\nargv = ["{agent}"]\n{environment}')
    return gate


@pytest.fixture
def begun() -> Iterator[Begin]:
    """Give what starts a run; none outlives the test."""
    with ExitStack() as stack:

        def begin(project: Project, *options: str) -> "subprocess.Popen[str]":
            process = stack.enter_context(project.start("run", "shop", "--agent", "waits", "--json", *options))
            stack.callback(process.kill)
            return process

        yield begin


def word(process: "subprocess.Popen[str]", kind: str) -> str:
    """Read until the first event of that kind; give its session."""
    assert process.stdout is not None
    for line in iter(process.stdout.readline, ""):
        told = json.loads(line)
        if told.get("kind") == kind:
            return str(told["session"])
    raise AssertionError(process.communicate()[1])


def ended(process: "subprocess.Popen[str]") -> Finished:
    """Give how it ended."""
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, err + out
    return Finished(process.returncode, out, err)


def asked(project: Project) -> list[str]:
    """Name what the agent was asked for."""
    return sorted(project.home.joinpath("asked").read_text().split())


def test_the_same_order_is_one_session_that_the_second_watches(project: Project, gate: Path, begun: Begin) -> None:
    both = [begun(project), begun(project)]
    assert len({word(each, "session_created") for each in both}) == 1
    gate.touch()
    first, second = map(ended, both)
    assert first.product() == second.product()
    assert asked(project) == ["tests/test_shop_prices.py", "tests/test_shop_stock.py"]
    assert len(project.git("branch", "--list", "test-*").split()) == 1


def test_other_orders_and_other_repositories_are_sessions_of_their_own(
    project: Project, gate: Path, begun: Begin, tmp_path: Path
) -> None:
    other = replace(project, top=tmp_path / "other")
    project.git("clone", "-q", str(project.top), str(other.top))
    for setting in ("user.name=Somebody", "user.email=somebody@example.org"):
        other.git("config", *setting.split("="))
    runs = [
        begun(project, "--only", "shop.prices"),
        begun(project, "--only", "shop.stock"),
        begun(other, "--only", "shop.prices"),
    ]
    assert len({word(each, "session_created") for each in runs}) == 3
    gate.touch()
    products = [ended(each).product() for each in runs]
    assert asked(project) == ["tests/test_shop_prices.py", "tests/test_shop_prices.py", "tests/test_shop_stock.py"]
    branches = [product["branch"] for product in products[:2]]
    assert sorted(project.git("for-each-ref", "--format=%(refname:short)", "refs/heads/test-*").split()) == sorted(
        branches
    )
    assert len(set(branches)) == 2
    assert other.git("for-each-ref", "--format=%(refname:short)", "refs/heads/test-*").split() == [
        products[2]["branch"]
    ]
