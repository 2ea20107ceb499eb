"""Made-up plugins and sessions for tests: a registry without distributions, and steps that do as they are told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count

from pydantic import BaseModel, ConfigDict

from proctor import ChildSpec, Command, Outcome, Result, Scope, Session, Step, Wrapper
from proctor.contracts.executor import Executor, Surroundings
from proctor.domain.workflow import DEFAULT, PinnedStep, PinnedWorkflow, Transitions, Workflow, pin
from proctor.errors import PluginMissing
from proctor.executors.none import ExternalExecutor, NoneExecutor, SpawnSessionsExecutor
from proctor.registry import Plugin
from proctor.testing import FrozenClock

Clock = FrozenClock
SCOPE = Scope()
PARKING: Mapping[str, type[Executor]] = {
    "none": NoneExecutor,
    "external": ExternalExecutor,
    "spawn_sessions": SpawnSessionsExecutor,
}


class Anything(BaseModel):
    """Arguments, or data, of whatever kind."""

    model_config = ConfigDict(extra="allow")


class Odd(Executor):
    """What executors of strangers derive from here."""

    Arguments = Data = Anything


class Echo(Step):
    """Asks for nothing and passes the result on as it came."""

    def __init__(self, name: str = "work", kind: str = "none", transitions: Transitions = DEFAULT) -> None:
        self.name, self.kind, self.transitions = name, kind, transitions

    async def get_command(self, scope: Scope, session: Session, options: object) -> Command:
        return Command(self.kind)

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: object) -> Outcome:
        return Outcome(result)


class Pair(Echo):
    """Wants two sessions of the workflow `line`, and a new attempt of whichever failed."""

    async def get_command(self, scope: Scope, session: Session, options: object) -> Command:
        failed = {child.key: child.attempt for child in session.children if child.status == "failed"}
        specs = [ChildSpec(key, "line", {"name": key}, failed.get(key, 0) + 1) for key in ("a", "b")]
        return Command("spawn_sessions", children=tuple(specs))

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: object) -> Outcome:
        newest = {child.key: child for child in session.children}
        bad = [child.key for child in newest.values() if child.status != "complete"]
        return Outcome(replace(result, status="error", error_message=f"not complete: {bad}") if bad else result)


async def executed(executor: Executor, command: Command, surroundings: Surroundings) -> Result:
    """Execute a command, and see that the result's data is as the kind publishes it."""
    result = await executor.execute(command, surroundings)
    executor.Data.model_validate(result.data)
    return result


class Plugins:
    """A registry of the workflows and steps that a test hands in."""

    def __init__(
        self,
        workflows: Sequence[Workflow],
        steps: Mapping[str, Sequence[Step]],
        executors: Mapping[str, type[Executor]] = PARKING,
    ) -> None:
        self.workflows = {workflow.name: workflow for workflow in workflows}
        self.steps = {(name, step.name): step for name, them in steps.items() for step in them}
        self.executors = executors

    def plugins(self) -> Sequence[Plugin]:
        return ()

    def pin(self, name: str, options: object = None, **_: object) -> tuple[PinnedWorkflow, ...]:
        names = [name, *self.workflows[name].spawns]
        return tuple(
            pin(
                self.workflows[each],
                [PinnedStep(step.name, step.transitions) for (of, _), step in self.steps.items() if of == each],
            )
            for each in names
        )

    def step(self, workflow: str, step: str, of: str | None = None) -> Step:
        if (workflow, step) not in self.steps:
            raise PluginMissing(group="proctor.steps", name=f"{workflow}.{step}")
        return self.steps[workflow, step]

    def wrapper(self, workflow: str, name: str, of: str | None = None) -> Wrapper:
        found: object = self.step(workflow, name)
        assert isinstance(found, Wrapper)
        return found

    def executor(self, kind: str) -> type[Executor]:
        return self.executors[kind]


def numbered_ids() -> "count[int]":
    """Give numbers for ids."""
    return count(1)
