"""Walk a session through its workflow by the pure rules alone, with made-up results in the place of executors."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from proctor import ChildSummary, Command, Outcome, Result, Scope, Session, Step, Workflow
from proctor.domain.head import Head, Pending, judge, snapshot
from proctor.domain.orchestrator import NextStep, Orchestrator
from proctor.domain.workflow import PinnedStep, pin

T = TypeVar("T")
Execute = Callable[[Command, Session], Result]


def answer(awaitable: Awaitable[T]) -> T:
    """Give what a step answers. Steps decide and never wait, so that needs no event loop."""
    try:
        awaitable.__await__().__next__()
    except StopIteration as done:
        return done.value
    raise AssertionError("a step must not wait for anything")


@dataclass(frozen=True)
class Turn:
    """One judged interaction of a walk."""

    step: str
    command: Command
    outcome: Outcome
    head: Head
    """As it was afterwards."""

    @property
    def told(self) -> str:
        """Give the step, and its status if that is not `ok`."""
        status = self.outcome.result.status
        return self.step if status == "ok" else f"{self.step}: {status}"


@dataclass
class Walk:
    """A session on its way; every turn asks the step, executes, and lets the step judge."""

    workflow: Workflow
    steps: Sequence[Step]
    head: Head
    execute: Execute
    children: tuple[ChildSummary, ...] = ()
    turns: list[Turn] = field(default_factory=list)

    def __post_init__(self) -> None:
        pinned = [PinnedStep(step.name, step.transitions, after=step.after, before=step.before) for step in self.steps]
        self._orchestrator = Orchestrator(pin(self.workflow, pinned))
        self._by_name = {step.name: step for step in self.steps}

    @property
    def session(self) -> Session:
        """Give the session as its steps see it."""
        return snapshot(self.head, self.children)

    @property
    def told(self) -> list[str]:
        """Give the way so far."""
        return [turn.told for turn in self.turns]

    def turn(self) -> Turn:
        """Take the next step."""
        following = self._orchestrator.get_next_interaction(self.head)
        assert isinstance(following, NextStep), following
        step = self._by_name[following.step]
        command = replace(answer(step.get_command(Scope(), self.session, step.Options())), step=step.name, at=1.0)
        self.head = replace(self.head, pending=Pending(self.head.sequence + 1, command, started_at=1.0))
        result = self.execute(command, self.session)
        outcome = answer(step.handle_result(Scope(), self.session, result, step.Options()))
        self.head = judge(self.head, self._orchestrator, outcome, now=2.0).head
        self.turns.append(Turn(step.name, command, outcome, self.head))
        return self.turns[-1]

    def to_the_end(self) -> "Walk":
        """Go on until the session has ended."""
        while self.head.status == "active":
            self.turn()
        return self
