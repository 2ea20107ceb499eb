"""What holds for every workflow, every table and every history."""

from dataclasses import dataclass, replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from proctor.domain.orchestrator import (
    Completed,
    InvalidInteraction,
    InvalidState,
    NextStep,
    Orchestrator,
    SessionComplete,
)
from proctor.domain.workflow import ANY, ERROR, NEXT, OK, SELF, PinnedStep, PinnedWorkflow, Transitions, Workflow, pin

STATUSES = st.sampled_from(["ok", "error", "warning", "fault", "invented", ANY, ""])
MAIN = ("initialize", "generate", "check", "finalize")
ASIDE = ("fix", "drop")
STRANGERS = ("audit", "measure", "notify", "review", "warm_up")


@dataclass(frozen=True)
class Session:
    last_completed: Completed | None = None


@dataclass(frozen=True)
class Installed:
    """A workflow and every step that is installed for it."""

    workflow: Workflow
    steps: tuple[PinnedStep, ...]

    def pinned(self) -> PinnedWorkflow:
        return pin(self.workflow, self.steps)


@st.composite
def tables(draw: st.DrawFn, targets: tuple[str, ...]) -> Transitions:
    required = dict.fromkeys((OK, ERROR), st.sampled_from(targets))
    optional = dict.fromkeys(("warning", "invented", ANY), st.sampled_from(targets))
    return draw(st.fixed_dictionaries(required, optional=optional))


@st.composite
def anchored(draw: st.DrawFn, main: tuple[str, ...]) -> tuple[PinnedStep, ...]:
    placed: list[PinnedStep] = []
    for name in draw(st.permutations(STRANGERS))[: draw(st.integers(0, len(STRANGERS)))]:
        anchor = draw(st.sampled_from((*main, *(step.name for step in placed))))
        behind = anchor != main[-1] and draw(st.booleans())
        step = PinnedStep(name, after=anchor) if behind else PinnedStep(name, before=anchor)
        placed.append(step)
    return tuple(placed)


@st.composite
def with_default_tables(draw: st.DrawFn) -> Installed:
    main = MAIN[-draw(st.integers(1, len(MAIN))) :]
    steps = (*(PinnedStep(name) for name in main), *draw(anchored(main)))
    return Installed(Workflow("flow", main), tuple(draw(st.permutations(steps))))


@st.composite
def with_any_tables(draw: st.DrawFn) -> Installed:
    strangers = draw(anchored(MAIN))
    names = (*MAIN, *ASIDE, *(step.name for step in strangers))
    last = {OK: NEXT} | draw(st.sampled_from([{ANY: SELF}, {ERROR: "fix"}, {ERROR: SELF, "warning": "drop"}]))
    line = [PinnedStep(name, draw(tables((NEXT, SELF, *names)))) for name in MAIN[:-1]]
    aside = [PinnedStep(name, draw(tables((SELF, *names)))) for name in ASIDE]
    others = [replace(step, transitions=draw(tables((NEXT, SELF, *names)))) for step in strangers]
    return Installed(Workflow("flow", MAIN, ASIDE), (*line, PinnedStep(MAIN[-1], last), *aside, *others))


histories = st.builds(
    Completed,
    st.integers(1, 60),
    st.one_of(st.sampled_from((*MAIN, *ASIDE, *STRANGERS)), st.text(max_size=5)),
    st.one_of(STATUSES, st.text(max_size=5)),
)


@given(with_any_tables(), st.none() | histories)
def test_there_is_always_an_answer_and_it_is_right(installed: Installed, last: Completed | None) -> None:
    workflow = installed.pinned()
    match Orchestrator(workflow).get_next_interaction(Session(last)):
        case NextStep(step):
            assert step in workflow.steps
        case SessionComplete():
            assert last is not None
            assert (last.step, last.status) == (workflow.main[-1], "ok")
        case InvalidInteraction(step):
            assert step not in workflow.steps
        case InvalidState(step, status):
            assert {status, ANY}.isdisjoint(workflow.steps[step].transitions)


@given(with_any_tables(), st.none() | histories)
def test_the_same_question_has_the_same_answer(installed: Installed, last: Completed | None) -> None:
    first, second = (Orchestrator(installed.pinned()).get_next_interaction(Session(last)) for _ in range(2))
    assert first == second


@given(with_any_tables(), st.none() | histories)
def test_complete_is_the_last_step_with_ok_and_nothing_else(installed: Installed, last: Completed | None) -> None:
    orchestrator = Orchestrator(installed.pinned())
    specified = last is not None and (last.step, last.status) == (MAIN[-1], "ok")
    assert orchestrator.is_complete(Session(last)) is specified
    assert isinstance(orchestrator.get_next_interaction(Session(last)), SessionComplete) is specified


@given(with_default_tables())
def test_every_step_stands_in_the_line_once_and_own_ones_in_their_order(installed: Installed) -> None:
    line = installed.pinned().main
    assert sorted(line) == sorted(step.name for step in installed.steps)
    assert tuple(name for name in line if name in installed.workflow.main) == installed.workflow.main


@given(with_default_tables())
def test_a_step_stands_on_its_side_of_its_anchor_with_only_strangers_between(installed: Installed) -> None:
    line = installed.pinned().main
    for step in installed.steps:
        if step.anchor:
            here, there = line.index(step.name), line.index(step.anchor)
            assert (here > there) is (step.after is not None)
            between = line[min(here, there) + 1 : max(here, there)]
            assert set(between).isdisjoint(installed.workflow.main)


@given(with_default_tables(), st.randoms(use_true_random=False))
def test_the_line_does_not_depend_on_the_order_of_discovery(installed: Installed, random: Random) -> None:
    shuffled = list(installed.steps)
    random.shuffle(shuffled)
    again = pin(installed.workflow, shuffled)
    assert (again.main, list(again.steps)) == (installed.pinned().main, list(installed.pinned().steps))


@given(with_default_tables(), st.lists(STATUSES, max_size=40))
def test_no_step_is_skipped_and_none_is_done_again_once_it_was_ok(installed: Installed, statuses: list[str]) -> None:
    workflow = installed.pinned()
    orchestrator, last, done = Orchestrator(workflow), None, list[str]()
    for number, status in enumerate(statuses, 1):
        answer = orchestrator.get_next_interaction(Session(last))
        if isinstance(answer, SessionComplete):
            break
        assert isinstance(answer, NextStep)
        last = Completed(number, answer.step, status)
        done += [answer.step] if status == "ok" else []
    assert tuple(done) == workflow.main[: len(done)]
