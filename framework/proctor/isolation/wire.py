"""What goes between us and a process that asks steps: one JSON object a line."""

from collections.abc import Mapping
from dataclasses import dataclass

from proctor.documents import written
from proctor.domain.interaction import Command, Outcome, Result
from proctor.domain.scope import Scope
from proctor.domain.session import Session
from proctor.domain.workflow import PinnedStep

HELLO = 0
"""The id of the answer that nobody asked for: the process is ready."""


@dataclass(frozen=True, slots=True)
class Request:
    """Asks a step for its command, or, with a result, for its verdict."""

    workflow: str
    step: PinnedStep
    seconds: float
    scope: Scope
    session: Session
    result: Result | None = None
    id: int = HELLO


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Why a step cannot be asked: the code and the facts of PluginMissing, PluginBroken or PluginClash."""

    code: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a step said, or why it did not. Its fields are what somebody wrote: they may be of any type."""

    id: int
    command: Command | None = None
    outcome: Outcome | None = None
    blame: str | None = None
    unavailable: Unavailable | None = None


def line(value: Request | Answer) -> bytes:
    """Write a value, for `proctor.documents.read`. Raises TypeError or ValueError for what is no JSON."""
    return written(value) + b"\n"
