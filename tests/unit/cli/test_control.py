"""What a user does to a session from another terminal than the one that runs it."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from factories import PARKING, Echo, Pair, Plugins

from proctor import Command, Scope, Session, Workflow
from proctor.cli.group import proctor
from proctor.domain.head import Head
from proctor.sessions import Draft, Sessions
from proctor.store import open_store


class Ask(Echo):
    """Asks whether it may land."""

    async def get_command(self, scope: Scope, session: Session, options: object) -> Command:
        return Command("external", {"question": "May it land?", "tests": 2, "components": ["shop.cart", "shop.stock"]})


LINE, FAMILY = Workflow("line", ("ask", "land")), Workflow("family", ("spawn", "close"), spawns=("line",))
PLUGINS = Plugins(
    [LINE, FAMILY],
    {"line": [Ask("ask", "external"), Echo("land")], "family": [Pair("spawn", "spawn_sessions"), Echo("close")]},
    PARKING,
)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("proctor.app.app.Registry", lambda _: PLUGINS)
    monkeypatch.setenv("PROCTOR_CACHE", str(tmp_path / "cache"))
    return f"sqlite:///{tmp_path / 'proctor.db'}"


async def _created(database: str, workflow: str) -> list[str]:
    store = await open_store(database)
    try:
        ids = iter("abcdefgh")
        sessions = Sessions(store, PLUGINS, clock=lambda: 1.0, new_id=lambda: next(ids) * 8)
        root = (await sessions.create(Scope(), Draft(workflow, {"name": "x"}))).id
        await sessions.start(Scope(), root)
        children = [child.id for child in await store.children(Scope(), root)]
        for child in children:
            await sessions.start(Scope(), child)
        return [root, *children]
    finally:
        await store.close()


def created(database: str, workflow: str = "line") -> list[str]:
    return asyncio.run(_created(database, workflow))


async def _head(database: str, session_id: str) -> Head:
    store = await open_store(database)
    try:
        found = await store.head(Scope(), session_id)
        assert found is not None
        return found
    finally:
        await store.close()


def head(database: str, session_id: str) -> Head:
    return asyncio.run(_head(database, session_id))


def give(database: str, *words: str) -> Result:
    return CliRunner().invoke(proctor, ["sessions", *words, "--database", database])


def test_an_answer_lets_the_session_go_on(database: str) -> None:
    (root,) = created(database)
    given = give(database, "answer", root[:6])
    assert (given.exit_code, given.output) == (0, "ask: ok.\n")
    assert head(database, root).parked is None


def test_it_is_shown_what_is_asked_and_how_to_answer(database: str) -> None:
    (root,) = created(database)
    out = give(database, "show", root).output
    assert "Waits for an answer (session aaaaaaaa)\n  May it land?\n    tests: 2\n    components:\n" in out
    assert "      shop.cart\n      shop.stock\n" in out
    assert f"  to say yes  proctor sessions answer {root} --database {database}\n" in out
    assert f"  to say no   proctor sessions answer {root} --database {database} --reject --message WHY\n" in out
    assert "it never ran" not in out
    told = json.loads(give(database, "show", root, "--json").output)
    assert (told["waits_for"], told["question"]) == ("external", "May it land?")
    give(database, "answer", root)
    assert "Waits for an answer" not in give(database, "show", root).output


def test_a_root_shows_what_those_below_it_ask(database: str) -> None:
    root, *children = created(database, "family")
    for shown in (root, children[0]):
        out = give(database, "show", shown).output
        assert f"Waits for an answer (session {children[0]})\n  May it land?\n" in out
        assert (f"Waits for an answer (session {children[1]})" in out) == (shown == root)


def test_a_rejection_carries_its_reason(database: str) -> None:
    (root,) = created(database)
    assert give(database, "answer", root, "--reject", "-m", "not on a Friday").output == "ask: error.\n"
    assert head(database, root).last_error == "not on a Friday"


def test_the_root_may_be_named_for_the_one_below_it_that_asks(database: str) -> None:
    root, one, two = created(database, "family")
    refused = give(database, "answer", root)
    assert refused.exit_code == 2
    assert f"2 sessions wait for an answer: {one} (May it land?), {two} (May it land?)" in refused.output
    assert give(database, "answer", one).exit_code == 0
    assert give(database, "answer", root).output == "ask: ok.\n"
    assert head(database, two).parked is None
    nobody = give(database, "answer", root)
    assert nobody.exit_code == 1
    assert "no started interaction" in nobody.output


def test_a_pause_is_ended_by_resume(database: str) -> None:
    root, one, _ = created(database, "family")
    assert "Paused" in give(database, "pause", root).output
    assert head(database, root).paused
    assert head(database, one).paused
    assert "Resumed" in give(database, "resume", root).output
    assert not head(database, one).paused


def test_a_paused_session_is_not_gone_on_with_and_names_the_way(database: str) -> None:
    root, one, _ = created(database, "family")
    assert f"proctor sessions continue {root} --database {database}" in give(database, "resume", root).output
    give(database, "pause", root)
    for command in ("continue", "watch"):
        refused = give(database, command, one)
        assert refused.exit_code == 1
        way = f"`proctor sessions resume {root} --database {database}` ends that"
        assert f"proctor: The session {root} is paused. {way}" in refused.output


def test_of_a_session_that_has_ended_it_is_told_how(database: str) -> None:
    root, *_ = created(database, "family")
    give(database, "cancel", root)
    for command in ("continue", "watch"):
        ended = give(database, command, root)
        assert ended.exit_code == 130
        assert f"The session {root} of x has ended. This is what came of it." in ended.output
        assert "Cancelled. No branch was made." in ended.output
    assert "the session ended: cancelled" in give(database, "explain", root).output


def test_why_each_step_came_next_is_explained(database: str) -> None:
    root, one, two = created(database, "family")
    give(database, "answer", one)
    give(database, "pause", two)
    told = json.loads(give(database, "explain", one, "--json").output)
    assert (told["v"], told["kind"], told["session"]) == (1, "explanation", one)
    assert [(each["step"], each["reason"], each["status"]) for each in told["history"]] == [
        ("ask", "nothing was completed yet: the first step", "ok"),
    ]
    assert (told["next"]["state"], told["next"]["step"]) == ("ready", "land")
    assert told["next"]["told"][0] == "land (interaction 1, ask, ended ok: go on) is next."
    root_told = json.loads(give(database, "explain", root, "--json").output)
    assert root_told["next"]["told"][0] == "spawn waits until all of 2 child sessions have ended: 1 open, 1 paused."
    assert {each["session"]: each["state"] for each in root_told["children"]} == {one: "ready", two: "paused"}
    out = give(database, "explain", two).output
    assert "May it land?" not in out
    assert "ask may finish, but the session is paused" in " ".join(out.split())
    assert "paused" in out


def test_where_the_events_are_forgotten_the_log_and_the_rule_still_tell(database: str) -> None:
    root, one, _ = created(database, "family")
    give(database, "answer", one)
    give(database, "cancel", root)
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as store, store:
        store.execute("DELETE FROM events")
    (decision,) = json.loads(give(database, "explain", one, "--json").output)["history"]
    assert (decision["step"], decision["reason"]) == ("ask", "nothing was completed yet: the first step")
    assert "Cancelled. No branch was made." in give(database, "continue", root).output


def test_what_was_cancelled_can_be_tried_again(database: str) -> None:
    root, one, _ = created(database, "family")
    assert give(database, "cancel", one).output == "Cancelled.\n"
    assert give(database, "cancel", one).output == "It had ended before: cancelled.\n"
    assert give(database, "retry", root).output.startswith("1 new attempt. ")


def test_a_session_without_children_that_was_cancelled_is_opened_again(database: str) -> None:
    (root,) = created(database)
    give(database, "cancel", root)
    assert give(database, "retry", root).output.startswith("Opened again. ")
