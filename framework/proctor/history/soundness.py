"""Whether what the parts of a history say of each other holds: whoever goes through it relies on that."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from proctor.domain.workflow import NEXT, PinnedWorkflow

if TYPE_CHECKING:
    from proctor.history.document import Entry, History, Recorded


def check(history: "History") -> None:
    """See that a history can be gone through. Raises ValueError."""
    if not history.sessions:
        raise ValueError("it has no session")
    workflows = {workflow.name: workflow for workflow in history.workflows}
    for workflow in workflows.values():
        _check_workflow(workflow)
    for recorded in history.sessions:
        _check_session(recorded, workflows)
    _check_entries(history)


def _check_workflow(workflow: PinnedWorkflow) -> None:
    if not workflow.main or (strange := {*workflow.main} - workflow.steps.keys()):
        lacking = ", ".join(sorted(strange)) if workflow.main else "at all"
        raise ValueError(f"the workflow {workflow.name} has no step {lacking}")
    for name, step in workflow.steps.items():
        if not all(isinstance(target, str) for target in step.transitions.values()):
            raise ValueError(f"the table of the step {workflow.name}.{name} leads to what is no step")
        if name not in workflow.main and NEXT in step.transitions.values():
            raise ValueError(f"the step {workflow.name}.{name} leads on, and is not on the main line")


def _check_session(recorded: "Recorded", workflows: Mapping[str, PinnedWorkflow]) -> None:
    head = recorded.head
    if head.birth.workflow not in workflows:
        raise ValueError(f"it has no workflow {head.birth.workflow}")
    asked = {each.command.step for each in recorded.interactions}
    asked |= {head.pending.command.step} if head.pending else set()
    if strange := asked - workflows[head.birth.workflow].steps.keys():
        raise ValueError(f"the workflow {head.birth.workflow} has no step {', '.join(sorted(strange))}")


def _check_entries(history: "History") -> None:
    """See that each session is created once, and its interactions are started and closed one after the other."""
    sessions = {recorded.head.id: recorded for recorded in history.sessions}
    courses: dict[str, _Course] = {}
    for entry in history.entries:
        if entry.kind == "session_created" and entry.session in sessions and entry.session not in courses:
            courses[entry.session] = _Course(sessions[entry.session])
        elif entry.kind == "session_created" or entry.session not in courses:
            raise ValueError(f"something happens in the session {entry.session}, which is not there, or created twice")
        else:
            courses[entry.session].follow(entry)


class _Course:
    """How far a session has come."""

    def __init__(self, recorded: "Recorded") -> None:
        self._recorded = recorded
        self._closed = 0
        self._is_open = False

    def follow(self, entry: "Entry") -> None:
        """Take an entry in. Raises ValueError if it cannot follow."""
        match entry.kind:
            case "interaction_started":
                self._expect(entry, is_open=False)
                self._is_open = True
            case "interaction_completed" | "interaction_abandoned":
                self._expect(entry, is_open=True)
                self._is_open, self._closed = False, entry.sequence
            case "session_changed" if entry.status == "cancelled" and self._is_open:
                self._is_open, self._closed = False, self._closed + 1

    def _expect(self, entry: "Entry", *, is_open: bool) -> None:
        told = f"interaction {entry.sequence} of the session {entry.session}"
        if self._is_open is not is_open or entry.sequence != self._closed + 1:
            raise ValueError(f"{told} is {entry.kind.removeprefix('interaction_')} out of turn")
        if not _is_told(self._recorded, entry):
            raise ValueError(f"it lacks {told}")


def _is_told(recorded: "Recorded", entry: "Entry") -> bool:
    """Tell whether there is an interaction of which an entry can be true."""
    pending = recorded.head.pending
    if pending is not None and pending.sequence == entry.sequence:
        return entry.kind != "interaction_completed"
    found = [each for each in recorded.interactions if each.sequence == entry.sequence]
    return bool(found) and (entry.kind != "interaction_completed" or found[-1].result is not None)
