"""Reads a session tree from the store and makes a history of it."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from proctor.contracts.store import Store
from proctor.domain.budget import is_named_in
from proctor.domain.event import Event
from proctor.domain.head import Head
from proctor.domain.interaction import Interaction
from proctor.domain.json import EMPTY, JsonObject
from proctor.domain.scope import Scope
from proctor.errors import Conflict, EventsForgotten
from proctor.history.discretion import Discretion
from proctor.history.document import Entry, History, Recorded
from proctor.history.values import from_json, to_json

TRIES = 5
"""How often a tree is read again because it went on meanwhile."""
TOLD = ("activity", "output", "gap")
"""Kinds of events that change no session."""


async def record(store: Store, scope: Scope, root: str, *, version: str) -> History:
    """Record the whole tree of a root session; `version` is Proctor's own.

    Raises Conflict if the tree goes on faster than it can be read, and EventsForgotten if some of its past is gone.
    """
    for _ in range(TRIES):
        history, last = await _recorded(store, scope, root, version)
        if all(event.kind in TOLD for event in await store.events(scope, root, after=last)):
            return _discreet(history)
    raise Conflict(session_id=root)


async def _recorded(store: Store, scope: Scope, root: str, version: str) -> tuple[History, int]:
    tree = await store.tree(scope, root)
    assert tree is not None
    events = await _events(store, scope, root)
    heads = await store.descendants(scope, root)
    if (tree.events and not events) or (events and events[0].sequence > 1):
        raise EventsForgotten(session_id=root, forgotten=events[0].sequence - 1 if events else tree.events)
    logs = {head.id: await _interactions(store, scope, head.id) for head in heads}
    born = _handed_down(heads, logs)
    sessions = tuple(Recorded(_bare(head), born.get(head.id, EMPTY), logs[head.id]) for head in heads)
    entries = tuple(_entry(event) for event in events if event.kind not in TOLD)
    return History(version, tree.workflows, sessions, entries), events[-1].sequence if events else 0


async def _events(store: Store, scope: Scope, root: str) -> list[Event]:
    found: list[Event] = []
    while more := await store.events(scope, root, after=found[-1].sequence if found else 0):
        found.extend(more)
    return found


async def _interactions(store: Store, scope: Scope, session_id: str) -> tuple[Interaction, ...]:
    found: list[Interaction] = []
    while more := await store.interactions(scope, session_id, after=found[-1].sequence if found else 0):
        found.extend(more)
    return tuple(replace(each, executed_by=None) for each in found)


def _entry(event: Event) -> Entry:
    sequence, status = event.data.get("sequence"), event.data.get("status")
    about_session, error = event.kind == "session_changed", str(event.data.get("error") or "")
    return Entry(
        event.session_id,
        event.kind,
        sequence if isinstance(sequence, int) else 0,
        str(status) if about_session else "",
        about_session and bool(event.data.get("paused")),
        error if about_session and status == "failed" and is_named_in(error) else "",
    )


def _bare(head: Head) -> Head:
    """Take away whose session it is and who held it: names of people and of machines."""
    pending = head.pending and replace(head.pending, executed_by=None, key=None, digest=None)
    return replace(head, birth=replace(head.birth, scope=Scope()), pending=pending, owner=None, lease_until=None)


def _handed_down(heads: Sequence[Head], logs: Mapping[str, Sequence[Interaction]]) -> dict[str, JsonObject]:
    """Give by id what each child was handed down: its parent's commands say so.

    The first command that names a child made it, unless the child is older: then a user's retry did, and handed down
    what the attempt before it got.
    """
    made = _made(heads, logs)
    found: dict[str, JsonObject] = {}
    ids: dict[tuple[str | None, str, int], str] = {}
    for birth in sorted((head.birth for head in heads), key=lambda birth: birth.attempt):
        ids[birth.parent, birth.key, birth.attempt] = birth.id
        at, state = made.get((birth.parent, birth.key, birth.attempt), (birth.created_at + 1, EMPTY))
        before = ids.get((birth.parent, birth.key, birth.attempt - 1), "")
        found[birth.id] = state if at <= birth.created_at else {**found.get(before, EMPTY), "replaces": before}
        if birth.parent is None:
            found[birth.id] = EMPTY
    return found


def _made(
    heads: Sequence[Head], logs: Mapping[str, Sequence[Interaction]]
) -> dict[tuple[str | None, str, int], tuple[float, JsonObject]]:
    """Give by parent, key and attempt when a command named such a child first, and the state it gave it."""
    made: dict[tuple[str | None, str, int], tuple[float, JsonObject]] = {}
    for head in heads:
        commands = [each.command for each in logs[head.id]] + ([head.pending.command] if head.pending else [])
        for command in commands:
            for spec in command.children:
                made.setdefault((head.id, spec.key, spec.attempt), (command.at, spec.state))
    return made


def _discreet(history: History) -> History:
    """Leave out what is nobody's business, or long."""
    discretion = Discretion(Path.home())
    document = discretion.applied(to_json(history))
    python = discretion.applied(sys.executable)
    told = from_json(History, document)
    return replace(
        told,
        python=python if python in str(document) else None,
        shortened=tuple(discretion.shortened),
        redacted=tuple(discretion.redacted),
    )
