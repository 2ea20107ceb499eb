"""The contract of a step."""

from abc import ABC, abstractmethod
from typing import ClassVar

from pydantic import BaseModel

from proctor.contracts.options import NoOptions
from proctor.domain.interaction import Command, Outcome, Result
from proctor.domain.scope import Scope
from proctor.domain.session import Session
from proctor.domain.workflow import DEFAULT, Transitions


class Step(ABC):
    """One step of a workflow: it makes a command and judges what came of it. It never acts itself.

    Register the class under the entry-point group `proctor.steps` as `<workflow>.<name>`. Both methods may be called
    more than once for the same interaction and their answer may be thrown away, so they must have no side effects.
    State is the only memory between steps: what a later step needs goes into `Outcome.state`.
    """

    contract: ClassVar[int] = 1
    """The version of this contract that it was written for."""
    name: ClassVar[str]
    """`[a-z_]+`; file, class, entry point, log and API agree on it."""
    workflow: ClassVar[str]
    """The workflow that it belongs to, its own or someone else's."""
    after: ClassVar[str | None] = None
    """In someone else's workflow: the step behind which this one stands."""
    before: ClassVar[str | None] = None
    """In someone else's workflow: the step in front of which this one stands."""
    replaces: ClassVar[str | None] = None
    """In someone else's workflow: the step whose place, name and, unless it brings its own, table this one takes."""
    transitions: ClassVar[Transitions] = DEFAULT
    """Status -> NEXT, SELF or the name of a step. A table without ANY must list `ok` and `error`; a status that it does
    not list fails the session. `fault -> SELF` is added where it is missing."""
    Options: ClassVar[type[BaseModel]] = NoOptions
    """Its settings, `[steps."<workflow>.<name>"]`. Every one has a default; they are pinned with the session."""

    @abstractmethod
    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        """Say what has to be done now.

        Has 30 seconds. Whatever it raises, and an answer that cannot be stored as JSON, becomes a result with the
        status `fault`. `step` and `at` of the command are filled in afterwards.
        """

    @abstractmethod
    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Judge what came of it: the status decides where the session goes, `state` is what it remembers.

        Every result comes here, a `fault` too, with whatever data and text. Has 30 seconds. Whatever it raises, and
        an answer that cannot be stored as JSON, becomes a result with the status `fault`.
        """
