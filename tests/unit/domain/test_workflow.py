"""How a workflow is pinned: places of strangers' steps, and which tables are refused."""

import pytest

from proctor.domain.workflow import CHECK, PinnedStep, PinnedWorkflow, Transitions, Workflow, pin
from proctor.errors import AnchorAfterEnd, AnchorCycle, DuplicateStep, InvalidStep, ProctorError, UnknownAnchor

FLOW = Workflow("flow", ("first", "second", "last"), aside=("repair",), spawns=("other",))
BACK: Transitions = {"ok": "second", "error": "@self"}
OWN = (
    *(PinnedStep(name, distribution="owner", version="1.0") for name in FLOW.main),
    PinnedStep("repair", BACK, distribution="owner", version="1.0"),
)


def stranger(
    name: str, *, after: str | None = None, before: str | None = None, distribution: str = "stranger"
) -> PinnedStep:
    return PinnedStep(name, after=after, before=before, distribution=distribution, version="2.0")


def pinned(*strangers: PinnedStep) -> PinnedWorkflow:
    return pin(FLOW, [*strangers, *OWN])


def with_table(name: str, table: Transitions) -> list[PinnedStep]:
    return [PinnedStep(step.name, table, distribution="owner") if step.name == name else step for step in OWN]


def test_own_steps_stand_in_the_declared_order() -> None:
    workflow = pinned()
    assert workflow.main == FLOW.main
    assert list(workflow.steps) == [*FLOW.main, "repair"]


def test_the_follower_of_the_last_step_is_none() -> None:
    assert [pinned().follower(step) for step in FLOW.main] == ["second", "last", None]


@pytest.mark.parametrize(
    ("anchors", "line"),
    [
        ({"x": {"after": "first"}}, "first x second last"),
        ({"x": {"before": "first"}}, "x first second last"),
        ({"x": {"before": "last"}}, "first second x last"),
        ({"x": {"after": "first"}, "y": {"before": "second"}}, "first x y second last"),
        ({"b": {"after": "first"}, "a": {"after": "first"}}, "first a b second last"),
        ({"b": {"before": "last"}, "a": {"before": "last"}}, "first second a b last"),
        ({"x": {"after": "y"}, "y": {"after": "first"}}, "first y x second last"),
        ({"x": {"before": "y"}, "y": {"after": "z"}, "z": {"after": "second"}}, "first second z x y last"),
    ],
)
def test_a_strangers_step_stands_right_beside_its_anchor(anchors: dict[str, dict[str, str]], line: str) -> None:
    strangers = [stranger(name, **anchor) for name, anchor in anchors.items()]
    assert " ".join(pinned(*strangers).main) == line


def test_a_pinned_step_keeps_where_it_came_from_and_its_options() -> None:
    step = PinnedStep("x", options={"limit": 3}, distribution="stranger", version="2.0", after="first")
    kept = pinned(step).steps["x"]
    assert (kept.distribution, kept.version, kept.options, kept.anchor) == ("stranger", "2.0", {"limit": 3}, "first")


def test_a_closed_table_repeats_on_fault_unless_it_says_otherwise() -> None:
    own = pin(FLOW, with_table("second", {"ok": "@next", "error": "repair"}))
    assert own.steps["second"].transitions == {"ok": "@next", "error": "repair", "fault": "@self"}
    told = pin(FLOW, with_table("second", {"ok": "@next", "error": "@self", "fault": "first"}))
    assert told.steps["second"].transitions["fault"] == "first"


@pytest.mark.parametrize(
    ("strangers", "error", "named"),
    [
        ([stranger("x", after="nowhere")], UnknownAnchor, ["x", "stranger", "nowhere", "first, last, second"]),
        ([stranger("x", before="repair")], UnknownAnchor, ["x", "stranger", "repair"]),
        ([stranger("x", after="last")], AnchorAfterEnd, ["x", "stranger", "last"]),
        ([stranger("x", after="x")], AnchorCycle, ["x", "stranger"]),
        (
            [stranger("x", after="y", distribution="one"), stranger("y", before="x", distribution="two")],
            AnchorCycle,
            ["x, y", "one, two"],
        ),
        (
            [stranger("x", after="first", distribution="one"), stranger("x", after="second", distribution="two")],
            DuplicateStep,
            ["x", "one, two"],
        ),
        ([stranger("second", after="first")], DuplicateStep, ["second", "owner, stranger"]),
        ([stranger("x")], InvalidStep, ["x", "stranger", "no anchor"]),
        ([stranger("x", after="first", before="last")], InvalidStep, ["x", "stranger", "two anchors"]),
    ],
)
def test_a_step_that_has_no_place_is_an_error_that_names_its_distribution(
    strangers: list[PinnedStep], error: type[ProctorError], named: list[str]
) -> None:
    with pytest.raises(error) as caught:
        pinned(*strangers)
    assert [text for text in named if text not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("step", "table", "reason"),
    [
        ("second", {"ok": "@next"}, "does not list error"),
        ("second", {}, "does not list ok and error"),
        ("second", {"ok": "nowhere", "error": "@self"}, "leads to nowhere"),
        ("repair", {"ok": "@next", "error": "@self"}, "off the main line"),
        ("repair", {"ok": "@self", "*": "@next"}, "off the main line"),
        ("last", {"ok": "@self", "error": "@self"}, "last step"),
        ("last", {"ok": "@next", "error": "@self", "warning": "@next"}, "last step"),
        ("last", {"*": "@next"}, "last step"),
    ],
)
def test_a_table_that_leads_nowhere_is_refused(step: str, table: Transitions, reason: str) -> None:
    with pytest.raises(InvalidStep, match=reason):
        pin(FLOW, with_table(step, table))


def test_a_check_needs_the_steps_that_its_findings_are_sent_to() -> None:
    with pytest.raises(InvalidStep, match="fix_tests"):
        pin(FLOW, with_table("second", CHECK))


def test_a_missing_own_step_is_named() -> None:
    with pytest.raises(InvalidStep, match="repair"):
        pin(FLOW, OWN[:-1])


@pytest.mark.parametrize("steps", [((), ()), (("a", "b", "a"), ()), (("a", "b"), ("b",))])
def test_a_workflow_without_steps_or_with_one_twice_cannot_be_made(
    steps: tuple[tuple[str, ...], tuple[str, ...]],
) -> None:
    with pytest.raises(ValueError, match="flow"):
        Workflow("flow", *steps)
