"""A workflow walked in thought: rule and budgets decide, and it always comes to an end."""

from hypothesis import given
from hypothesis import strategies as st

from proctor.domain.session import TERMINAL, Limits
from proctor.domain.simulation import Simulated, simulate
from proctor.domain.workflow import CHECK, ERROR, NEXT, OK, SELF, WARNING, PinnedStep, Workflow, pin

STEPS = ("initialize", "generate", "check", "finalize", "fix_tests", "drop_tests")
FLOW = pin(
    Workflow("flow", STEPS[:4], aside=STEPS[4:]),
    [
        PinnedStep("initialize"),
        PinnedStep("generate", {OK: NEXT, WARNING: "finalize", ERROR: SELF}),
        PinnedStep("check", CHECK),
        PinnedStep("finalize"),
        PinnedStep("fix_tests", {OK: "check", WARNING: "drop_tests", ERROR: SELF}),
        PinnedStep("drop_tests", {OK: "check", WARNING: "finalize", ERROR: SELF}),
    ],
)
statuses = st.sampled_from(["ok", "error", "warning", "fault", "invented", ""])
limits = st.builds(Limits, *[st.integers(1, 6)] * 5, st.integers(1, 40))


def taken(walk: Simulated) -> list[str]:
    return [turn.step if turn.status == "ok" else f"{turn.step}: {turn.status}" for turn in walk.turns]


@given(st.dictionaries(st.sampled_from(STEPS), st.lists(statuses, max_size=5)), limits)
def test_it_always_ends_and_says_why(chosen: dict[str, list[str]], limits: Limits) -> None:
    walk = simulate(FLOW, chosen, limits)
    assert walk.status in TERMINAL
    assert walk.reason
    assert len(walk.turns) <= limits.interactions
    assert [turn.sequence for turn in walk.turns] == [*range(1, len(walk.turns) + 1)]


def test_without_a_choice_every_step_is_ok_once() -> None:
    walk = simulate(FLOW, {}, Limits())
    assert taken(walk) == ["initialize", "generate", "check", "finalize"]
    assert (walk.status, walk.reason) == ("complete", "interaction 4, finalize, ended ok: it was the last step")


def test_each_step_says_why_it_came() -> None:
    walk = simulate(FLOW, {"generate": ["warning"]}, Limits())
    assert [turn.reason for turn in walk.turns] == [
        "nothing was completed yet: the first step",
        "interaction 1, initialize, ended ok: go on",
        "interaction 2, generate, ended warning: its table leads to finalize",
    ]


def test_statuses_are_used_one_after_the_other_and_the_last_repeats() -> None:
    walk = simulate(FLOW, {"initialize": ["fault", "error", "ok"], "check": ["error", "ok"]}, Limits())
    assert taken(walk) == [
        "initialize: fault", "initialize: error", "initialize", "generate", "check: error", "fix_tests", "check",
        "finalize",
    ]  # fmt: skip


def test_when_the_fixes_are_used_up_an_error_becomes_a_warning() -> None:
    walk = simulate(FLOW, {"check": ["error"] * 4 + ["ok"]}, Limits(fixes=2))
    assert taken(walk)[2:] == [
        "check: error", "fix_tests", "check: error", "fix_tests", "check: warning", "drop_tests", "check: warning",
        "drop_tests", "check", "finalize",
    ]  # fmt: skip
    assert [turn.remark for turn in walk.turns if turn.remark] == ["error was chosen, and all 2 fixes are used up"] * 2


def test_a_used_up_budget_is_the_reason_of_the_end() -> None:
    assert (
        simulate(FLOW, {"generate": ["error"]}, Limits()).reason == "generate failed 3 times in the same way (error)."
    )
    repeated = simulate(FLOW, {"generate": ["error", "fault", "error", "fault"]}, Limits(repeats=2))
    assert repeated.reason == "generate was repeated 2 times without success."
    assert simulate(FLOW, {"check": ["error"]}, Limits()).reason == "the limit of 60 interactions is reached."


def test_a_status_that_a_table_does_not_list_ends_it() -> None:
    walk = simulate(FLOW, {"check": ["odd"]}, Limits())
    assert (walk.status, walk.reason) == ("failed", "invalid state: check does not know the status odd")
