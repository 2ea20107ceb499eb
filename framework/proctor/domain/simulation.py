"""Walks a workflow with statuses that somebody chose: rule and budgets decide, and no step is asked.

A check whose table leads `error` to the fix loop gives `warning` in its place once the fixes are used up, as the steps
that bring such a table do (see CHECK). Every other status is taken as it was chosen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from proctor.domain import head as heads
from proctor.domain.head import Birth, Head
from proctor.domain.interaction import Command, Outcome, Result
from proctor.domain.orchestrator import NextStep, Orchestrator, SessionComplete
from proctor.domain.scope import Scope
from proctor.domain.session import Limits, SessionStatus
from proctor.domain.workflow import CHECK, ERROR, FAULT, OK, WARNING, PinnedWorkflow

FIX = CHECK[ERROR]


@dataclass(frozen=True, slots=True)
class SimulatedTurn:
    """One step that was taken."""

    sequence: int
    step: str
    reason: str
    """Why it came next."""
    status: str
    remark: str = ""
    """Why the status is not the chosen one."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """The whole walk."""

    turns: tuple[SimulatedTurn, ...]
    status: SessionStatus
    reason: str
    """Why it ended."""


def simulate(workflow: PinnedWorkflow, chosen: Mapping[str, Sequence[str]], limits: Limits) -> Simulated:
    """Walk a workflow to its end.

    A step's statuses are used one after the other, and the last one from then on; a step that is not named gives `ok`.
    The limit of interactions ends what would not end by itself.
    """
    orchestrator, turns, taken = Orchestrator(workflow), list[SimulatedTurn](), dict[str, int]()
    head = Head(Birth("simulated", "simulated", workflow.name, Scope(), 0.0, {}, limits=limits))
    following = orchestrator.get_next_interaction(head)
    while head.status == "active" and isinstance(following, NextStep):
        step = following.step
        status, remark = _status(workflow, step, _nth(chosen.get(step, (OK,)), taken.get(step, 0)), head)
        taken[step] = taken.get(step, 0) + 1
        head = heads.start(head, Command("none", step=step), owner=None, lease_until=None, parked=None)
        judged = heads.judge(head, orchestrator, Outcome(Result(status), _remembered(head, step, status)), 0.0)
        turns.append(SimulatedTurn(judged.interaction.sequence, step, following.reason, status, remark))
        head, following = judged.head, judged.next
    ended = following.reason if isinstance(following, SessionComplete) else head.last_error
    return Simulated(tuple(turns), head.status, ended or "")


def _nth(statuses: Sequence[str], number: int) -> str:
    return statuses[min(number, len(statuses) - 1)] if statuses else OK


def _status(workflow: PinnedWorkflow, step: str, chosen: str, head: Head) -> tuple[str, str]:
    table = workflow.steps[step].transitions
    in_loop = step == FIX or table.get(ERROR) == FIX
    if chosen == ERROR and in_loop and WARNING in table and not heads.snapshot(head).remaining.fixes:
        return WARNING, f"error was chosen, and all {head.birth.limits.fixes} fixes are used up"
    return chosen, ""


def _remembered(head: Head, step: str, status: str) -> Mapping[str, int]:
    """Count the rounds of the fix loop as the step that fixes does."""
    if step != FIX or status == FAULT:
        return {}
    return {"fixes": head.birth.limits.fixes - heads.snapshot(head).remaining.fixes + 1}
