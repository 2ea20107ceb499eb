"""The workflows of a history as they would be pinned now."""

from collections.abc import Iterator, Mapping

from proctor.domain.workflow import PinnedStep, PinnedWorkflow
from proctor.errors import ProctorError
from proctor.history.document import History
from proctor.registry import Registry


def installed(history: History, registry: Registry) -> tuple[Mapping[str, PinnedWorkflow], str]:
    """Pin the workflows as they would be now, by the distributions that took part; or say why that cannot be."""
    steps = [(workflow.name, step) for workflow in history.workflows for step in workflow.steps.values()]
    try:
        root = history.sessions[0].head.birth.workflow
        found = {workflow.name: workflow for workflow in registry.pin(root, only=_owners(step for _, step in steps))}
    except ProctorError as error:
        return {}, str(error)
    for workflow, step in steps:
        if workflow not in found or step.name not in found[workflow].steps:
            return {}, f"the step {workflow}.{step.name} is not installed"
    return found, ""


def _owners(steps: Iterator[PinnedStep]) -> set[str]:
    return {owner for step in steps for owner in (step.distribution, *(each.distribution for each in step.wrappers))}
