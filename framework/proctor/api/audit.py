"""A row of the audit for each mutation that was executed, also for one that was refused or failed.

The resolvers themselves say what they did: what a client selects, names or leaves out in its document changes nothing.
A session is named by the server's own id, as `proctor sessions list` shows it, and not by the schema's.
"""

import time
from collections.abc import Iterator, Mapping

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from proctor.api import ids
from proctor.api.act import Act
from proctor.api.caller import Caller
from proctor.api.documents import Prepared
from proctor.api.execution import Ready
from proctor.contracts.access import AccessStore, Deed
from proctor.domain.json import JsonObject

LONGEST = 64
"""Characters of a session's id; nothing longer is written down."""
LONGEST_KEY = 200
"""Characters of an idempotency key; longer ones are refused, and cut off where that is written down."""


def begin(caller: Caller, action: str, key: str, gid: str | None = None) -> Act:
    """Take note that a mutation begins. It is written down once its whole operation is over."""
    shown = key[:LONGEST_KEY].encode(errors="replace").decode()
    act = Act(action, own_id(gid) if gid is not None else None, shown)
    caller.acts.append(act)
    return act


async def audit(store: AccessStore, caller: Caller) -> None:
    """Write down what an operation's mutations did."""
    for act in caller.acts:
        about: JsonObject = {"outcome": act.outcome, "key": act.key}
        if act.code is not None:
            about = {**about, "code": act.code}
        await _record(store, caller, act.action, act.session, about)


async def audit_refusal(store: AccessStore, caller: Caller, ready: Ready) -> None:
    """Write down that an operation was refused before any of its mutations began."""
    operation = ready.prepared.operation(ready.operation.name)
    names = dict.fromkeys(field.name.value for field in root_fields(ready.prepared, operation.selection_set))
    actions = ", ".join(name for name in names if not name.startswith("__"))
    await _record(store, caller, actions, None, {"outcome": "refused"})


async def _record(store: AccessStore, caller: Caller, action: str, session: str | None, about: JsonObject) -> None:
    detail = {"request": caller.request_id, "role": caller.role, **about}
    await store.record(Deed(time.time(), caller.scope, action, session, detail))


def root_fields(prepared: Prepared, selections: SelectionSetNode) -> Iterator[FieldNode]:
    """Give the fields that an operation asks at its top, those of fragments too."""
    for node in selections.selections:
        match node:
            case FieldNode():
                yield node
            case InlineFragmentNode():
                yield from root_fields(prepared, node.selection_set)
            case FragmentSpreadNode():
                yield from root_fields(prepared, prepared.fragments[node.name.value].selection_set)


def session_of(value: object) -> str | None:
    """Find the session that variables name by `sessionId`, at whatever depth that stands, and give its own id."""
    if not isinstance(value, Mapping):
        return None
    if isinstance(named := value.get("sessionId"), str):
        return own_id(named)
    return next(filter(None, map(session_of, value.values())), None)


def own_id(gid: str) -> str | None:
    """Give the server's own id of the session that one of the schema's names."""
    session_id = ids.session_of(gid)
    return session_id[:LONGEST] if session_id else None
