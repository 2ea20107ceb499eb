"""What is said to be next in a session, and what keeps it. Every sentence names the way on."""

from dataclasses import replace

import pytest

from proctor import Command, Result, Scope
from proctor.cli.tree.standing import Standing, standing
from proctor.domain.head import Birth, Head, Pending
from proctor.domain.orchestrator import Completed, InvalidState, Next, NextStep, SessionComplete

NOW = 1000.0
NEXT = NextStep("run_tests", "interaction 2, generate_tests, ended ok: go on")
HEAD = Head(
    Birth("5e55" * 8, "7007" * 8, "component_testing", Scope(), 900.0, {"name": "larder.oven"}),
    sequence=2,
    last_completed=Completed(2, "generate_tests", "ok"),
    version=7,
)
CHILDREN = [
    replace(HEAD, birth=replace(HEAD.birth, id=str(number), key=key, attempt=attempt), **facts)
    for number, (key, attempt, facts) in enumerate(
        [
            ("a", 1, {"status": "failed"}),
            ("a", 2, {}),
            ("b", 1, {"status": "complete"}),
            ("c", 1, {"paused": True}),
        ]
    )
]


RAW = Pending(3, Command("process", step="run_tests"), NOW - 12, raw=Result("ok"))


def pending(**facts: object) -> Head:
    """Give the session with an interaction that was handed out twelve seconds ago."""
    command = Command("external", {"question": "May it land?"}, step="run_tests")
    handed_out = replace(HEAD, pending=Pending(3, command, NOW - 12), lease_until=NOW + 60)
    return replace(handed_out, **facts)  # type: ignore[arg-type] # each is its own field


def stand(head: Head, following: Next = NEXT, **more: object) -> Standing:
    return standing(head, following, CHILDREN, NOW, **more)  # type: ignore[arg-type] # the same


def test_the_next_step_is_named_with_the_rules_reason() -> None:
    found = stand(HEAD)
    assert (found.state, found.step) == ("ready", "run_tests")
    assert found.told == (
        "run_tests (interaction 2, generate_tests, ended ok: go on) is next.",
        "Spent: 2 of 60 interactions.",
    )


def test_a_repeat_says_how_many_are_left() -> None:
    told = stand(replace(HEAD, repeats=2, same_failure=1, state={"fixes": 1})).told
    assert told[1] == "It is repeat 2 of at most 5; it failed in the same way 1 of at most 3 times."
    assert told[-1] == "Spent: 2 of 60 interactions, 1 of 3 fixes."


def test_what_counted_before_a_retry_counts_no_more() -> None:
    assert "Spent: 0 of 60 interactions." in stand(replace(HEAD, counted_from=2)).told


@pytest.mark.parametrize(
    ("head", "state", "said"),
    [
        (pending(), "under_way", "run_tests has been under way for 12 s."),
        (pending(lease_until=NOW - 1), "lost", "whoever executed it is gone: it is handed out again"),
        (pending(pending=RAW), "to_be_judged", "what came of it is judged next"),
        (pending(parked="children", open_children=2), "waits_for_children", "all of 3 child sessions have ended"),
        (pending(parked="children"), "to_be_judged", "judged next"),
        (pending(parked="external"), "waits_for_answer", "run_tests waits for an answer: May it land?"),
        (replace(HEAD, paused=True), "paused", "the session is paused: `proctor sessions resume 5e555e55` ends that"),
        (pending(paused=True), "paused", "run_tests may finish, but the session is paused"),
        (
            replace(HEAD, blocked="it is not installed"),
            "blocked",
            "run_tests is next, but the session is blocked: it is",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_what_keeps_a_session_is_named(head: Head, state: str, said: str) -> None:
    found = stand(head)
    assert found.state == state
    assert said in found.told[0]


def test_below_a_paused_root_it_is_the_roots_pause_that_is_ended() -> None:
    told = stand(replace(HEAD, paused=True), held=True, database=" --database x").told[0]
    assert "`proctor sessions resume 70077007 --database x` ends that" in told


def test_open_children_are_counted_by_their_newest_attempt() -> None:
    told = stand(pending(parked="children", open_children=2)).told[0]
    assert told.endswith("have ended: 1 open, 1 paused.")


def test_a_session_that_nobody_runs_names_the_way_on_for_its_whole_tree() -> None:
    way = "Nobody runs it: `proctor sessions continue 70077007 --database x` goes on with it."
    assert way in stand(HEAD, stranded=True, database=" --database x").told
    assert way not in stand(HEAD, database=" --database x").told


def test_what_nobody_runs_is_not_under_way_unless_a_client_has_it() -> None:
    assert stand(pending(), stranded=True).state == "lost"
    assert stand(pending(owner="client:me"), stranded=True).state == "under_way"


def test_nothing_is_next_in_a_session_that_has_ended_and_its_end_is_explained() -> None:
    complete = stand(replace(HEAD, status="complete"), SessionComplete("interaction 2, finalize, ended ok: it was the"))
    assert complete.told == (
        "Nothing is next: the session is complete.",
        "By the rule: interaction 2, finalize, ended ok: it was the.",
    )
    failed = stand(replace(HEAD, status="failed", last_error="run_tests was repeated 5 times"))
    assert (failed.state, failed.step) == ("ended", None)
    assert failed.told[1:] == (
        "What ended it: run_tests was repeated 5 times",
        "By the rule alone, run_tests (interaction 2, generate_tests, ended ok: go on) would have followed.",
    )


def test_a_status_that_the_table_does_not_list_leads_nowhere() -> None:
    assert "does not know the status odd" in stand(HEAD, InvalidState("run_tests", "odd")).told[0]
