"""Puts a step together with its options and what stands around it, so that it can be asked."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from proctor.blame import Blamed, answered, blaming, within_bounds
from proctor.contracts.answers import told
from proctor.contracts.step import Step
from proctor.contracts.wrapper import Inner, Wrapper
from proctor.copies import copied
from proctor.documents import read, written
from proctor.domain.interaction import Command, Outcome, Result
from proctor.domain.scope import Scope
from proctor.domain.session import Session
from proctor.domain.workflow import PinnedStep, PinnedWrapper
from proctor.errors import PluginBroken
from proctor.registry import OWN, Registry
from proctor.restraint import restrained

Answer = TypeVar("Answer", Command, Outcome)


@dataclass(frozen=True, slots=True)
class Assembled:
    """A step that can be asked. It gives what was asked for, and raises nothing but Blamed. It is an `Inner`."""

    name: str
    """What it is called when it is blamed."""
    inner: Inner
    seconds: float
    """How long an answer may take."""
    trusted: bool
    """It is our own; a stranger's gets copies: what it does to them harms nobody, and is told."""

    async def get_command(self, scope: Scope, session: Session) -> Command:
        """Ask what has to be done now. Raises Blamed."""
        return await self._asked(Command, self.inner.get_command, scope, session)

    async def handle_result(self, scope: Scope, session: Session, result: Result) -> Outcome:
        """Ask what to make of a result. Raises Blamed."""
        return await self._asked(Outcome, self.inner.handle_result, scope, session, result)

    async def _asked(
        self, kind: type[Answer], call: Callable[..., Awaitable[Answer]], *given: Scope | Session | Result
    ) -> Answer:
        """Call the plugin. A stranger's answer is given as whoever reads it later finds it."""

        async def asked() -> Answer:
            theirs = given if self.trusted else tuple(map(copied, given))
            with restrained():
                answer = await call(*theirs)
            if theirs != given:
                raise Blamed("changed what it was given")
            return answer

        answer = await answered(asked, kind, who=self.name, stranger=not self.trusted, seconds=self.seconds)
        if self.trusted:
            return answer
        with blaming():
            return read(kind, within_bounds(written(answer)))


def assembled(registry: Registry, workflow: str, pinned: PinnedStep, seconds: float) -> Assembled:
    """Load a step and what stands around it. Raises PluginMissing, PluginBroken or PluginClash."""
    step = registry.step(workflow, pinned.plugin or pinned.name, of=pinned.distribution)
    inner: Inner = _Bare(step, _options(workflow, pinned, step))
    for around in pinned.wrappers:
        wrapper = registry.wrapper(workflow, around.name, of=around.distribution)
        inner = _Wrapped(wrapper, _options(workflow, around, wrapper), inner)
    return Assembled(named(pinned), inner, seconds, trusted=not strangers(pinned))


def named(pinned: PinnedStep) -> str:
    """Name a step, who brought it, and what stands around it."""
    around = "".join(f", inside {each.name} of {each.distribution} {each.version}" for each in pinned.wrappers)
    return f"step {pinned.name} of {pinned.distribution} {pinned.version}".rstrip() + around


def strangers(pinned: PinnedStep) -> tuple[str, ...]:
    """Name the distributions other than ours that a step and its wrappers come from."""
    return tuple(sorted({pinned.distribution, *(each.distribution for each in pinned.wrappers)} - {OWN}))


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


def _options(workflow: str, pinned: PinnedStep | PinnedWrapper, plugin: Step | Wrapper) -> BaseModel:
    try:
        return plugin.Options.model_validate(pinned.options)
    except BaseException as error:  # a model's validators are the plugin's code too
        text = " ".join(told(error).split())
        raise PluginBroken(
            name=f"{workflow}.{pinned.name}",
            distribution=pinned.distribution,
            version=pinned.version,
            cause=f"the installed one refuses the options that this session was created with: {text}",
        ) from error
