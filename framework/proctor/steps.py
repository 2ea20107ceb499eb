"""Asks steps for their commands and verdicts.

A step is somebody's plugin: it may raise, hang or answer nonsense. Whatever it does becomes a value here: a command,
an outcome, or a `Fault` that names the plugin, its distribution and what went wrong.
"""

import asyncio
from collections.abc import Awaitable, Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from proctor.contracts.answers import flaw, raised
from proctor.contracts.step import Step
from proctor.contracts.wrapper import Inner, Wrapper
from proctor.domain.interaction import Command, Outcome, Result
from proctor.domain.scope import Scope
from proctor.domain.session import Session
from proctor.domain.workflow import FAULT, PinnedStep, PinnedWorkflow, PinnedWrapper
from proctor.errors import PluginBroken
from proctor.registry import OWN, Registry

SECONDS = 30.0
"""How long a step may take to make a command or to judge a result. Steps decide; they do not act."""

NOTHING = Result("")
"""Stands for the result where none is given."""

READY = 1000
"""Pinned steps that are kept at hand."""

Answer = TypeVar("Answer", Command, Outcome)


@dataclass(frozen=True, slots=True)
class Fault:
    """A plugin did not do its part."""

    message: str

    def outcome(self) -> Outcome:
        """Give the verdict that takes the place of the plugin's."""
        return Outcome(Result(FAULT, error_message=self.message))


@dataclass(frozen=True, slots=True)
class _Bare:
    """A step with its options."""

    step: Step
    options: BaseModel

    async def get_command(self, scope: Scope, session: Session) -> Command:
        return await self.step.get_command(scope, session, self.options)

    async def handle_result(self, scope: Scope, session: Session, result: Result) -> Outcome:
        return await self.step.handle_result(scope, session, result, self.options)


@dataclass(frozen=True, slots=True)
class _Wrapped:
    """A wrapper with its options, around a step."""

    wrapper: Wrapper
    options: BaseModel
    inner: Inner

    async def get_command(self, scope: Scope, session: Session) -> Command:
        return await self.wrapper.get_command(self.inner, scope, session, self.options)

    async def handle_result(self, scope: Scope, session: Session, result: Result) -> Outcome:
        return await self.wrapper.handle_result(self.inner, scope, session, result, self.options)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A pinned step, ready to be asked. It holds the pinned one, so that no other gets its id."""

    pinned: PinnedStep
    asked: Inner


class Steps:
    """The steps of all pinned workflows, ready to be asked."""

    def __init__(self, registry: Registry, *, seconds: float = SECONDS) -> None:
        self._registry = registry
        self._seconds = seconds
        self._ready: dict[tuple[str, int], _Ready] = {}

    async def command(self, scope: Scope, workflow: PinnedWorkflow, step: str, session: Session) -> Command | Fault:
        """Ask `step` what has to be done now. Raises PluginMissing, PluginBroken or PluginClash."""
        ready = self._load(workflow, workflow.steps[step])
        command = await self._ask(
            ready.pinned,
            "get_command",
            Command,
            lambda given, _: ready.asked.get_command(scope, given),
            session,
        )
        strange = {child.workflow for child in command.children} if isinstance(command, Command) else set()
        for name in sorted(strange - {*workflow.spawns}):
            return Fault(
                f"{_named(ready.pinned)}: it wants a child of the workflow {name}, which {workflow.name} does not spawn"
            )
        return command

    async def outcome(
        self, scope: Scope, workflow: PinnedWorkflow, step: str, session: Session, result: Result
    ) -> Outcome:
        """Ask `step` to judge `result`; a fault of the plugin is a verdict too. Raises as `command` does."""
        ready = self._load(workflow, workflow.steps[step])
        verdict = await self._ask(
            ready.pinned,
            "handle_result",
            Outcome,
            lambda given, came: ready.asked.handle_result(scope, given, came),
            session,
            result,
        )
        return verdict.outcome() if isinstance(verdict, Fault) else verdict

    def _load(self, workflow: PinnedWorkflow, pinned: PinnedStep) -> _Ready:
        key = (workflow.name, id(pinned))
        if (known := self._ready.get(key)) is not None and known.pinned is pinned:
            return known
        ready = _Ready(pinned, self._asked(workflow, pinned))
        if len(self._ready) >= READY:
            del self._ready[next(iter(self._ready))]
        self._ready[key] = ready
        return ready

    def _asked(self, workflow: PinnedWorkflow, pinned: PinnedStep) -> Inner:
        """Load a step and what stands around it."""
        step = self._registry.step(workflow.name, pinned.plugin or pinned.name)
        asked: Inner = _Bare(step, _options(workflow, pinned, step))
        for around in pinned.wrappers:
            wrapper = self._registry.wrapper(workflow.name, around.name)
            asked = _Wrapped(wrapper, _options(workflow, around, wrapper), asked)
        return asked

    async def _ask(
        self,
        pinned: PinnedStep,
        method: str,
        kind: type[Answer],
        call: Callable[[Session, Result], Awaitable[Answer]],
        session: Session,
        result: Result = NOTHING,
    ) -> Answer | Fault:
        """Call a plugin's method and look at its answer. Nothing comes out but what was asked for, or a fault.

        A stranger's gets copies: what it does to them harms nobody, and is told.
        """
        given = (session, result) if _is_ours(pinned) else deepcopy((session, result))
        try:
            async with asyncio.timeout(self._seconds):
                value: object = await call(*given)
            if given != (session, result):
                return Fault(f"{_named(pinned)}: {method} changed the session or the result that it was given")
            if not isinstance(value, kind):
                given = f"{type(value).__name__} where {kind.__name__} was expected"
                return Fault(f"{_named(pinned)}: {method} gave {given}")
            wrong = flaw(value)
        except TimeoutError:
            return Fault(f"{_named(pinned)}: {method} did not answer within {self._seconds:g} s")
        except asyncio.CancelledError as error:
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise
            return Fault(f"{_named(pinned)}: {method} {raised(error)}")
        except (Exception, SystemExit) as error:  # noqa: BLE001 # a plugin may raise anything
            return Fault(f"{_named(pinned)}: {method} {raised(error)}")
        return value if wrong is None else Fault(f"{_named(pinned)}: {method} gave what cannot be used: {wrong}")


def _is_ours(pinned: PinnedStep) -> bool:
    return pinned.distribution == OWN and all(each.distribution == OWN for each in pinned.wrappers)


def _options(workflow: PinnedWorkflow, pinned: PinnedStep | PinnedWrapper, plugin: Step | Wrapper) -> BaseModel:
    try:
        return plugin.Options.model_validate(pinned.options)
    except Exception as error:  # a model's validators are the plugin's code too
        told = " ".join(str(error).split())
        raise PluginBroken(
            name=f"{workflow.name}.{pinned.name}",
            distribution=pinned.distribution,
            version=pinned.version,
            cause=f"the installed one refuses the options that this session was created with: {told}",
        ) from error


def _named(pinned: PinnedStep) -> str:
    around = "".join(f", inside {each.name} of {each.distribution} {each.version}" for each in pinned.wrappers)
    return f"step {pinned.name} of {pinned.distribution} {pinned.version}".rstrip() + around
