"""Where a new step is to stand, and whether it can."""

from dataclasses import dataclass

from proctor.domain.workflow import CHECK, PinnedWorkflow
from proctor.scaffold.choices import Relation


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a workflow as it is pinned now."""

    workflow: PinnedWorkflow
    relation: Relation
    anchor: str
    """The step after, before, in place of or around which the new one stands."""
    code: str = ""
    """Of a step that is replaced: where its class is found, `module:attribute`."""
    distribution: str = "proctor"
    """Of a step that is replaced: what brings it."""

    def problem(self) -> str | None:
        """Say why nothing can stand there; None if something can."""
        possible = anchors(self.workflow, self.relation)
        if self.anchor in possible:
            return None
        name, last = self.workflow.name, self.workflow.main[-1]
        if self.relation == "after" and self.anchor == last:
            return f"{last} is the last step of {name} and completes the session; nothing can stand after it."
        return f"{self.relation} {self.anchor}: {name} has no such place. Possible are {', '.join(possible)}."

    def is_among_checks(self) -> bool:
        """Tell whether a step beside it checks the tests of a component, so that the new one can do so, too."""
        if self.workflow.name != "component_testing":  # the template of a check reads the state of such a session
            return False
        return any(CHECK.items() <= self.workflow.steps[step].transitions.items() for step in self._beside())

    def _beside(self) -> tuple[str, ...]:
        main = self.workflow.main
        if self.relation in ("replaces", "wraps"):
            return (self.anchor,)
        behind = main.index(self.anchor) + (self.relation == "after")
        return main[max(0, behind - 1) : behind + 1]


def anchors(workflow: PinnedWorkflow, relation: Relation) -> tuple[str, ...]:
    """Name the steps of a workflow in such a relation to which a new one can stand."""
    match relation:
        case "after":
            return workflow.main[:-1]
        case "before":
            return workflow.main
        case "replaces":
            return tuple(name for name, step in workflow.steps.items() if not step.plugin)
        case "wraps":
            return (*workflow.steps,)
