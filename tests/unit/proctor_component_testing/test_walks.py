"""Whole sessions of a component, told by the steps that they take."""

import pytest
from component_world import BASELINE, TARGET, World, begin, broken_file, walked

from proctor import Result
from proctor.domain.session import Limits
from proctor_component_testing.finalize import Finalize, FinalizeOptions

GOOD = ["run_tests", "check_stability", "check_coverage", "finalize"]
WRITTEN = ["initialize", "generate_tests"]
NOTHING = Result("warning", {}, error_message="no docstring of it has an example")


def test_good_tests_go_straight_through() -> None:
    walk = walked()
    assert walk.told == [*WRITTEN, *GOOD]
    assert (walk.head.status, walk.head.outcome) == ("complete", "proven")
    assert walk.head.product == {
        **walk.head.product,
        "files": {TARGET: "version 1"},
        "tests": 2,
        "dropped": 0,
        "reason": None,
        "suspected_bugs": [],
    }
    assert walk.head.product["coverage"]["before"] == pytest.approx(100 / 3)
    assert walk.head.product["coverage"]["after"] == 100


def test_an_agent_with_nothing_to_write_ends_the_session_without_tests() -> None:
    walk = walked({"generate_tests": [NOTHING]})
    assert walk.told == ["initialize", "generate_tests: warning", "finalize"]
    assert (walk.head.status, walk.head.outcome) == ("complete", "none")
    assert (walk.head.product["files"], walk.head.product["tests"]) == ({}, 0)
    assert walk.head.product["reason"] == "no docstring of it has an example"
    before = walk.head.product["coverage"]["before"]
    assert walk.head.product["coverage"]["after"] == before


def test_a_module_that_does_not_import_is_not_given_to_an_agent_that_does_not_think() -> None:
    state = {"import_error": "Traceback\n  x\nImportError: no module named tax\n"}
    walk = walked({"generate_tests": [Result("ok")]}, deterministic=True, state=state)
    assert walk.told == ["initialize", "generate_tests: warning", "finalize"]
    assert walk.turns[1].command.kind == "none"
    assert walk.head.product["reason"] == "the module does not import: ImportError: no module named tax"


def test_a_component_without_tests_fails_where_tests_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Finalize, "Options", staticmethod(lambda: FinalizeOptions(require_tests=True)))
    walk = walked({"generate_tests": [NOTHING]})
    assert walk.told == ["initialize", "generate_tests: warning", "finalize: error"]
    assert walk.head.status == "failed"
    reason = "no test could be proven, and tests are required: no docstring of it has an example"
    assert walk.head.last_error == reason
    assert walk.head.product["reason"] == "no docstring of it has an example"
    proven = walked()
    assert (proven.head.status, proven.head.outcome) == ("complete", "proven")


def test_what_was_found_is_fixed_then_dropped_and_what_stays_is_proven_again() -> None:
    world = World({"fix_tests": [Result("ok", files={TARGET: "better"}), NOTHING]})
    walk = begin(world)
    world.script |= {
        "run_tests": [world.ran(bad=["test_a"])],
        "check_stability": [world.ran(bad=["test_b"], runs=5)],
    }
    assert walk.to_the_end().told == [
        *WRITTEN,
        "run_tests: error",
        "fix_tests",
        "run_tests",
        "check_stability: error",
        "fix_tests: warning",
        "drop_tests",
        *GOOD,
    ]
    assert (walk.head.outcome, walk.head.product["tests"], walk.head.product["dropped"]) == ("partial", 1, 1)
    [dropped] = walk.head.product["dropped_tests"]
    assert (dropped["test"], dropped["reason"].partition(":")[0]) == (f"{TARGET}::test_b", "check_stability")
    assert world.tests == ["test_a"]


def test_without_fixes_left_findings_are_dropped_at_once() -> None:
    world = World({})
    world.script["run_tests"] = [world.ran(bad=["test_a"])]
    walk = begin(world, Limits(fixes=0)).to_the_end()
    assert walk.told == [*WRITTEN, "run_tests: warning", "drop_tests", *GOOD]


def test_every_round_of_fixing_is_counted_also_one_that_failed() -> None:
    world = World({})
    world.script = {
        "run_tests": [world.ran(bad=["test_a"])] * 2,
        "fix_tests": [world.written(), Result("error", error_message="it crashed")],
    }
    walk = begin(world, Limits(fixes=2)).to_the_end()
    assert walk.told == [
        *WRITTEN,
        *["run_tests: error", "fix_tests"],
        *["run_tests: error", "fix_tests: warning"],  # it failed in its last round
        "drop_tests",
        *GOOD,
    ]
    assert walk.head.state["fixes"] == 2


def test_an_agent_that_fails_is_asked_again_while_rounds_are_left() -> None:
    world = World({"fix_tests": [Result("error", error_message="it crashed")]})
    world.script["run_tests"] = [world.ran(bad=["test_a"])]
    walk = begin(world).to_the_end()
    assert walk.told == [*WRITTEN, "run_tests: error", "fix_tests: error", "fix_tests", *GOOD]
    assert walk.head.state["fixes"] == 2


def test_a_fault_of_the_agent_is_repeated_and_costs_no_fix() -> None:
    world = World({"fix_tests": [Result("fault", error_message="it cannot be started")]})
    world.script["run_tests"] = [world.ran(bad=["test_a"])]
    walk = begin(world).to_the_end()
    assert walk.told == [*WRITTEN, "run_tests: error", "fix_tests: fault", "fix_tests", *GOOD]
    assert (walk.head.state["fixes"], walk.head.outcome) == (1, "proven")


