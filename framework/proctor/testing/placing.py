"""Places a step in its workflow, as pinning does, whether or not the step is installed."""

from collections.abc import Iterator
from contextlib import suppress

from proctor.contracts.step import Step
from proctor.domain.workflow import ANY, OK, SELF, PinnedStep, PinnedWorkflow, Workflow, pin
from proctor.errors import ProctorError
from proctor.registry import Registry

UNDER_TEST = "the plugin under test"
"""Stands for its distribution, which it need not have yet."""


def placed(step: type[Step] | Step, registry: Registry, workflow: Workflow | None = None) -> PinnedWorkflow:
    """Pin a workflow with a step in it. Raises what `pin` does, PluginMissing and PluginBroken."""
    workflow = workflow or registry.workflow(step.workflow)
    others = (each for each in _others(step, registry, workflow) if each.name != step.name)
    return pin(workflow, [*others, pinned(step)])


def pinned(step: type[Step] | Step) -> PinnedStep:
    """Give a step as it is before it has its place."""
    return PinnedStep(
        step.name,
        transitions=dict(step.transitions),
        distribution=UNDER_TEST,
        after=step.after,
        before=step.before,
        replaces=step.replaces,
    )


def _others(step: type[Step] | Step, registry: Registry, workflow: Workflow) -> Iterator[PinnedStep]:
    """Give the workflow's own steps, and those strangers' steps that this one names."""
    own = {*workflow.main, *workflow.aside}
    for name in (*workflow.main, *workflow.aside):
        try:
            yield pinned(registry.step(workflow.name, name))
        except ProctorError:  # a workflow that is not installed: a stand-in
            yield PinnedStep(name) if name in workflow.main else PinnedStep(name, {OK: SELF, ANY: SELF})
    for named in {step.after, step.before, step.replaces, *step.transitions.values()} - own:
        if named is not None:
            with suppress(ProctorError):
                yield pinned(registry.step(workflow.name, named))
