"""The document in which a history is kept: one JSON object, compact, with a version."""

from dataclasses import dataclass

import orjson

from proctor.domain.head import Head
from proctor.domain.interaction import Interaction
from proctor.domain.json import EMPTY, JsonObject
from proctor.domain.workflow import PinnedWorkflow
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
        return _checked(from_json(History, found))
    except (TypeError, ValueError) as error:
        raise Unreadable(f"it is damaged: {error}") from error


def _checked(history: History) -> History:
    """See that what the parts say of each other is there."""
    sessions = {recorded.head.id: recorded for recorded in history.sessions}
    workflows = {workflow.name for workflow in history.workflows}
    if strange := {recorded.head.birth.workflow for recorded in history.sessions} - workflows:
        raise ValueError(f"it has no workflow {', '.join(sorted(strange))}")
    if not sessions:
        raise ValueError("it has no session")
    created: set[str] = set()
    for entry in history.entries:
        created |= {entry.session} if entry.kind == "session_created" else set()
        if entry.session not in sessions or entry.session not in created:
            raise ValueError(f"something happens in the session {entry.session}, which is not there")
        if entry.kind.startswith("interaction_") and entry.sequence and not _is_told(sessions[entry.session], entry):
            raise ValueError(f"it lacks interaction {entry.sequence} of the session {entry.session}")
    return history


def _is_told(recorded: Recorded, entry: Entry) -> bool:
    """Tell whether there is an interaction of which an entry can be true."""
    pending = recorded.head.pending
    if pending is not None and pending.sequence == entry.sequence:
        return entry.kind != "interaction_completed"
    found = [each for each in recorded.interactions if each.sequence == entry.sequence]
    return bool(found) and (entry.kind != "interaction_completed" or found[0].result is not None)
