from dataclasses import replace

import pytest
from context_world import child, file_of, spawning, without_tests
from hypothesis import given, settings
from hypothesis import strategies as st
from walks import Walk, answer

from proctor import ChildSpec, ChildSummary, Result, Scope
from proctor.domain.session import Limits
from proctor_context_testing.spawn_component_testing_sessions import SpawnComponentTestingSessions

STEP = SpawnComponentTestingSessions()


def listed(walk: Walk) -> list[ChildSpec]:
    return list(answer(STEP.get_command(Scope(), walk.session, STEP.Options())).children)


def attempts(walk: Walk) -> dict[str, int]:
    return {spec.key: spec.attempt for spec in listed(walk)}


def test_children_are_listed_by_priority_and_then_by_name() -> None:
    walk = spawning("shop.a", "shop.c", "shop.b", "shop.d", priorities={"shop.c": 5, "shop.b": 5, "shop.d": 9})
    assert [(spec.key, spec.priority) for spec in listed(walk)] == [
        ("shop.d", 9), ("shop.b", 5), ("shop.c", 5), ("shop.a", 0),
    ]  # fmt: skip


def test_a_child_is_handed_down_all_it_needs() -> None:
    [spec] = listed(spawning("shop.a"))
    assert (spec.workflow, spec.subject) == ("component_testing", {"name": "shop.a", "path": "shop/a.py"})
    assert spec.state["target"] == file_of("shop.a")
    assert (spec.state["base"], spec.state["repository"]) == ("c" * 40, "/repository")
    assert spec.state["python"]["import_root"] == "src"
    assert spec.state["baseline"]["missing_lines"] == [2]
    assert spec.state["test_files"] == ["tests/test_old.py"]
    assert (spec.state["previous"], spec.state["replaces"]) == (None, None)


def test_complete_and_running_children_are_kept_and_failed_and_cancelled_ones_replaced() -> None:
    walk = spawning("shop.a", "shop.b", "shop.c", "shop.d", "shop.e")
    walk.children = (
        child("shop.a"),
        child("shop.b", "active"),
        child("shop.c", "failed", error="the agent crashed"),
        child("shop.d", "cancelled"),
    )
    assert attempts(walk) == {"shop.a": 1, "shop.b": 1, "shop.c": 2, "shop.d": 2, "shop.e": 1}
    specs = {spec.key: spec for spec in listed(walk)}
    assert specs["shop.c"].state["previous"] == "Attempt 1: the agent crashed"
    assert specs["shop.c"].state["replaces"] == "shop.c-1"
    assert specs["shop.d"].state["previous"] == "Attempt 1: cancelled"
    assert specs["shop.b"].state["replaces"] is None


def test_the_newest_attempt_counts_in_whatever_order_they_are_told() -> None:
    walk = spawning("shop.a")
    walk.children = (child("shop.a", attempt=2), child("shop.a", "failed", attempt=1, error="old"))
    assert attempts(walk) == {"shop.a": 2}
    assert walk.turn().told == STEP.name


def test_all_children_complete_is_ok_whatever_the_result_claims() -> None:
    walk = spawning("shop.a", "shop.b")
    walk.children = (child("shop.a"), without_tests("shop.b", "nothing to test"))
    walk.execute = lambda *_: Result("error", error_message="half of it failed")
    turn = walk.turn()
    assert (turn.told, turn.outcome.result.error_message) == (STEP.name, None)


def test_children_that_are_not_complete_are_an_error_whatever_the_result_claims() -> None:
    walk = spawning("shop.a")
    walk.children = (child("shop.a", "active"),)
    walk.execute = lambda *_: Result("ok", {"all": "complete"})
    assert walk.turn().told == f"{STEP.name}: error"


def test_one_message_names_everybody_who_runs_failed_or_was_cancelled() -> None:
    walk = spawning("shop.a", "shop.b", "shop.c", "shop.d", "shop.e")
    walk.children = (
        child("shop.a"),
        child("shop.b", "active", attempt=2),
        child("shop.c", "failed", error="the agent crashed"),
        child("shop.d", "cancelled"),
    )
    assert walk.turn().outcome.result.error_message.splitlines() == [
        "shop.b: is still running (attempt 2)",
        "shop.c: failed (attempt 1): the agent crashed",
        "shop.d: was cancelled (attempt 1)",
        "shop.e: has no session yet",
    ]


