"""Asks steps for their commands and verdicts.

A step is somebody's plugin: it may raise, hang or answer nonsense. Whatever it does becomes a value here: a command,
an outcome, or a `Fault` that names the plugin, its distribution and what went wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import ValidationError

from proctor.assembly import assembled, named, strangers
from proctor.blame import Blamed
from proctor.contracts.answers import told
from proctor.contracts.wrapper import Inner
from proctor.domain.interaction import Command, Outcome, Result
from proctor.domain.scope import Scope
from proctor.domain.session import Session
from proctor.domain.workflow import FAULT, PinnedStep, PinnedWorkflow
from proctor.registry import Registry

SECONDS = 30.0
"""How long a step may take to make a command or to judge a result. Steps decide; they do not act."""

READY = 1000
"""Pinned steps that are kept at hand; of more, those that were loaded first go."""

Isolate = Callable[[str, PinnedStep], Inner]
"""Gives a workflow's step, to be asked outside of this process. What it gives may raise Blamed."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A plugin did not do its part."""

    message: str

    def outcome(self) -> Outcome:
        """Give the verdict that takes the place of the plugin's."""
        return Outcome(Result(FAULT, error_message=self.message))


@dataclass(frozen=True, slots=True)
class _Ready:
    """A pinned step, ready to be asked. It holds the pinned one, so that no other gets its id."""

    pinned: PinnedStep
    asked: Inner

    def fault(self, said: object) -> Fault:
        return Fault(f"{named(self.pinned)}: {said}")


class Steps:
    """The steps of all pinned workflows, ready to be asked. With `isolate`, strangers' are asked elsewhere."""

    def __init__(self, registry: Registry, *, seconds: float = SECONDS, isolate: Isolate | None = None) -> None:
        self._registry = registry
        self._seconds = seconds
        self._isolate = isolate
        self._ready: dict[tuple[str, int], _Ready] = {}

    async def command(self, scope: Scope, workflow: PinnedWorkflow, step: str, session: Session) -> Command | Fault:
        """Ask `step` what has to be done now. Raises PluginMissing, PluginBroken or PluginClash."""
        ready = self._load(workflow, workflow.steps[step])
        try:
            command = await ready.asked.get_command(scope, session)
        except Blamed as blamed:
            return ready.fault(f"get_command {blamed}")
        for name in sorted({child.workflow for child in command.children} - {*workflow.spawns}):
            return ready.fault(f"it wants a child of the workflow {name}, which {workflow.name} does not spawn")
        if strangers(ready.pinned) and (wrong := self._misses(command)) is not None:
            return ready.fault(f"its command of the kind {command.kind} cannot be carried out: {wrong}")
        return command

    async def outcome(
        self, scope: Scope, workflow: PinnedWorkflow, step: str, session: Session, result: Result
    ) -> Outcome:
        """Ask `step` to judge `result`; a fault of the plugin is a verdict too. Raises as `command` does."""
        ready = self._load(workflow, workflow.steps[step])
        try:
            return await ready.asked.handle_result(scope, session, result)
        except Blamed as blamed:
            return ready.fault(f"handle_result {blamed}").outcome()

    def _misses(self, command: Command) -> str | None:
        """Say where arguments are not what the executor of such a command takes."""
        executor = self._registry.executor(command.kind)
        try:
            executor.Arguments.model_validate(command.arguments)
        except ValidationError as error:
            return told(error)
        return None

    def _load(self, workflow: PinnedWorkflow, pinned: PinnedStep) -> _Ready:
        key = (workflow.name, id(pinned))
        if (known := self._ready.get(key)) is not None and known.pinned is pinned:
            return known
        ready = _Ready(pinned, self._asked(workflow.name, pinned))
        if len(self._ready) >= READY:
            del self._ready[next(iter(self._ready))]
        self._ready[key] = ready
        return ready

    def _asked(self, workflow: str, pinned: PinnedStep) -> Inner:
        if self._isolate is not None and strangers(pinned):
            return self._isolate(workflow, pinned)
        return assembled(self._registry, workflow, pinned, self._seconds)
