"""Asks a step as the framework does."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar, overload

from proctor.contracts.answers import flaw
from proctor.contracts.step import Step
from proctor.contracts.wrapper import Wrapper
from proctor.domain.interaction import Command, Outcome, Result
from proctor.domain.json import EMPTY, JsonObject
from proctor.domain.scope import Scope
from proctor.domain.session import Session
from proctor.patience import Late, within
from proctor.steps import SECONDS
from proctor.testing.wrapped import around

Answer = TypeVar("Answer", Command, Outcome)


@overload
def ask(step: type[Step] | Step | type[Wrapper], session: Session, *, options: JsonObject = EMPTY) -> Command: ...


@overload
def ask(
    step: type[Step] | Step | type[Wrapper], session: Session, result: Result, *, options: JsonObject = EMPTY
) -> Outcome: ...


def ask(
    step: type[Step] | Step | type[Wrapper],
    session: Session,
    result: Result | None = None,
    *,
    options: JsonObject = EMPTY,
) -> Command | Outcome:
    """Ask a step for its command or, with a result, for its verdict.

    A wrapper is asked together with the installed step that it wraps; for another step say `around(wrapper, step)`.
    There is nothing to await, inside an event loop either. What the step raises comes through; an answer that the
    framework could not use is an AssertionError.
    """
    return _finished(lambda: _asked(_made(step), session, result, options))


def _made(step: type[Step] | Step | type[Wrapper]) -> Step:
    if not isinstance(step, type):
        return step
    return around(step)() if issubclass(step, Wrapper) else step()


def _finished(ask: Callable[[], Coroutine[None, None, Command | Outcome]]) -> Command | Outcome:
    """Run a coroutine in an event loop of its own: if there is one in this thread, in another thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(ask())
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(ask())).result()


async def _asked(step: Step, session: Session, result: Result | None, options: JsonObject) -> Command | Outcome:
    settings = step.Options.model_validate(options)
    try:
        if result is not None:
            verdict = await within(SECONDS, lambda: step.handle_result(Scope(), session, result, settings))
            return _usable(verdict, Outcome)
        command = _usable(await within(SECONDS, lambda: step.get_command(Scope(), session, settings)), Command)
    except Late as late:
        raise AssertionError(f"the step {late}") from None
    return replace(command, step=step.name, at=session.created_at)


def _usable(answer: object, kind: type[Answer]) -> Answer:
    assert isinstance(answer, kind), f"{type(answer).__name__} where {kind.__name__} was expected"
    wrong = flaw(answer)
    assert wrong is None, wrong
    return answer
