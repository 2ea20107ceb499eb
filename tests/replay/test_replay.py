"""Recorded histories of runs of every kind, decided once more: a change of decisions must be meant.

`python tests/replay/record.py` makes the histories again.
"""

import re
import socket
from pathlib import Path

import orjson
import pytest
from replay_runs import KINDS, SCOPE
from replay_stranger import install

from proctor.contracts.store import Store
from proctor.history import History, Replayed, read, record, replay
from proctor.registry import Registry
from proctor_component_testing.run_tests import RunTests

HISTORIES = Path(__file__).parent / "histories"
FILES = sorted(HISTORIES.glob("*.json"))


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(install(tmp_path / "site")))


def history(kind: str) -> History:
    return read((HISTORIES / f"{kind}.json").read_bytes())


async def replayed(kind: str) -> Replayed:
    return await replay(history(kind), Registry())


@pytest.mark.usefixtures("stranger")
@pytest.mark.parametrize("kind", KINDS)
async def test_the_same_is_decided(kind: str) -> None:
    again = await replayed(kind)
    assert again.divergences == ()
    assert again.decisions >= 3
    assert [note for note in again.notes if "taken from the record" not in note] == []


def test_every_kind_is_recorded_and_no_other() -> None:
    assert {file.stem for file in FILES} == {*KINDS}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_history_is_small_and_tells_of_no_machine(file: Path) -> None:
    text = file.read_text("utf-8")
    assert len(text) < 60_000
    assert re.findall(r"/(?:root|home|Users|work|tmp|private|var)/[^\"\s]*", text) == []
    assert socket.gethostname() not in text


@pytest.mark.usefixtures("stranger")
@pytest.mark.parametrize("kind", ["partial", "retried_by_a_user", "lost", "with_a_verdict_that_raises"])
async def test_a_history_that_is_made_now_is_decided_the_same(kind: str, store: Store) -> None:
    run = await KINDS[kind](store)
    made = await record(store, SCOPE, run.root, version="0")
    again = await replay(made, Registry())
    assert (again.divergences, again.texts) == ((), ())
    assert [note for note in again.notes if "taken from the record" not in note] == []
    assert [(each.head.birth.key, each.head.status, each.head.outcome) for each in made.sessions] == [
        (each.head.birth.key, each.head.status, each.head.outcome) for each in history(kind).sessions
    ]


# -- it can fail -------------------------------------------------------------------------------------------------------


async def test_another_table_is_another_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RunTests, "transitions", {**RunTests.transitions, "error": "drop_tests"})
    (found,) = (await replayed("partial")).divergences
    assert (found.about, found.sequence, found.step) == ("shop.prices", 4, "fix_tests")
    assert found.decision == "next step as installed now"
    assert [(each.recorded, each.now) for each in found.differences] == [('"fix_tests"', '"drop_tests"')]


async def test_another_command_is_shown_where_it_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proctor_component_testing.checking.SPARE_S", 31.0)
    (found,) = (await replayed("taken_over")).divergences
    assert (found.sequence, found.step, found.decision) == (1, "initialize", "command")
    assert [(each.place, each.recorded, each.now) for each in found.differences] == [
        ("arguments.seconds", "90.0", "91.0")
    ]


async def test_another_verdict_is_shown_where_it_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proctor_python.findings.of_run", lambda _check: [])
    (found,) = (await replayed("partial")).divergences
    assert (found.sequence, found.step, found.decision) == (3, "run_tests", "verdict")
    assert ("status", '"error"', '"ok"') in [(each.place, each.recorded, each.now) for each in found.differences]


async def test_another_memory_is_found_at_the_end_and_names_who_wrote_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proctor_python.findings.good_tests", lambda _check: ["one"])
    found = (await replayed("taken_over")).divergences[0]
    assert found.decision == "end"
    assert found.differences[-1].place == "state.tests, written by interaction 4, run_tests"


async def test_another_product_of_a_child_is_seen_by_its_parent_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proctor_component_testing.finalize._outcome", lambda _memory: "proven")
    found = (await replayed("partial")).divergences
    assert [(each.about, each.decision) for each in found] == [("shop.prices", "end")]


async def test_a_smaller_budget_ends_a_session_earlier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proctor.domain.head._exhausted", lambda _head, _result: "there is no budget any more")
    found = (await replayed("taken_over")).divergences
    assert {each.decision for each in found} == {"status"}
    assert [(each.recorded, each.now) for each in found[0].differences] == [('"active"', '"failed"')]


async def test_a_plugin_that_is_not_there_is_named() -> None:
    again = await replayed("with_a_strangers_step")
    (found,) = again.divergences
    assert found.decision == "plugin"
    assert "context_testing.count_components is not installed" in found.differences[0].now


async def test_a_program_that_changed_is_told_and_is_no_decision(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "# " + "x" * 2000
    monkeypatch.setattr("proctor_python.program._text", lambda _name: text)
    again = await replayed("taken_over")
    assert again.divergences == ()
    assert "shop.prices, run_tests: arguments.inputs.check.py" in again.texts


async def test_a_log_from_before_results_were_kept_as_they_came_is_followed_by_the_rule_only() -> None:
    document = orjson.loads((HISTORIES / "retried.json").read_bytes())
    for session in document["sessions"]:
        for interaction in session["interactions"]:
            interaction.pop("came", None)
    again = await replay(read(orjson.dumps(document)), Registry())
    assert again.divergences == ()
    assert len(again.notes) == again.sessions
    assert again.notes[1] == (
        "shop.prices: the result of interaction 1, initialize, is not recorded as it came; from there on only the rule "
        "was asked"
    )
