"""What the change stream of a session tree says."""

from dataclasses import dataclass
from typing import Literal

from proctor.domain.json import EMPTY, JsonObject

EventKind = Literal[
    "session_created",
    "session_changed",
    "interaction_started",
    "interaction_parked",
    "interaction_completed",
    "interaction_abandoned",
    "activity",
    "output",
    "gap",
]


@dataclass(frozen=True, slots=True)
class News:
    """An event before it has its number."""

    session_id: str
    kind: EventKind
    at: float
    data: JsonObject = EMPTY


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a tree's stream, numbered 1, 2, 3… without a gap."""

    root: str
    sequence: int
    session_id: str
    kind: EventKind
    at: float
    data: JsonObject = EMPTY
