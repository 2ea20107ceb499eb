"""What checks ask for, and what they make of what comes back."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from component_world import BASELINE, FULL, TARGET, World, begin
from walks import Turn, Walk, answer

from proctor import CHECK, Command, Outcome, Result, Scope, Step
from proctor_component_testing.check_coverage import CheckCoverage
from proctor_component_testing.check_stability import CheckStability
from proctor_component_testing.checking import CheckOptions
from proctor_component_testing.run_tests import RunTests

CHECKS = [RunTests(), CheckStability(), CheckCoverage()]


def at(step: str, world: World | None = None) -> Turn:
    walk = begin(world or World({}))
    while not walk.turns or walk.turns[-1].step != step:
        walk.turn()
    return walk.turns[-1]


def arguments(command: Command) -> Mapping[str, Any]:
    inputs = command.arguments["inputs"]
    return json.loads(inputs["arguments.json"])


def judged(step: Step, result: Result, walk: Walk | None = None) -> Outcome:
    walk = walk or begin(World({}))
    return answer(step.handle_result(Scope(), walk.session, result, step.Options()))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_every_check_is_a_step_like_a_strangers(check: Step) -> None:
    assert check.transitions == CHECK


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_the_written_file_is_run_over_the_base_by_a_program_that_travels_along(check: Step) -> None:
    command = at(check.name).command
    assert (command.kind, command.workspace.base, command.workspace.overlay) == (
        "process",
        "c" * 40,
        {TARGET: "version 1"},
    )
    assert command.arguments["argv"][0] == "{proctor_python}"
    assert (arguments(command)["test_files"], arguments(command)["component"]) == ([TARGET], "shop/prices.py")
    assert command.arguments["seconds"] > arguments(command)["seconds"]


def test_tests_run_once_then_five_times_shuffled_then_measured() -> None:
    told = [arguments(at(check.name).command) for check in CHECKS]
    assert [(each["runs"], each["shuffle"], each["measure"]) for each in told] == [
        (1, False, False),
        (5, True, False),
        (1, False, True),
    ]


def test_the_users_settings_reach_the_program() -> None:
    options = CheckOptions(seconds=7, test_seconds=2, assertion_helpers=("check_price",))
    told = arguments(answer(RunTests().get_command(Scope(), begin(World({})).session, options)))
    assert (told["seconds"], told["test_seconds"], told["assertion_helpers"]) == (7, 2, ["check_price"])


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
@pytest.mark.parametrize("report", [{}, {"report": None}, {"report": {"runs": "many"}}, {"report": {"runs": []}}])
def test_a_report_that_cannot_be_read_is_a_fault_and_no_finding(check: Step, report: Mapping[str, Any]) -> None:
    outcome = judged(check, Result("ok", report))
    assert outcome.result.status == "fault"
    assert "report" in outcome.result.error_message
    assert outcome.state == {}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_program_that_was_killed_found_nothing_whatever_it_reported(check: Step) -> None:
    killed = replace(World({}).ran(bad=["test_a"]), status="fault", error_message="it was killed by signal 9")
    outcome = judged(check, killed)
    assert (outcome.result.status, outcome.result.error_message) == ("fault", "it was killed by signal 9")
    assert outcome.state == {}


def test_each_bad_test_is_named_and_the_good_ones_are_not() -> None:
    world = World({}, ["test_a", "test_b", "test_c"])
    outcome = judged(RunTests(), world.ran(bad=["test_a"], empty=["test_b"]))
    assert outcome.result.status == "error"
    assert outcome.result.error_message.splitlines() == [
        "2 findings",
        "test_a: test_a is wrong",
        "test_b: The test asserts nothing, so it can never fail.",
    ]
    assert outcome.state["tests"] == 1


def test_a_long_list_of_findings_is_told_in_short() -> None:
    world = World({}, [f"test_{number}" for number in range(500)])
    lines = judged(RunTests(), world.ran(bad=world.tests)).result.error_message.splitlines()
    assert (lines[0], lines[-1], len(lines)) == ("500 findings", "… and 480 more", 22)


def test_an_unstable_test_is_found_with_the_seed_that_shows_it() -> None:
    outcome = judged(CheckStability(), World({}).ran(bad=["test_a"], runs=5, seed=11))
    [found] = outcome.state["findings"]
    assert (found["test"], "1 of 5 runs" in found["message"], "Seed 15" in found["detail"]) == (
        f"{TARGET}::test_a",
        True,
        True,
    )
    assert outcome.result.data == {"seeds": [11, 12, 13, 14, 15]}


def test_a_test_that_adds_nothing_to_the_others_is_reported_and_kept() -> None:
    outcome = judged(CheckCoverage(), World({}).ran(coverage=FULL))
    assert outcome.result.status == "ok"
    assert outcome.result.data["adding_nothing"] == [f"{TARGET}::test_a", f"{TARGET}::test_b"]
    assert (round(outcome.result.data["before"]), outcome.result.data["after"]) == (33, 100)


def test_that_nothing_was_gained_is_found_with_what_is_open() -> None:
    outcome = judged(CheckCoverage(), World({}).ran(coverage=BASELINE))
    assert outcome.result.status == "error"
    [found] = outcome.state["findings"]
    assert (found["test"], "Open lines: 2, 3" in found["detail"]) == ("", True)


def test_where_nothing_was_open_nothing_has_to_be_gained() -> None:
    walk = begin(World({}), state={"baseline": FULL})
    assert judged(CheckCoverage(), World({}).ran(coverage=FULL), walk).result.status == "ok"


def test_a_test_that_executes_nothing_of_the_component_is_found_whatever_the_others_gain() -> None:
    result = World({}).ran(coverage=FULL)
    report = result.data["report"]
    gaining = {f"{TARGET}::test_a": {"lines": [2], "arcs": []}}
    idle = replace(result, data={**result.data, "report": {**report, "per_test": gaining}})
    outcome = judged(CheckCoverage(), idle)
    assert [(found["test"], found["check"]) for found in outcome.state["findings"]] == [
        (f"{TARGET}::test_b", "check_coverage")
    ]


class TestDropTests:
    def test_only_the_bad_ones_go_and_the_file_comes_back(self) -> None:
        world = World({"fix_tests": [Result("warning")]})
        world.script["run_tests"] = [world.ran(bad=["test_a"])]
        command = at("drop_tests", world).command
        assert arguments(command)["tests"] == [f"{TARGET}::test_a"]
        assert command.arguments["collect"] == [TARGET]

    def test_without_a_report_nothing_counts_as_dropped(self) -> None:
        world = World({"fix_tests": [Result("warning")], "drop_tests": [Result("ok", {"report": None})]})
        world.script["run_tests"] = [world.ran(bad=["test_a"])]
        turn = at("drop_tests", world)
        assert (turn.outcome.result.status, turn.head.state.get("dropped")) == ("fault", None)


class TestFixTests:
    def test_a_bug_that_is_told_twice_is_kept_once(self) -> None:
        bug = {"test": "test_a", "message": "gross(1) is 2"}
        world = World({})
        world.script["generate_tests"] = [world.written(suspected_bugs=[bug])]
        world.script["run_tests"] = [world.ran(bad=["test_a"])]
        world.script["fix_tests"] = [world.written(suspected_bugs=[bug, "no bug at all", bug])]
        assert at("fix_tests", world).head.state["suspected_bugs"] == [bug]


def test_a_product_stays_small_however_much_was_said() -> None:
    bugs = [{"test": f"test_{number}", "message": "ä" * 4000} for number in range(90)]
    world = World({})
    world.script["generate_tests"] = [
        replace(world.written(suspected_bugs=bugs), status="error", error_message="x" * 99_000),
        Result("warning", {"deleted": [TARGET]}, error_message="y" * 99_000),
    ]
    walk = begin(world).to_the_end()
    assert walk.head.outcome == "none"
    assert len(json.dumps(walk.head.product)) < 64 * 1024
    assert walk.head.product["suspected_bugs"] == bugs[: len(walk.head.product["suspected_bugs"])] != []
