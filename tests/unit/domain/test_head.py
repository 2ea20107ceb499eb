"""What each transition does to a session's head."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.domain.head import (
    Birth,
    Head,
    Judged,
    abandon,
    cancel,
    judge,
    receive,
    snapshot,
    start,
    summary,
)
from proctor.domain.interaction import Command, Outcome, Result
from proctor.domain.orchestrator import Completed, InvalidInteraction, InvalidState, NextStep, Orchestrator
from proctor.domain.scope import Scope
from proctor.domain.session import Limits
from proctor.domain.workflow import PinnedStep, Workflow, pin

CLOSED = {"ok": "finalize", "error": "@self"}
ORCHESTRATOR = Orchestrator(
    pin(
        Workflow("flow", ("initialize", "check", "finalize"), aside=("fix",)),
        [
            PinnedStep("initialize"),
            PinnedStep("check", {"ok": "@next", "error": "fix"}),
            PinnedStep("finalize"),
            PinnedStep("fix", CLOSED),
        ],
    )
)


def born(limits: Limits | None = None) -> Head:
    subject = {"name": "package.module"}
    return Head(Birth("s1", "s0", "flow", Scope(), 1.0, subject, limits=limits or Limits(), key="k", priority=2))


def started(head: Head, step: str = "initialize", *, parked: str | None = None) -> Head:
    return start(
        head, Command("none", step=step, at=5.0), owner="me", lease_until=35.0, parked=parked, version=head.version + 1
    )


def judged(head: Head, status: str, message: str | None = None, **outcome: object) -> Judged:
    verdict = replace(Outcome(Result(status, error_message=message)), **outcome)  # type: ignore[arg-type] # any field
    return judge(head, ORCHESTRATOR, verdict, now=9.0)


def repeated(head: Head, *messages: str, step: str = "initialize") -> Head:
    """Judge the same step bad, once with each message, for as long as the session lives."""
    for message in messages:
        if head.status == "active":
            head = judged(started(head, step), "error", message).head
    return head


def lost(head: Head, times: int) -> Head:
    for _ in range(times):
        head, _ = abandon(started(head), now=9.0)
    return head


class TestStart:
    def test_hands_out_the_next_number_under_a_new_fence_and_a_lease(self) -> None:
        head = started(replace(born(), sequence=3, fence=4, version=8, blocked="its plugin was missing"))
        assert head.pending is not None
        assert (head.pending.sequence, head.pending.command.step, head.pending.started_at) == (4, "initialize", 5.0)
        assert (head.fence, head.owner, head.lease_until, head.version) == (5, "me", 35.0, 9)
        assert head.blocked is None
        assert head.sequence == 3

    @pytest.mark.parametrize("parked", ["children", "external"])
    def test_a_parked_one_has_a_fence_and_no_lease(self, parked: str) -> None:
        head = started(born(), parked=parked)
        assert (head.parked, head.fence, head.owner, head.lease_until) == (parked, 1, None, None)


class TestReceive:
    def test_keeps_the_raw_result_and_decides_nothing(self) -> None:
        before = started(born())
        head = receive(before, Result("error", stdout="all of it"), executed_by="host a")
        assert head.pending is not None
        assert (head.pending.raw, head.pending.executed_by) == (Result("error", stdout="all of it"), "host a")
        assert (head.sequence, head.fence, head.last_completed) == (before.sequence, before.fence, None)
        assert head.version == before.version + 1


class TestJudge:
    def test_closes_the_interaction_with_the_verdict_and_says_what_follows(self) -> None:
        raw = receive(started(born()), Result("error"), executed_by="host a")
        verdict = judged(raw, "ok")
        closed = verdict.interaction
        assert (closed.sequence, closed.status, closed.closed_at, closed.executed_by) == (1, "completed", 9.0, "host a")
        assert closed.result == Result("ok")
        assert isinstance(verdict.next, NextStep)
        assert verdict.next.step == "check"
        assert (verdict.head.sequence, verdict.head.last_completed) == (1, Completed(1, "initialize", "ok"))

    def test_leaves_nothing_pending(self) -> None:
        head = judged(started(born(), parked="children"), "ok").head
        assert (head.pending, head.parked, head.owner, head.lease_until) == (None, None, None, None)

    def test_the_last_step_with_ok_completes_the_session(self) -> None:
        head = judged(started(replace(born(), last_error="earlier"), "finalize"), "ok", outcome="proven").head
        assert (head.status, head.outcome, head.last_error) == ("complete", "proven", None)

    def test_state_is_merged_by_key_and_none_deletes(self) -> None:
        before = started(replace(born(), state={"kept": 1, "changed": 1, "deleted": 1}))
        head = judged(before, "ok", state={"changed": 2, "deleted": None, "new": {"a": []}}).head
        assert head.state == {"kept": 1, "changed": 2, "new": {"a": []}}

    def test_product_and_outcome_stay_until_a_verdict_brings_others(self) -> None:
        first = judged(started(born()), "ok", product={"tests": 3}, outcome="partial").head
        second = judged(started(first, "check"), "ok").head
        assert (second.product, second.outcome) == ({"tests": 3}, "partial")
        assert judged(started(second, "finalize"), "ok", product={}).head.product == {}

    def test_a_step_that_gives_up_fails_the_session_at_once(self) -> None:
        head = judged(started(born()), "error", "hopeless", session_status="failed").head
        assert (head.status, head.last_error) == ("failed", "hopeless")
        silent = judged(started(born()), "error", session_status="failed").head
        assert silent.last_error == "initialize gave up"

    def test_a_status_that_a_closed_table_does_not_list_fails_the_session_and_is_named(self) -> None:
        verdict = judged(started(born(), "check"), "invented")
        assert verdict.next == InvalidState("check", "invented")
        assert verdict.head.status == "failed"
        assert "check does not know the status invented" in str(verdict.head.last_error)

    def test_a_step_that_the_workflow_does_not_have_fails_the_session_and_is_named(self) -> None:
        verdict = judged(started(born(), "stray"), "ok")
        assert verdict.next == InvalidInteraction("stray")
        assert verdict.head.status == "failed"
        assert "no step stray" in str(verdict.head.last_error)


class TestBudgets:
    def test_repeats_in_a_row_are_counted_and_bounded(self) -> None:
        limits = Limits(repeats=2, same_failure=99)
        assert repeated(born(limits), "a", "b").status == "active"
        spent = repeated(born(limits), "a", "b", "c")
        assert spent.status == "failed"
        assert spent.last_error == "initialize was repeated 2 times without success. Last message: c"

    def test_the_same_failure_in_a_row_is_bounded_earlier(self) -> None:
        assert repeated(born(), "same", "same").status == "active"
        spent = repeated(born(), "same", "same", "same")
        assert spent.status == "failed"
        assert "3 times in the same way (error). Last message: same" in str(spent.last_error)

    def test_another_message_or_status_is_another_failure(self) -> None:
        assert repeated(born(), "same", "same", "other", "same", "same").status == "active"
        head = repeated(born(), "same", "same")
        assert judged(started(head), "warning", "same").head.status == "active"

    def test_going_on_sets_both_counts_back(self) -> None:
        head = judged(started(repeated(born(), "same", "same")), "ok").head
        assert (head.repeats, head.same_failure, head.failure) == (0, 0, None)
        astray = judged(started(repeated(born(), "same"), "check"), "error", "same").head
        assert (astray.repeats, astray.same_failure) == (0, 0)

    def test_interactions_are_bounded_however_they_go(self) -> None:
        head = replace(born(Limits(interactions=3)), sequence=1)
        head = judged(started(head, "check"), "error").head
        assert head.status == "active"
        head = judged(started(head, "fix"), "ok").head
        assert (head.status, head.sequence) == ("failed", 3)
        assert "limit of 3 interactions" in str(head.last_error)

    def test_the_last_interaction_allowed_may_complete_the_session(self) -> None:
        head = replace(born(Limits(interactions=3)), sequence=2)
        assert judged(started(head, "finalize"), "ok").head.status == "complete"

    def test_what_remains_is_shown_to_the_steps_and_never_below_zero(self) -> None:
        head = replace(born(Limits(fixes=3, interactions=10)), state={"fixes": 1}, sequence=4)
        assert (snapshot(head).remaining.fixes, snapshot(head).remaining.interactions) == (2, 6)
        over = replace(head, state={"fixes": 9}, sequence=40)
        assert (snapshot(over).remaining.fixes, snapshot(over).remaining.interactions) == (0, 0)


class TestAbandon:
    def test_closes_the_interaction_without_a_result_and_raises_the_fence(self) -> None:
        before = started(born())
        head, closed = abandon(before, now=9.0)
        assert (closed.sequence, closed.status, closed.result, closed.closed_at) == (1, "abandoned", None, 9.0)
        assert (head.pending, head.sequence, head.fence) == (None, 1, before.fence + 1)
        assert head.last_completed is None

    def test_the_same_step_is_due_again(self) -> None:
        head, _ = abandon(started(judged(started(born()), "ok").head, "check"), now=9.0)
        answer = ORCHESTRATOR.get_next_interaction(head)
        assert isinstance(answer, NextStep)
        assert answer.step == "check"

    def test_too_often_in_a_row_fails_the_session(self) -> None:
        assert lost(born(), 2).status == "active"
        spent = lost(born(), 3)
        assert (spent.status, spent.last_error) == ("failed", "initialize was abandoned 3 times in a row")

    def test_a_verdict_sets_the_count_back(self) -> None:
        assert lost(judged(started(lost(born(), 2)), "ok").head, 2).status == "active"


class TestCancelAndFail:
    def test_cancelling_closes_what_is_pending_and_makes_a_late_result_stale(self) -> None:
        before = started(born())
        head, closed = cancel(before, now=9.0)
        assert closed is not None
        assert (closed.sequence, closed.status, closed.result) == (1, "abandoned", None)
        assert (head.status, head.pending, head.sequence) == ("cancelled", None, 1)
        assert head.fence > before.fence

    def test_cancelling_between_two_steps_closes_nothing(self) -> None:
        head, closed = cancel(born(), now=9.0)
        assert closed is None
        assert (head.status, head.sequence, head.fence) == ("cancelled", 0, 1)


def test_a_parent_sees_how_its_child_stands() -> None:
    head = judged(started(born()), "error", "no luck", product={"tests": 1}, outcome="none").head
    seen = summary(head)
    assert (seen.id, seen.key, seen.attempt, seen.priority, seen.status) == ("s1", "k", 1, 2, "active")
    assert (seen.outcome, seen.product, seen.last_error) == ("none", {"tests": 1}, "no luck")


@given(st.lists(st.sampled_from(["ok", "error", "fault", "abandon", "cancel"]), max_size=30))
def test_whatever_happens_versions_grow_by_one_and_numbers_and_fences_never_fall(happenings: list[str]) -> None:
    head = born()
    for happening in happenings:
        answer = ORCHESTRATOR.get_next_interaction(head)
        if head.status != "active" or not isinstance(answer, NextStep):
            break
        before, head = head, started(head, answer.step)
        assert (head.version, head.fence) == (before.version + 1, before.fence + 1)
        handed_out = head
        match happening:
            case "abandon":
                head, _ = abandon(head, now=9.0)
            case "cancel":
                head, _ = cancel(head, now=9.0)
            case status:
                head = judged(receive(head, Result(status), executed_by=None), status).head
                handed_out = replace(handed_out, version=handed_out.version + 1)
        assert head.version == handed_out.version + 1
        assert head.sequence == before.sequence + 1
        assert head.fence >= handed_out.fence
        assert head.pending is None
