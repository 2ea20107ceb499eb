import asyncio
import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from proctor.cli.group import proctor
from proctor.contracts.store import Change, Tree
from proctor.domain import head as heads
from proctor.domain import news
from proctor.domain.head import Birth, Head
from proctor.domain.interaction import Command, Outcome, Result
from proctor.domain.orchestrator import Orchestrator
from proctor.domain.scope import Scope
from proctor.domain.workflow import PinnedStep, PinnedWorkflow
from proctor.store import open_store

ROOT, CHILD = "11aa" * 8, "22bb" * 8
LINES = [
    PinnedWorkflow("context_testing", ("spawn",), {"spawn": PinnedStep("spawn", distribution="proctor")}, ("work",)),
    PinnedWorkflow("work", ("run_tests",), {"run_tests": PinnedStep("run_tests", distribution="acme", version="1.0")}),
]


async def fill(database):
    """Make a root with one child, whose only interaction failed."""
    scope = Scope()
    subject = {"name": "larder", "repository": "/srv/larder", "base": "c0ffee" * 7}
    root = Head(Birth(ROOT, ROOT, "context_testing", scope, 1000.0, subject), version=1)
    birth = replace(root.birth, id=CHILD, parent=ROOT, workflow="work", key="a", depth=1, subject={"name": "larder.a"})
    child = Head(birth, version=1)
    store = await open_store(database)
    try:
        tree = Tree(ROOT, scope, tuple(LINES))
        await store.commit(Change(root, tree=tree, news=(news.created(root, 1000.0),)))
        spawning = heads.start(
            root, Command("none", step="spawn", at=1001.0), owner=None, lease_until=None, parked="children"
        )
        await store.commit(Change(spawning, children=(child,), news=(news.created(child, 1001.0),)))
        begun = heads.start(
            child, Command("none", step="run_tests", at=1002.0), owner="x", lease_until=9e9, parked=None
        )
        await store.commit(Change(begun, news=(news.started(begun, "", 1002.0),)))
        message = "1 finding\ntest_x: [red]wrong[/red]"
        result = Result("error", error_message=message, stdout="\x1b[31mE  assert 1 == 2\x1b[0m\n", duration_s=1.5)
        dropped = {"test": "tests/test_a.py::test_y", "message": "3 is not 4", "detail": "\n".join(map(str, range(90)))}
        outcome = Outcome(result, {"dropped": [dropped]}, session_status="failed")
        judged = heads.judge(begun, Orchestrator(LINES[1]), outcome, 1003.5)
        told = (news.completed(judged.head, judged.interaction), *news.ended(judged.head, 1003.5))
        await store.commit(Change(judged.head, judged.interaction, news=told))
    finally:
        await store.close()


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('sessions') / 'proctor.db'}"
    asyncio.run(fill(url))
    return url


def run(*arguments):
    done = CliRunner().invoke(proctor, ["sessions", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_list_names_session_context_status_and_agent(database):
    (line,) = [line for line in run("list", "--database", database).splitlines() if "larder" in line]
    assert line.split()[:3] == [ROOT[:8], "larder", "active"]
    assert "builtin" in line


def test_the_list_for_machines_has_whole_ids(database):
    told = json.loads(run("list", "--json", "--database", database))
    assert (told["v"], told["kind"], told["session"], told["status"]) == (1, "session", ROOT, "active")


def test_a_root_shows_its_components_and_the_steps_of_others(database):
    out = run("show", ROOT[:8], "--database", database)
    assert "larder.a" in out
    assert CHILD[:8] in out
    assert "waits for children" in out
    assert "The step work.run_tests (acme 1.0) took part: 1 error." in out
    assert f"proctor sessions show {ROOT[:8]} --database {database}" in out


def test_a_child_shows_its_interactions_and_what_went_wrong_last(database):
    out = run("show", CHILD[:8], "--database", database)
    assert "larder.a  failed" in out
    assert "1 finding: test_x: [red]wrong[/red]" in out
    assert "End of stdout\n  E  assert 1 == 2\n" in out
    assert "\x1b" not in out


def test_a_child_shows_the_tests_that_were_dropped_with_the_end_of_what_they_said(database):
    out = run("show", CHILD[:8], "--database", database)
    assert "Dropped tests\n  tests/test_a.py::test_y  3 is not 4\n    70\n    71\n" in out
    assert "\n    89\n" in out


def test_a_session_for_machines(database):
    told = json.loads(run("show", CHILD, "--json", "--database", database))
    assert (told["session"], told["root"], told["status"]) == (CHILD, ROOT, "failed")
    (interaction,) = told["interactions"]
    assert (interaction["step"], interaction["status"]) == ("run_tests", "error")
    root = json.loads(run("show", ROOT, "--json", "--database", database))
    assert [each["outcome"] for each in root["components"]] == ["failed"]
