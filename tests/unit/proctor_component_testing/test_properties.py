"""What holds however the agent answers and whatever the checks find."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Literal

from component_world import BASELINE, FULL, TARGET, World, begin, broken_file
from hypothesis import given, settings
from hypothesis import strategies as st
from walks import Turn, Walk

from proctor import Command, Result, Session
from proctor.domain.session import Limits

CHECKS = ("run_tests", "check_stability", "check_coverage")
Answer = Literal["ok", "warning", "error", "fault", "silent", "wrote and failed", "wrote and gave up", "deleted"]
Verdict = Literal["good", "first bad", "all bad", "empty", "idle", "no gain", "broken", "fault"]


class Whims(World):
    """A world in which agents and checks do as a list of whims says; when it is used up, all is well."""

    def __init__(self, tests: int, answers: list[Answer], verdicts: list[Verdict]) -> None:
        super().__init__({}, [f"test_{number}" for number in range(tests)])
        self.answers, self.verdicts = answers, verdicts
        self.all = list(self.tests)

    def __call__(self, command: Command, session: Session) -> Result:
        if command.kind == "agent":
            return self.asked(self.answers.pop(0) if self.answers else "ok")
        if command.step in CHECKS and self.verdicts:
            return self.judged(command.step, self.verdicts.pop(0))
        return super().__call__(command, session)

    def asked(self, answer: Answer) -> Result:
        if answer in ("ok", "wrote and failed", "wrote and gave up"):
            self.tests = list(self.all)
        match answer:
            case "ok":
                return self.written()
            case "wrote and failed":
                return self.written("error")
            case "wrote and gave up":
                return self.written("warning")
            case "deleted":
                return Result("ok", {"deleted": [TARGET], "suspected_bugs": [{"test": "test_0", "message": "m"}]})
            case "silent":
                return Result("warning", error_message="the agent changed nothing")
            case _:
                return Result(answer, error_message=f"attempt {self.versions}")

    def judged(self, step: str, verdict: Verdict) -> Result:
        runs = 5 if step == "check_stability" else 1
        coverage = None if step != "check_coverage" else BASELINE if verdict in ("no gain", "idle") else FULL
        match verdict:
            case "broken":
                return broken_file()
            case "fault":
                return Result("fault", error_message="the machine is gone")
            case "first bad":
                return self.ran(bad=self.tests[:1], runs=runs, coverage=coverage)
            case "all bad":
                return self.ran(bad=self.tests, runs=runs, coverage=coverage)
            case "empty":
                return self.ran(empty=self.tests[:1], runs=runs, coverage=coverage)
            case "idle":
                return self.ran(idle=self.tests[:1], runs=runs, coverage=coverage)
            case _:
                return self.ran(runs=runs, coverage=coverage)


WALKS = st.builds(
    lambda world, limits, deterministic: begin(world, limits, deterministic=deterministic).to_the_end(),
    st.builds(
        Whims,
        st.integers(1, 4),
        st.lists(st.sampled_from(Answer.__args__), max_size=8),
        st.lists(st.sampled_from(Verdict.__args__), max_size=25),
    ),
    st.builds(Limits, fixes=st.integers(0, 4), interactions=st.sampled_from([5, 20, 60])),
    st.booleans(),
)
properties = settings(deadline=None, max_examples=150)


def last(walk: Walk, step: str) -> Turn:
    return [turn for turn in walk.turns if turn.step == step][-1]


@properties
@given(WALKS)
def test_every_session_ends_within_its_limits(walk: Walk) -> None:
    limits = walk.head.birth.limits
    assert walk.head.status in ("complete", "failed")
    assert len(walk.turns) <= limits.interactions
    assert walk.head.state.get("fixes", 0) <= limits.fixes


@properties
@given(WALKS)
def test_nothing_lands_that_was_not_proven_as_it_is(walk: Walk) -> None:
    product = walk.head.product or {"files": {}}
    for check in CHECKS if product["files"] else ():
        turn = last(walk, check)
        assert turn.outcome.result.status == "ok"
        assert turn.command.workspace.overlay == product["files"]


@properties
@given(WALKS)
def test_the_outcome_says_what_was_left_out(walk: Walk) -> None:
    if walk.head.status != "complete":
        return
    product: Mapping[str, object] = walk.head.product or {}
    expected = "none" if not product["files"] else "partial" if product["dropped"] else "proven"
    assert walk.head.outcome == expected
    assert bool(product["tests"]) == bool(product["files"])
    assert (product["reason"] is None) == bool(product["files"])


@properties
@given(WALKS)
def test_what_was_dropped_stays_dropped_and_is_told_once_as_it_was_found_last(walk: Walk) -> None:
    for before, after in pairwise(walk.turns):
        old, new = dropped(before), dropped(after)
        assert set(old) <= set(new)
        assert len(new) == len(set(new))
        if after.step == "drop_tests" and after.command.kind == "process":
            assert all(finding in after.head.state["dropped"] for finding in before.head.state["findings"])


def dropped(turn: Turn) -> list[str]:
    return [finding["test"] for finding in turn.head.state.get("dropped", []) if finding["test"]]
