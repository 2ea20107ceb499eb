"""Asks a step as the framework does."""

import asyncio
from dataclasses import replace
from typing import TypeVar, overload

from proctor.contracts.answers import flaw
from proctor.contracts.step import Step
from proctor.domain.interaction import Command, Outcome, Result
from proctor.domain.json import EMPTY, JsonObject
from proctor.domain.scope import Scope
from proctor.domain.session import Session
from proctor.steps import SECONDS

Answer = TypeVar("Answer", Command, Outcome)


@overload
def ask(step: type[Step] | Step, session: Session, *, options: JsonObject = EMPTY) -> Command: ...


@overload
def ask(step: type[Step] | Step, session: Session, result: Result, *, options: JsonObject = EMPTY) -> Outcome: ...


def ask(
    step: type[Step] | Step, session: Session, result: Result | None = None, *, options: JsonObject = EMPTY
) -> Command | Outcome:
    """Ask a step for its command or, with a result, for its verdict.

    For tests that are no coroutines. What the step raises comes through; an answer that the framework could not use is
    an AssertionError.
    """
    return asyncio.run(_asked(step() if isinstance(step, type) else step, session, result, options))


async def _asked(step: Step, session: Session, result: Result | None, options: JsonObject) -> Command | Outcome:
    settings = step.Options.model_validate(options)
    async with asyncio.timeout(SECONDS):
        if result is not None:
            return _usable(await step.handle_result(Scope(), session, result, settings), Outcome)
        command = _usable(await step.get_command(Scope(), session, settings), Command)
    return replace(command, step=step.name, at=session.created_at)


def _usable(answer: object, kind: type[Answer]) -> Answer:
    assert isinstance(answer, kind), f"{type(answer).__name__} where {kind.__name__} was expected"
    wrong = flaw(answer)
    assert wrong is None, wrong
    return answer
