"""The kit for workflows."""

from collections.abc import Sequence
from typing import ClassVar

from proctor.contracts.conformity import Unfit, as_workflow
from proctor.contracts.step import Step
from proctor.domain.orchestrator import Completed, NextStep, Orchestrator, SessionComplete
from proctor.domain.workflow import NEXT, OK, SELF, PinnedWorkflow, Workflow, pin
from proctor.errors import ProctorError
from proctor.registry import Registry
from proctor.testing.kit import Kit, rule
from proctor.testing.placing import pinned


class WorkflowContract(Kit):
    """Every rule for a workflow.

        class TestReview(WorkflowContract):
            workflow = REVIEW
            steps = (Read, Approve)

    Without `steps`, those that are installed are looked at.
    """

    page = "docs/testing.md#workflows"
    workflow: ClassVar[Workflow]
    steps: ClassVar[Sequence[type[Step]] | None] = None
    """The workflow's own steps; None: those that are installed."""

    @rule()
    def test_it_is_what_the_entry_point_asks_for(self) -> None:
        """A workflow is an object of the class Workflow, named like its entry point."""
        try:
            as_workflow(getattr(self.workflow, "name", "?"), self.workflow)
        except Unfit as error:
            raise AssertionError(f"It cannot be used: {error}.") from error

    @rule()
    def test_its_steps_are_there(self) -> None:
        """Every step that a workflow lists is there, and every table leads to a step of it."""
        self._pinned()

    @rule()
    def test_ok_leads_from_the_first_step_to_the_last(self) -> None:
        """When every step ends with `ok`, each main step is taken once and the session is complete."""
        workflow = self._pinned()
        rule_of, way = Orchestrator(workflow), list[str]()
        following = rule_of.get_next_interaction(_After(None))
        while isinstance(following, NextStep) and len(way) <= len(workflow.main):
            way.append(following.step)
            following = rule_of.get_next_interaction(_After(Completed(len(way), following.step, OK)))
        complete = isinstance(following, SessionComplete) and way == [*workflow.main]
        assert complete, f"The way is {' -> '.join(way)}, and the main line {' -> '.join(workflow.main)}."

    @rule()
    def test_every_step_can_be_reached_and_left(self) -> None:
        """Every step is reached from the first one, and from every step the session can come to its end."""
        workflow = self._pinned()
        leads = {step: _targets(workflow, step) for step in workflow.steps}
        first, last = workflow.main[0], workflow.main[-1]
        lost = sorted(workflow.steps.keys() - _reached(leads, first))
        assert not lost, f"No table leads to {', '.join(lost)}."
        stuck = sorted(step for step in workflow.steps if last not in _reached(leads, step))
        assert not stuck, f"From {', '.join(stuck)} no way leads to {last}."

    @rule()
    def test_what_it_spawns_is_there(self) -> None:
        """Every workflow that children may have is installed, and none has itself among its descendants."""
        registry, waiting, seen = Registry(), [*self.workflow.spawns], set[str]()
        while waiting:
            name = waiting.pop()
            assert name != self.workflow.name, f"{name} spawns itself, in the end: a tree would never be complete."
            if name not in seen:
                seen.add(name)
                try:
                    waiting.extend(registry.workflow(name).spawns)
                except ProctorError as error:
                    raise AssertionError(str(error)) from error

    def _pinned(self) -> PinnedWorkflow:
        names, registry = (*self.workflow.main, *self.workflow.aside), Registry()
        try:
            if self.steps is not None:
                return pin(self.workflow, map(pinned, self.steps))
            return pin(self.workflow, [pinned(registry.step(self.workflow.name, name)) for name in names])
        except ProctorError as error:
            raise AssertionError(str(error)) from error


class _After:
    """A session of which only the last completed interaction is known."""

    def __init__(self, last_completed: Completed | None) -> None:
        self.last_completed = last_completed


def _targets(workflow: PinnedWorkflow, step: str) -> set[str]:
    follower = workflow.follower(step) if step in workflow.main else None
    named = {follower if target == NEXT else target for target in workflow.steps[step].transitions.values()}
    return {target for target in named if target is not None and target != SELF}


def _reached(leads: dict[str, set[str]], first: str) -> set[str]:
    reached, waiting = set[str](), [first]
    while waiting:
        step = waiting.pop()
        if step not in reached:
            reached.add(step)
            waiting.extend(leads[step])
    return reached