def test_a_component_whose_attempts_are_used_up_is_given_up_and_the_next_round_is_ok() -> None:
    walk = spawning("shop.a", "shop.b", limits=Limits(attempts=2))
    walk.children = (child("shop.a"), child("shop.b", "failed", error="first"))
    walk.turn()
    assert attempts(walk) == {"shop.a": 1, "shop.b": 2}
    walk.children = (*walk.children, child("shop.b", "failed", attempt=2, error="second"))
    assert walk.turn().told == f"{STEP.name}: error"
    turn = walk.turn()
    assert turn.told == STEP.name
    assert [spec.key for spec in turn.command.children] == ["shop.a"]
    assert turn.command.metadata == {"given_up": {"shop.b": "second"}}


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_deterministic_agent_gets_no_second_attempt_on_the_same_input(status: str) -> None:
    walk = spawning("shop.a", "shop.b", deterministic=True)
    walk.children = (child("shop.a"), child("shop.b", status))
    assert walk.turn().head.state["given_up"] == {"shop.b": status}
    assert attempts(walk) == {"shop.a": 1}


def test_without_an_accepted_test_anywhere_the_context_fails_with_every_reason() -> None:
    walk = spawning("shop.b", "shop.a", "shop.c", deterministic=True)
    walk.children = (
        without_tests("shop.a", "no docstring of it has an example"),
        child("shop.b", "failed", error="the agent crashed"),
        without_tests("shop.c", None),
    )
    walk.to_the_end()
    assert walk.told == ["initialize", f"{STEP.name}: error", f"{STEP.name}: error"]
    assert walk.head.status == "failed"
    assert walk.head.last_error.splitlines() == [
        "No component got a proven test, so there is nothing to land.",
        "shop.a: no docstring of it has an example",
        "shop.b: the agent crashed",
        "shop.c: no tests",
    ]


def test_long_reasons_are_told_in_short() -> None:
    names = [f"shop.m{number}" for number in range(500)]
    walk = spawning(*names, deterministic=True)
    walk.children = tuple(child(name, "failed", error="x" * 50_000) for name in names)
    turn = walk.turn()
    assert len(turn.outcome.result.error_message) < 500 * 400
    assert len(str(turn.head.state["given_up"])) < 500 * 400


def test_asking_twice_lists_the_same() -> None:
    walk = spawning("shop.a", "shop.b")
    walk.children = (child("shop.a", "failed", error="x"),)
    assert listed(walk) == listed(walk)


ENDS = st.lists(st.sampled_from(["complete", "failed", "cancelled"]), min_size=4, max_size=4)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abcde"), ENDS, min_size=1), st.integers(1, 4), st.booleans())
def test_however_children_end_each_gets_its_attempts_and_the_step_comes_to_an_end(
    fates: dict[str, list[str]], most: int, deterministic: bool
) -> None:
    walk = spawning(*fates, limits=Limits(attempts=most, same_failure=9, repeats=9), deterministic=deterministic)
    while walk.head.status == "active" and walk.told[-1] != STEP.name:
        known = {(each.key, each.attempt) for each in walk.children}
        new = [spec for spec in listed(walk) if (spec.key, spec.attempt) not in known]
        walk.children += tuple(_ended(spec, fates[spec.key][spec.attempt - 1]) for spec in new)
        walk.turn()
    allowed = 1 if deterministic else most
    for name, ends in fates.items():
        tried = ends[: ends.index("complete") + 1] if "complete" in ends[:allowed] else ends[:allowed]
        assert [each.status for each in walk.children if each.key == name] == tried
    complete = [each for each in walk.children if each.status == "complete"]
    assert walk.head.status == ("active" if complete else "failed")


def _ended(spec: ChildSpec, status: str) -> ChildSummary:
    return replace(child(spec.key, status, attempt=spec.attempt))
