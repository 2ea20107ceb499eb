"""Workflows: the ordered steps that sessions follow."""

import strawberry
from strawberry.scalars import JSON

from proctor.api.enums import TransitionRule
from proctor.api.node import Info
from proctor.contracts.step import Step
from proctor.domain.workflow import NEXT, SELF, PinnedStep, PinnedWorkflow
from proctor.errors import PluginBroken, PluginClash, PluginMissing


@strawberry.type
class Transition:
    """An entry of a step's table: where a status leads."""

    status: str
    """The status, or `*` for any that the table does not list."""
    rule: TransitionRule
    """How the table says where to go."""
    step: str | None
    """The step to which it leads; null: the session is complete."""


@strawberry.type
class StepWrapper:
    """What a distribution puts around somebody else's step."""

    name: str
    """Its name, unique in the workflow."""
    distribution: str
    """The distribution that brings it."""
    version: str
    """The version of that distribution."""


@strawberry.type
class WorkflowStep:
    """A step as it stands in a workflow."""

    workflow: strawberry.Private[str]
    plugin: strawberry.Private[str]
    """Under which name its plugin is registered: its own, or that of the step which took its place."""
    name: str
    """Its name, unique in the workflow."""
    on_main_line: bool
    """False: it is reached only from another step's table."""
    distribution: str
    """The distribution that brings it."""
    version: str
    """The version of that distribution."""
    anchor: str | None
    """The step beside which it was placed, if it is a guest in somebody else's workflow."""
    transitions: list[Transition]
    """Its table: where each status leads."""
    options: JSON
    """Its settings, with the defaults filled in."""
    wrappers: list[StepWrapper]
    """What stands around it, the innermost first."""

    @strawberry.field
    def description(self, info: Info) -> str | None:
        """Give what it does, in its author's words; null while its plugin is missing or broken."""
        step = self._plugin(info)
        return " ".join((type(step).__doc__ or "").split()) or None if step else None

    @strawberry.field
    def options_schema(self, info: Info) -> JSON | None:
        """Give the JSON Schema of its settings; null while its plugin is missing or broken."""
        step = self._plugin(info)
        return JSON(step.Options.model_json_schema()) if step else None

    def _plugin(self, info: Info) -> Step | None:
        try:
            return info.context.app.registry.step(self.workflow, self.plugin, of=self.distribution)
        except (PluginMissing, PluginBroken, PluginClash):
            return None


@strawberry.type
class Workflow:
    """A named, ordered list of steps: the type of a session."""

    name: str
    """Its name."""
    steps: list[WorkflowStep]
    """The steps of the main line in order, then those that only a table leads to."""
    spawns: list[str]
    """The workflows of the sessions that such a session may create."""
    problem: str | None
    """Why no session of it can be created now; its steps are not listed then."""


def workflow(pinned: PinnedWorkflow) -> Workflow:
    """Show a workflow."""
    return Workflow(
        name=pinned.name,
        steps=[_step(pinned, step) for step in pinned.steps.values()],
        spawns=list(pinned.spawns),
        problem=None,
    )


def _step(pinned: PinnedWorkflow, step: PinnedStep) -> WorkflowStep:
    return WorkflowStep(
        workflow=pinned.name,
        plugin=step.plugin or step.name,
        name=step.name,
        on_main_line=step.name in pinned.main,
        distribution=step.distribution,
        version=step.version,
        anchor=step.anchor,
        transitions=[_transition(pinned, step.name, *entry) for entry in step.transitions.items()],
        options=JSON(step.options),
        wrappers=[
            StepWrapper(name=each.name, distribution=each.distribution, version=each.version) for each in step.wrappers
        ],
    )


def _transition(pinned: PinnedWorkflow, step: str, status: str, target: str) -> Transition:
    if target == NEXT:
        return Transition(status=status, rule=TransitionRule.NEXT, step=pinned.follower(step))
    if target == SELF:
        return Transition(status=status, rule=TransitionRule.SELF, step=step)
    return Transition(status=status, rule=TransitionRule.STEP, step=target)
