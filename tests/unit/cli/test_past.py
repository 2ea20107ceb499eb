"""A tree is seen the same whether its events tell of it or, once they are forgotten, its log."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from proctor.app import open_app
from proctor.cli.tree.past import view_of, was_refused
from proctor.cli.tree.summary import Summary, summarise
from proctor.config import Settings, load
from proctor.contracts.store import Change, Tree
from proctor.domain import head as heads
from proctor.domain import news
from proctor.domain.head import Birth, Head
from proctor.domain.interaction import Command, Interaction, Outcome, Result
from proctor.domain.orchestrator import Orchestrator
from proctor.domain.scope import Scope
from proctor.domain.workflow import PinnedStep, PinnedWorkflow
from proctor.store import open_store

ROOT, CHILD = "11aa" * 8, "22bb" * 8
WORK = PinnedWorkflow("work", ("run",), {"run": PinnedStep("run", distribution="proctor")})
PARENT = PinnedWorkflow("parent", ("spawn",), {"spawn": PinnedStep("spawn", distribution="proctor")}, ("work",))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(database=str(tmp_path / "proctor.db"), cache=tmp_path / "cache")


async def fill(database: str) -> None:
    scope = Scope()
    root = Head(Birth(ROOT, ROOT, "parent", scope, 1000.0, {"name": "larder"}), version=1)
    birth = replace(root.birth, id=CHILD, parent=ROOT, workflow="work", key="a", depth=1, subject={"name": "larder.a"})
    store = await open_store(database)
    try:
        tree = Tree(ROOT, scope, (PARENT, WORK))
        await store.commit(Change(root, tree=tree, news=(news.created(root, 1000.0),)))
        command = Command("none", step="spawn", at=1001.0)
        spawning = heads.start(root, command, owner=None, lease_until=None, parked="children")
        child = Head(birth, version=1)
        await store.commit(Change(spawning, children=(child,), news=(news.created(child, 1001.0),)))
        begun = heads.start(child, Command("none", step="run", at=1002.0), owner="x", lease_until=9e9, parked=None)
        await store.commit(Change(begun, news=(news.started(begun, "", 1002.0),)))
        outcome = Outcome(Result("ok"), product={"tests": 3, "files": {"t.py": "b"}}, outcome="proven")
        judged = heads.judge(begun, Orchestrator(WORK), outcome, 1003.5)
        told = (news.completed(judged.head, judged.interaction), *news.ended(judged.head, 1003.5))
        await store.commit(Change(judged.head, judged.interaction, news=told))
    finally:
        await store.close()


async def seen(settings: Settings) -> Summary:
    async with open_app(settings) as app:
        tree = await app.store.tree(app.scope, ROOT)
        assert tree is not None
        return summarise(await view_of(app, tree))


def test_what_the_events_told_the_log_still_tells(settings: Settings) -> None:
    asyncio.run(fill(settings.database_url()))
    told = asyncio.run(seen(settings))
    assert [(row.name, row.verdict, row.product.tests, row.seconds) for row in told.rows] == [
        ("larder.a", "proven", 3, 1.5)
    ]
    with closing(sqlite3.connect(settings.database_url())) as connection, connection:
        connection.execute("DELETE FROM events")
    assert asyncio.run(seen(settings)) == told


@pytest.mark.parametrize(
    ("codes", "refused"),
    [
        ([], False),
        ([None], False),
        (["no_components"], True),
        (["no_components", None], False),
        (["branch_exists"], False),
    ],
)
def test_a_code_of_the_last_result_refuses_for_good_unless_chance_has_a_part_in_it(
    codes: list[str | None], refused: bool
) -> None:
    results = [Result("error", data={} if code is None else {"code": code}) for code in codes]
    log = [Interaction(number, Command("none", step="a"), result=each) for number, each in enumerate(results, 1)]
    assert was_refused(log) is refused
