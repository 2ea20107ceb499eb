"""A verdict keeps what it changed of the result that came, so that this can be had back exactly."""

from dataclasses import fields, replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.domain.head import Birth, Head, judge, receive, start
from proctor.domain.interaction import Command, Interaction, Outcome, Result, Usage
from proctor.domain.orchestrator import Orchestrator
from proctor.domain.scope import Scope
from proctor.domain.workflow import PinnedStep, Workflow, pin

ORCHESTRATOR = Orchestrator(pin(Workflow("flow", ("work",)), [PinnedStep("work")]))
words = st.text(max_size=3)
leaves = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from([0.0, 1.0]) | words
objects = st.dictionaries(words, leaves | st.lists(leaves, max_size=2), max_size=2)
usages = st.none() | st.builds(Usage, st.integers(0, 2), st.integers(0, 2))
results = st.builds(
    Result, words, objects, st.none() | st.integers(0, 2), st.none() | words, words, words,
    st.dictionaries(words, words, max_size=2), usages, st.sampled_from([0.0, 1.5]),
)  # fmt: skip
verdicts = st.lists(st.sampled_from([field.name for field in fields(Result)]), unique=True)


def judged(raw: Result | None, verdict: Result, *, kept: bool = False) -> Interaction:
    birth = Birth("s1", "s1", "flow", Scope(), 1.0, {})
    head = start(Head(birth), Command("none", step="work"), owner=None, lease_until=None, parked=None)
    if kept and raw is not None:
        head = receive(head, raw, executed_by="somebody")
    return judge(head, ORCHESTRATOR, Outcome(verdict), 2.0, submitted=None if kept else raw).interaction


@given(results, results, verdicts, st.booleans())
def test_what_was_submitted_can_be_had_back_from_any_verdict(
    raw: Result, other: Result, changed: list[str], kept: bool
) -> None:
    verdict = replace(raw, **{name: getattr(other, name) for name in changed})
    interaction = judged(raw, verdict, kept=kept)
    assert interaction.result == replace(verdict, usage=raw.usage)
    assert interaction.submitted == raw
    assert repr(interaction.submitted) == repr(raw)


def test_only_what_the_verdict_changed_is_kept() -> None:
    raw = Result("ok", {"report": 1}, stdout="much", usage=Usage(3))
    assert judged(raw, raw).came == {}
    interaction = judged(raw, replace(raw, status="error", error_message="bad"))
    assert interaction.came == {"status": "ok", "error_message": None}


def test_values_that_only_python_takes_for_equal_are_kept() -> None:
    assert judged(Result("ok", {"passed": 1}), Result("ok", {"passed": True})).came == {"data": {"passed": 1}}


def test_a_mapping_of_another_type_is_no_obstacle() -> None:
    raw = Result("ok", MappingProxyType({"a": 1}))
    assert judged(raw, Result("ok")).submitted == raw


@pytest.mark.parametrize(
    "interaction",
    [
        Interaction(1, Command("none")),
        Interaction(1, Command("none"), Result("ok"), "completed"),
        judged(None, Result("ok")),
    ],
    ids=["pending", "logged before this was kept", "nothing was submitted"],
)
def test_what_nobody_kept_is_not_made_up(interaction: Interaction) -> None:
    assert interaction.submitted is None
