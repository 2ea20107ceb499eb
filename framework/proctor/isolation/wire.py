"""What goes between us and a process that asks steps: one JSON object a line."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson

from proctor.domain.interaction import ChildSpec, Command, Outcome, Result, Usage, Workspace
from proctor.domain.json import Json
from proctor.domain.orchestrator import Completed
from proctor.domain.scope import Scope
from proctor.domain.session import AgentChoice, ChildSummary, Limits, Remaining, Session
from proctor.domain.workflow import PinnedStep, PinnedWrapper
from proctor.store.codec import document

LINE_BYTES = 64 * 1024**2
"""A line that is longer is nobody's."""
HELLO = 0
"""The id of the answer that nobody asked for: the process is ready."""

T = TypeVar("T")


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


_PARTS: Mapping[type, Mapping[str, type]] = {
    Answer: {"command": Command, "outcome": Outcome, "unavailable": Unavailable},
    Command: {"workspace": Workspace, "children": ChildSpec},
    Outcome: {"result": Result},
    PinnedStep: {"wrappers": PinnedWrapper},
    Request: {"step": PinnedStep, "scope": Scope, "session": Session, "result": Result},
    Result: {"usage": Usage},
    Session: {
        "agent": AgentChoice,
        "limits": Limits,
        "remaining": Remaining,
        "last_completed": Completed,
        "children": ChildSummary,
    },
}
"""The fields that are made of other values, or of several."""


def line(value: Request | Answer) -> bytes:
    """Write a value."""
    return document(value).encode() + b"\n"


def read(kind: type[T], written: bytes) -> T:
    """Read what `line` wrote. Raises ValueError, TypeError or AttributeError if it did not."""
    return _made(kind, orjson.loads(written))


def _made(kind: type[T], fields: Any) -> T:  # freshly read: it may be anything
    parts = _PARTS.get(kind, {})
    return kind(**{name: _part(parts[name], value) if name in parts else value for name, value in fields.items()})


def _part(kind: type[object], value: Json) -> object:
    if isinstance(value, list):
        return tuple(_made(kind, each) for each in value)
    return None if value is None else _made(kind, value)