def test_what_a_lost_agent_left_behind_is_not_taken_over() -> None:
    world = World({})
    world.script["generate_tests"] = [world.written("fault")]
    walk = begin(world).to_the_end()
    assert walk.told == ["initialize", "generate_tests: fault", "generate_tests", *GOOD]
    assert "files" not in walk.turns[1].head.state


def test_an_agent_that_never_starts_fails_the_session() -> None:
    walk = walked({"generate_tests": [Result("fault", error_message="acme could not be started")] * 9})
    assert walk.told == ["initialize", *["generate_tests: fault"] * 3]
    assert walk.head.status == "failed"
    assert "acme could not be started" in walk.head.last_error


def test_a_check_that_cannot_be_carried_out_is_no_finding() -> None:
    lost = Result("fault", error_message="the disk is full")
    walk = walked({"run_tests": [lost], "check_stability": [Result("error", stderr="Traceback: bug in the program")]})
    assert walk.told == [
        *WRITTEN,
        "run_tests: fault",
        "run_tests",
        "check_stability: fault",
        "check_stability",
        *GOOD[2:],
    ]
    assert walk.head.outcome == "proven"


def test_a_file_that_cannot_be_collected_is_dropped_as_a_whole() -> None:
    walk = walked({"run_tests": [broken_file()], "fix_tests": [NOTHING]})
    assert walk.told == [
        *WRITTEN,
        "run_tests: error",
        "fix_tests: warning",
        "drop_tests: warning",
        "finalize",
    ]
    assert walk.head.outcome == "none"
    assert "cannot be collected: SyntaxError" in walk.head.product["reason"]


def test_an_agent_that_takes_every_test_back_ends_without_tests() -> None:
    world = World({"fix_tests": [Result("ok", {"deleted": [TARGET], "suspected_bugs": [{"test": "test_a"}]})]})
    world.script["run_tests"] = [world.ran(bad=["test_a", "test_b"])]
    walk = begin(world).to_the_end()
    assert walk.told == [*WRITTEN, "run_tests: error", "fix_tests: warning", "drop_tests: warning", "finalize"]
    assert walk.head.outcome == "none"
    assert walk.head.product["suspected_bugs"] == [{"test": "test_a"}]
    assert walk.head.product["reason"] == "run_tests: test_a is wrong"


class TestWhatIsInTheFileIsJudged:
    """However its agent ended: nothing lands that no check has seen."""

    def test_an_agent_that_wrote_and_says_it_has_nothing_more(self) -> None:
        written = Result("warning", error_message="done what I could", files={TARGET: "some"})
        assert walked({"generate_tests": [written]}).told == [*WRITTEN, *GOOD]

    def test_an_agent_that_failed_after_writing_and_then_adds_nothing(self) -> None:
        world = World({})
        world.script["generate_tests"] = [world.written("error"), NOTHING]
        walk = begin(world).to_the_end()
        assert walk.told == ["initialize", "generate_tests: error", "generate_tests", *GOOD]
        assert walk.head.outcome == "proven"

    def test_an_agent_that_wrote_data_files_only_has_written_nothing(self) -> None:
        data = f"{TARGET.removesuffix('.py')}_data/prices.csv"
        walk = walked({"generate_tests": [Result("ok", files={data: "b"})]})
        assert walk.told == ["initialize", "generate_tests: warning", "finalize"]
        assert (walk.head.outcome, walk.head.product["files"]) == ("none", {})


class TestCoverage:
    def test_an_agent_is_asked_again_while_it_may_find_more(self) -> None:
        world = World({})
        world.script["check_coverage"] = [world.ran(coverage=BASELINE)]
        walk = begin(world).to_the_end()
        assert walk.told == [*WRITTEN, *GOOD[:2], "check_coverage: error", "fix_tests", *GOOD]

    @pytest.mark.parametrize("more", [{"deterministic": True}, {"limits": Limits(fixes=0)}])
    def test_tests_that_execute_the_component_are_kept_when_asking_is_pointless(self, more: dict[str, object]) -> None:
        world = World({})
        world.script["check_coverage"] = [world.ran(coverage=BASELINE)]
        walk = begin(world, **more).to_the_end()
        assert walk.told == [*WRITTEN, *GOOD]
        assert walk.head.outcome == "proven"

    def test_an_agent_that_gives_up_keeps_its_tests_and_is_not_asked_the_same_again(self) -> None:
        world = World({"fix_tests": [NOTHING]})
        world.script["check_coverage"] = [world.ran(coverage=BASELINE), world.ran(coverage=BASELINE)]
        walk = begin(world).to_the_end()
        assert walk.told == [
            *WRITTEN,
            *GOOD[:2],
            "check_coverage: error",
            "fix_tests: warning",
            "drop_tests",
            *GOOD,
        ]
        assert (walk.head.outcome, walk.head.product["tests"]) == ("proven", 2)

    def test_only_tests_that_execute_nothing_of_the_component_are_dropped(self) -> None:
        world = World({})
        world.script["check_coverage"] = [world.ran(coverage=BASELINE, idle=["test_b"])]
        walk = begin(world, Limits(fixes=0)).to_the_end()
        assert walk.told == [*WRITTEN, *GOOD[:2], "check_coverage: warning", "drop_tests", *GOOD]
        assert (world.tests, walk.head.outcome) == (["test_a"], "partial")

    def test_without_a_measurement_the_check_passes(self) -> None:
        world = World({})
        world.script["check_coverage"] = [world.ran(coverage=None)]
        walk = begin(world).to_the_end()
        assert walk.told == [*WRITTEN, *GOOD]
        assert walk.head.product["coverage"]["after"] is None
