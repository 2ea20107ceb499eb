"""The contract of a wrapper: what a stranger puts around somebody else's step."""

from abc import ABC
from typing import ClassVar, Protocol

from pydantic import BaseModel

from proctor.contracts.options import NoOptions
from proctor.domain.interaction import Command, Outcome, Result
from proctor.domain.scope import Scope
from proctor.domain.session import Session


class Inner(Protocol):
    """The step inside, or another wrapper around it, with its own options."""

    async def get_command(self, scope: Scope, session: Session) -> Command:
        """Ask what has to be done now."""

    async def handle_result(self, scope: Scope, session: Session, result: Result) -> Outcome:
        """Ask what to make of a result."""


class Wrapper(ABC):
    """Stands around a step: it may change what the step asks for and what it says, or answer in its place.

    Register the class under the entry-point group `proctor.steps` as `<workflow>.<name>`, like a step. Override one
    method or both. What is promised of a step is promised of both together: no side effects, asked more than once.
    """

    contract: ClassVar[int] = 1
    """The version of this contract that it was written for."""
    name: ClassVar[str]
    """`[a-z_]+`; file, class, entry point and API agree on it."""
    workflow: ClassVar[str]
    """The workflow of the step."""
    wraps: ClassVar[str]
    """The step of that workflow around which it stands."""
    Options: ClassVar[type[BaseModel]] = NoOptions
    """Its settings, `[steps."<workflow>.<name>"]`. Every one has a default; they are pinned with the session."""

    async def get_command(self, inner: Inner, scope: Scope, session: Session, options: BaseModel) -> Command:
        """Say what has to be done now; unless overridden, what the step says."""
        return await inner.get_command(scope, session)

    async def handle_result(
        self, inner: Inner, scope: Scope, session: Session, result: Result, options: BaseModel
    ) -> Outcome:
        """Judge what came of it; unless overridden, as the step judges."""
        return await inner.handle_result(scope, session, result)
