"""Puts a step together with its options and what stands around it, and makes whatever it does a value or a blame."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from proctor.contracts.agent import AgentResult
from proctor.contracts.answers import flaw, raised, told
from proctor.contracts.step import Step
from proctor.contracts.wrapper import Inner, Wrapper
from proctor.copies import copy_of_result, copy_of_session
from proctor.documents import as_stored
from proctor.domain.interaction import Command, Outcome, Result
from proctor.domain.scope import Scope
from proctor.domain.session import Session
from proctor.domain.workflow import PinnedStep, PinnedWrapper
from proctor.errors import PluginBroken
from proctor.patience import Late, within
from proctor.registry import OWN, Registry
from proctor.restraint import restrained
from proctor.watchdog import doing

NOTHING = Result("")
"""Stands for the result where none is given."""

Answer = TypeVar("Answer", Command, Outcome)
Checked = TypeVar("Checked", Command, Outcome, Result, AgentResult)


class Blamed(Exception):
    """A plugin did not do its part; the text says what it did, as a verb."""


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
        return await self._ask(Command, lambda given, _: self.inner.get_command(scope, given), session, NOTHING)

    async def handle_result(self, scope: Scope, session: Session, result: Result) -> Outcome:
        """Ask what to make of a result. Raises Blamed."""
        return await self._ask(
            Outcome, lambda given, came: self.inner.handle_result(scope, given, came), session, result
        )

    async def _ask(
        self,
        kind: type[Answer],
        call: Callable[[Session, Result], Awaitable[Answer]],
        session: Session,
        result: Result,
    ) -> Answer:
        """Call the plugin and look at its answer."""
        with blaming():
            given = (session, result) if self.trusted else (copy_of_session(session), copy_of_result(result))
            value: object = await self._value(lambda: call(*given))
            if given != (session, result):
                raise Blamed("changed the session or the result that it was given")
            answer = checked(value, kind)
            return answer if self.trusted else as_stored(answer)

    async def _value(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """Wait for an answer. A stranger's call gets a task of its own: it may refuse to end. Raises Late."""

        async def called() -> Answer:
            with doing(self.name, stranger=not self.trusted), restrained():
                return await call()

        if not self.trusted:
            return await within(self.seconds, called)
        limit = asyncio.timeout(self.seconds)
        try:
            async with limit:
                return await called()
        except TimeoutError:
            if limit.expired():
                raise Late(self.seconds, ended=True) from None
            raise


def assembled(registry: Registry, workflow: str, pinned: PinnedStep, seconds: float) -> Assembled:
    """Load a step and what stands around it. Raises PluginMissing, PluginBroken or PluginClash."""
    step = registry.step(workflow, pinned.plugin or pinned.name, of=pinned.distribution)
    inner: Inner = _Bare(step, _options(workflow, pinned, step))
    for around in pinned.wrappers:
        wrapper = registry.wrapper(workflow, around.name, of=around.distribution)
        inner = _Wrapped(wrapper, _options(workflow, around, wrapper), inner)
    return Assembled(named(pinned), inner, seconds, trusted=not strangers(pinned))


@contextmanager
def blaming(*but: type[Exception]) -> Iterator[None]:
    """Make whatever a plugin raises while the block lasts a blame, but for our own cancellation and what is named."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, (Blamed, *but)):
            raise
        if isinstance(error, asyncio.CancelledError) and (task := asyncio.current_task()) and task.cancelling():
            raise
        raise Blamed(str(error) if isinstance(error, Late) else raised(error)) from None


def checked(value: object, kind: type[Checked]) -> Checked:
    """Give an answer that can be worked with and stored. Raises Blamed, or what looking at a strange value raises."""
    if not isinstance(value, kind):
        raise Blamed(f"gave {type(value).__name__} where {kind.__name__} was expected")
    if (wrong := flaw(value)) is not None:
        raise Blamed(f"gave what cannot be used: {wrong}")
    return value


def late(seconds: float) -> str:
    """Say that an answer took too long."""
    return str(Late(seconds, ended=True))


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
