"""Which steps of a run are said to be somebody else's doing."""

from proctor import Scope, Workflow
from proctor.cli.runs.about import strangers
from proctor.contracts.store import Tree
from proctor.domain.workflow import PinnedStep, PinnedWrapper, pin

WORK = Workflow("work", ("begin", "run_tests", "close"))
OWN = [PinnedStep(name, distribution="proctor", version="1") for name in WORK.main]


def named(*steps: PinnedStep, wrappers: tuple[PinnedWrapper, ...] = ()) -> list[str]:
    return [str(each) for each in strangers(Tree("root", Scope(), (pin(WORK, [*OWN, *steps], wrappers),)))]


def test_proctors_own_steps_are_nobody_elses() -> None:
    assert named() == []


def test_a_step_is_named_with_its_distribution() -> None:
    lint = PinnedStep("lint", distribution="acme", version="1.0", after="run_tests")
    assert named(lint) == ["work.lint (acme 1.0)"]


def test_wrappers_are_named_with_the_step_inside_the_innermost_first() -> None:
    nice = PinnedWrapper("nice", "run_tests", distribution="acme", version="1.0")
    patient = PinnedWrapper("patient", "run_tests", distribution="bolt", version="2.0")
    assert named(wrappers=(patient, nice)) == [
        "work.run_tests inside nice (acme 1.0)",
        "work.run_tests inside patient (bolt 2.0)",
    ]


def test_a_step_that_was_replaced_is_named_with_the_one_in_its_place() -> None:
    other = PinnedStep("run_in_container", distribution="acme", version="1.0", replaces="run_tests")
    nice = PinnedWrapper("nice", "run_tests", distribution="acme", version="1.0")
    assert named(other, wrappers=(nice,)) == [
        "work.run_tests replaced by run_in_container (acme 1.0)",
        "work.run_tests inside nice (acme 1.0)",
    ]
