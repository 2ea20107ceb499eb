"""The assertions of docs/specification.md, one by one and in its words."""

from dataclasses import dataclass

import pytest

from proctor.domain.interaction import Command, Interaction, Result
from proctor.domain.orchestrator import (
    Completed,
    InvalidInteraction,
    InvalidState,
    Next,
    NextStep,
    Orchestrator,
    SessionComplete,
    completed,
)
from proctor.domain.workflow import CHECK, DEFAULT, PinnedStep, Transitions, Workflow, pin

INITIALIZE, SPAWN, FINALIZE = MAIN = ("initialize", "spawn_component_testing_sessions", "finalize")
NOT_OK = ("error", "warning", "fault", "anything_else")


@dataclass(frozen=True)
class Session:
    last_completed: Completed | None = None


def context_testing(spawn_table: Transitions = DEFAULT) -> Orchestrator:
    workflow = Workflow("context_testing", MAIN, spawns=("component_testing",))
    return Orchestrator(pin(workflow, [PinnedStep(INITIALIZE), PinnedStep(SPAWN, spawn_table), PinnedStep(FINALIZE)]))


def after(step: str, status: str) -> Session:
    return Session(Completed(7, step, status))


def interaction(step: str, status: str) -> Interaction:
    return Interaction(7, Command("none", step=step), Result(status), "completed", closed_at=1.0)


def step_of(answer: Next) -> str:
    assert isinstance(answer, NextStep)
    return answer.step


class TestSteps:
    def test_returns_ordered_list_of_step_modules(self) -> None:
        assert context_testing().steps() == ("initialize", "spawn_component_testing_sessions", "finalize")

    def test_includes_initialize_spawncomponenttestingsessions_and_finalize(self) -> None:
        assert set(context_testing().steps()) >= {INITIALIZE, SPAWN, FINALIZE}


class TestGetNextInteraction:
    def test_returns_initialize_when_session_has_no_interactions(self) -> None:
        assert step_of(context_testing().get_next_interaction(Session())) == INITIALIZE

    def test_returns_spawncomponenttestingsessions_after_successful_initialize(self) -> None:
        assert step_of(context_testing().get_next_interaction(after(INITIALIZE, "ok"))) == SPAWN

    def test_returns_finalize_after_successful_spawncomponenttestingsessions(self) -> None:
        assert step_of(context_testing().get_next_interaction(after(SPAWN, "ok"))) == FINALIZE

    def test_returns_session_complete_error_after_successful_finalize(self) -> None:
        assert isinstance(context_testing().get_next_interaction(after(FINALIZE, "ok")), SessionComplete)

    @pytest.mark.parametrize("status", NOT_OK)
    def test_retries_initialize_on_initialize_failure(self, status: str) -> None:
        assert step_of(context_testing().get_next_interaction(after(INITIALIZE, status))) == INITIALIZE

    @pytest.mark.parametrize("status", NOT_OK)
    def test_loops_back_to_spawncomponenttestingsessions_on_validation_failure(self, status: str) -> None:
        assert step_of(context_testing().get_next_interaction(after(SPAWN, status))) == SPAWN

    @pytest.mark.parametrize("status", NOT_OK)
    def test_retries_finalize_on_finalize_failure(self, status: str) -> None:
        assert step_of(context_testing().get_next_interaction(after(FINALIZE, status))) == FINALIZE

    @pytest.mark.parametrize("status", ["ok", *NOT_OK])
    def test_returns_invalid_interaction_error_for_unknown_step_module(self, status: str) -> None:
        answer = context_testing().get_next_interaction(after("no_such_step", status))
        assert answer == InvalidInteraction("no_such_step")

    def test_returns_invalid_state_error_for_unexpected_status_module_combination(self) -> None:
        orchestrator = context_testing(spawn_table={"ok": "@next", "error": "@self"})
        assert orchestrator.get_next_interaction(after(SPAWN, "warning")) == InvalidState(SPAWN, "warning")
        assert step_of(orchestrator.get_next_interaction(after(INITIALIZE, "warning"))) == INITIALIZE


class TestCompleteWithSession:
    def test_returns_true_when_last_interaction_is_finalize_with_ok_status(self) -> None:
        assert context_testing().is_complete(after(FINALIZE, "ok"))

    def test_returns_false_when_last_interaction_is_initialize(self) -> None:
        assert not context_testing().is_complete(after(INITIALIZE, "ok"))

    def test_returns_false_when_last_interaction_is_spawncomponenttestingsessions(self) -> None:
        assert not context_testing().is_complete(after(SPAWN, "ok"))

    @pytest.mark.parametrize("status", NOT_OK)
    def test_returns_false_when_finalize_has_non_ok_status(self, status: str) -> None:
        assert not context_testing().is_complete(after(FINALIZE, status))

    def test_returns_false_when_session_has_no_interactions(self) -> None:
        assert not context_testing().is_complete(Session())


class TestCompleteWithInteraction:
    def test_returns_true_for_finalize_interaction_with_ok_status(self) -> None:
        assert context_testing().is_complete(interaction(FINALIZE, "ok"))

    def test_returns_false_for_finalize_interaction_with_error_status(self) -> None:
        assert not context_testing().is_complete(interaction(FINALIZE, "error"))

    def test_returns_false_for_initialize_interaction(self) -> None:
        assert not context_testing().is_complete(interaction(INITIALIZE, "ok"))

    def test_returns_false_for_spawncomponenttestingsessions_interaction(self) -> None:
        assert not context_testing().is_complete(interaction(SPAWN, "ok"))

    @pytest.mark.parametrize("step", ["a_strangers_step", "finalize_it", ""])
    def test_returns_false_for_any_non_finalize_interaction(self, step: str) -> None:
        assert not context_testing().is_complete(interaction(step, "ok"))


def test_an_interaction_counts_only_with_a_judged_result() -> None:
    command, result = Command("none", step=FINALIZE), Result("ok")
    for unjudged in (
        Interaction(1, command),
        Interaction(1, command, result, "pending"),
        Interaction(1, command, None, "abandoned"),
        Interaction(1, command, result, "abandoned"),
    ):
        assert completed(unjudged) is None
        assert not context_testing().is_complete(unjudged)
    assert completed(interaction(FINALIZE, "ok")) == Completed(7, FINALIZE, "ok")


def test_a_status_can_lead_to_a_step_off_the_main_line_and_back() -> None:
    workflow = Workflow("checked", ("check", "finalize"), aside=("fix_tests", "drop_tests"))
    back = {"ok": "check", "error": "@self"}
    steps = [PinnedStep("check", CHECK), PinnedStep("finalize"), *(PinnedStep(name, back) for name in workflow.aside)]
    orchestrator = Orchestrator(pin(workflow, steps))
    assert orchestrator.steps() == ("check", "finalize")
    assert step_of(orchestrator.get_next_interaction(after("check", "error"))) == "fix_tests"
    assert step_of(orchestrator.get_next_interaction(after("check", "warning"))) == "drop_tests"
    assert step_of(orchestrator.get_next_interaction(after("check", "fault"))) == "check"
    assert step_of(orchestrator.get_next_interaction(after("fix_tests", "ok"))) == "check"


def test_the_answer_says_which_interaction_and_status_led_to_it() -> None:
    for step, status in ((INITIALIZE, "ok"), (SPAWN, "error"), (FINALIZE, "ok")):
        answer = context_testing().get_next_interaction(after(step, status))
        assert isinstance(answer, NextStep | SessionComplete)
        assert f"interaction 7, {step}, ended {status}" in answer.reason
