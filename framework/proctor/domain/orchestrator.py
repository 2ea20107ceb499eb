"""What comes next: a pure function of the last completed interaction.

The rules, in the order in which they are applied:

1. Nothing completed yet              -> the first step of the main line.
2. The log names a step that the pinned workflow does not have -> InvalidInteraction.
3. The step's table does not list the status (and has no ANY)  -> InvalidState.
4. The table says NEXT, and the step is the last one           -> SessionComplete.
5. Otherwise the table's entry: NEXT, SELF, or a step by name  -> NextStep.

With the default table (`ok` -> NEXT, anything else -> SELF) this is the state machine of the specification.
"""

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from proctor.domain.interaction import Interaction
from proctor.domain.workflow import ANY, NEXT, OK, SELF, PinnedWorkflow


@dataclass(frozen=True, slots=True)
class Completed:
    """A completed interaction as far as the rules need it."""

    sequence: int
    """The interaction's number in its session, from 1."""
    step: str
    status: str


class HasLastCompleted(Protocol):
    """Anything that knows the highest-numbered interaction with a judged result: a session."""

    @property
    def last_completed(self) -> Completed | None:
        """That interaction, or None if nothing was completed yet."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """The step to start now."""

    step: str
    reason: str


@dataclass(frozen=True, slots=True)
class SessionComplete:
    """The workflow has come to its end."""

    reason: str


@dataclass(frozen=True, slots=True)
class InvalidInteraction:
    """The log names a step that this workflow does not have."""

    step: str


@dataclass(frozen=True, slots=True)
class InvalidState:
    """The step's own table does not list that status."""

    step: str
    status: str


Next: TypeAlias = NextStep | SessionComplete | InvalidInteraction | InvalidState


class Orchestrator:
    """Drives sessions of one pinned workflow. Holds no state but the workflow."""

    __slots__ = ("_workflow",)

    def __init__(self, workflow: PinnedWorkflow) -> None:
        self._workflow = workflow

    def steps(self) -> tuple[str, ...]:
        """Give the main line, in order."""
        return self._workflow.main

    def get_next_interaction(self, session: HasLastCompleted) -> Next:
        """Say which step comes next in `session`, and why."""
        last = session.last_completed
        if last is None:
            return NextStep(self._workflow.main[0], "nothing was completed yet: the first step")
        step = self._workflow.steps.get(last.step)
        if step is None:
            return InvalidInteraction(last.step)
        target = step.transitions.get(last.status) or step.transitions.get(ANY)
        if target is None:
            return InvalidState(last.step, last.status)
        return self._follow(last, target)

    def is_complete(self, session_or_interaction: HasLastCompleted | Interaction) -> bool:
        """Tell whether the last main step has ended with `ok`, in a session or as this very interaction."""
        if isinstance(session_or_interaction, Interaction):
            last = completed(session_or_interaction)
        else:
            last = session_or_interaction.last_completed
        return last is not None and last.step == self._workflow.main[-1] and last.status == OK

    def _follow(self, last: Completed, target: str) -> Next:
        if target == SELF:
            return NextStep(last.step, f"{because(last)}: repeat")
        if target != NEXT:
            return NextStep(target, f"{because(last)}: its table leads to {target}")
        follower = self._workflow.follower(last.step)
        if follower is None:
            return SessionComplete(f"{because(last)}: it was the last step")
        return NextStep(follower, f"{because(last)}: go on")


def because(last: Completed) -> str:
    """Say what a rule was applied to: reasons begin so."""
    return f"interaction {last.sequence}, {last.step}, ended {last.status}"


def completed(interaction: Interaction) -> Completed | None:
    """Give what the rules need of an interaction, or None if it has no judged result."""
    if interaction.status != "completed" or interaction.result is None:
        return None
    return Completed(interaction.sequence, interaction.command.step, interaction.result.status)
