"""The document in which a history is kept: one JSON object, compact, with a version."""

from dataclasses import dataclass

import orjson

from proctor.domain.head import Head
from proctor.domain.interaction import Interaction
from proctor.domain.json import EMPTY, JsonObject
from proctor.domain.workflow import PinnedWorkflow
from proctor.history.soundness import check
from proctor.history.values import from_json, to_json

VERSION = 1
KEY = "proctor_history"
"""Under which the document's version stands. It grows when an older Proctor could not read the document any more."""


class Unreadable(ValueError):
    """A document is no history, or one that this Proctor cannot read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened in the tree, in the order in which all of it happened."""

    session: str
    kind: str
    sequence: int = 0
    """Of the interaction, if it is about one."""
    status: str = ""
    """Of the session, if that changed."""
    paused: bool = False
    budget: str = ""
    """Why a budget of the tree ended the session, if one did."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A session: how it was born, all its interactions, and how it stood in the end."""

    head: Head
    """What was fixed at its birth is in it; whose it is and who held it is not."""
    state: JsonObject = EMPTY
    """What it was handed down at its birth."""
    interactions: tuple[Interaction, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """A session tree, all that is needed to make its decisions once more."""

    proctor: str
    """The version that recorded it."""
    workflows: tuple[PinnedWorkflow, ...]
    sessions: tuple[Recorded, ...]
    entries: tuple[Entry, ...]
    python: str | None = None
    """Where the interpreter stood that wrote the document, if it is named in it."""
    shortened: tuple[str, ...] = ()
    """Outputs of which only the beginning and the end are kept."""
    redacted: tuple[str, ...] = ()
    """Values that were taken out because of their names."""


def write(history: History) -> bytes:
    """Write a history as a document."""
    return orjson.dumps({KEY: VERSION, **to_json(history)}) + b"\n"


def read(document: bytes | str) -> History:
    """Read a history. Raises Unreadable."""
    try:
        found = orjson.loads(document)
    except ValueError as error:
        raise Unreadable(f"it is no JSON: {error}") from error
    version = found.get(KEY) if isinstance(found, dict) else None
    if not isinstance(version, int):
        raise Unreadable("it is no recorded history; `proctor sessions export ID` writes one")
    if version > VERSION:
        raise Unreadable(f"it has version {version}, and this Proctor reads up to {VERSION}: use a newer Proctor")
    try:
        history = from_json(History, found)
        check(history)
    except (TypeError, ValueError) as error:
        raise Unreadable(f"it is damaged: {error}") from error
    return history
