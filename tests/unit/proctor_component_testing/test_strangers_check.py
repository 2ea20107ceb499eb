"""A check from somebody else: one step with the table CHECK, and nothing else."""

from dataclasses import replace

import pytest
from component_world import TARGET, World, begin

from proctor import CHECK, Command, Finding, NoOptions, Outcome, Result, Scope, Session, Step
from proctor.domain.session import Limits


class CheckLicence(Step):
    """Answers `error` as long as a test is there that it does not like, and counts no fixes."""

    name = "check_licence"
    workflow = "component_testing"
    after = "run_tests"
    transitions = CHECK

    def __init__(self, world: World, disliked: str) -> None:
        self.world, self.disliked = world, disliked
        self.overlays: list[dict[str, str]] = []

    async def get_command(self, scope: Scope, session: Session, options: NoOptions) -> Command:
        self.overlays.append(session.state["files"])
        return Command("none")

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: NoOptions) -> Outcome:
        if self.disliked not in self.world.tests:
            return Outcome(result, {"findings": []})
        finding = Finding(f"{TARGET}::{self.disliked}", self.name, "It has no licence.")
        return Outcome(replace(result, status="error"), {"findings": [finding.to_json()]})


class Patient(World):
    """A world that knows how to execute the stranger's command: there is nothing to it."""

    def check_licence(self, _command: Command) -> Result:
        return Result("ok")


def test_it_stands_in_its_place_and_finds_the_test_file_in_the_state() -> None:
    world = Patient({})
    check = CheckLicence(world, "none")
    walk = begin(world, strangers=[check]).to_the_end()
    assert walk.told[2:] == ["run_tests", "check_licence", "check_stability", "check_coverage", "finalize"]
    assert check.overlays == [{TARGET: "version 1"}]


@pytest.mark.parametrize("fixes", [0, 1, 3])
def test_what_it_finds_is_fixed_while_fixes_remain_and_then_dropped(fixes: int) -> None:
    world = Patient({})
    walk = begin(world, Limits(fixes=fixes), strangers=[CheckLicence(world, "test_b")]).to_the_end()
    assert walk.told == [
        *["initialize", "generate_tests"],
        *["run_tests", "check_licence: error", "fix_tests"] * fixes,
        *["run_tests", "check_licence: error", "fix_tests: warning", "drop_tests"],
        *["run_tests", "check_licence", "check_stability", "check_coverage", "finalize"],
    ]
    assert walk.head.state.get("fixes", 0) == fixes
    assert [turn.command.kind for turn in walk.turns if turn.step == "fix_tests"] == ["agent"] * fixes + ["none"]
    assert (walk.head.outcome, world.tests) == ("partial", ["test_a"])
