"""A row of the audit for each mutation, also for one that was refused or failed.

A session is named by the server's own id, as `proctor sessions list` shows it, and not by the schema's.
"""

import time
from collections.abc import Iterator, Mapping

from graphql import ExecutionResult, FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode
from graphql.utilities import value_from_ast_untyped

from proctor.api import ids
from proctor.api.caller import Caller
from proctor.api.documents import Prepared
from proctor.api.execution import Ready
from proctor.contracts.access import AccessStore, Deed

LONGEST = 64
"""Characters of a session's id; nothing longer is written down."""


async def audit(store: AccessStore, ready: Ready, caller: Caller, result: ExecutionResult | None) -> None:
    """Write down what a mutation did; without a result its fate is not known."""
    operation = ready.prepared.operation(ready.operation.name)
    for field in root_fields(ready.prepared, operation.selection_set):
        key = field.alias.value if field.alias else field.name.value
        answer = _answer(result, key)
        deed = Deed(
            at=time.time(),
            scope=caller.scope,
            action=field.name.value,
            session=session_of(_arguments(field, ready.operation.variables)) or _created(answer),
            detail={"request": caller.request_id, "role": caller.role, "outcome": _outcome(result, key)},
        )
        await store.record(deed)


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
    """Find the session that arguments name by `sessionId`, at whatever depth that stands, and give its own id."""
    if not isinstance(value, Mapping):
        return None
    if isinstance(named := value.get("sessionId"), str):
        return _own_id(named)
    return next(filter(None, map(session_of, value.values())), None)


def _own_id(gid: str) -> str | None:
    session_id = ids.session_of(gid)
    return session_id[:LONGEST] if session_id else None


def _created(answer: Mapping[str, object]) -> str | None:
    """Find the session in an answer: no argument names one that was created. Its client has to ask for the id."""
    session = answer.get("session")
    gid = session.get("id") if isinstance(session, Mapping) else None
    return _own_id(gid) if isinstance(gid, str) else None


def _arguments(field: FieldNode, variables: Mapping[str, object]) -> dict[str, object]:
    known = dict(variables)
    return {node.name.value: value_from_ast_untyped(node.value, known) for node in field.arguments or ()}


def _outcome(result: ExecutionResult | None, key: str) -> str:
    """Tell what came of one field: its type's name where the client asked for it."""
    if result is None:
        return "unknown"
    for error in result.errors or ():
        if error.path is None or error.path[:1] == [key]:
            return _code(error.extensions)
    name = _answer(result, key).get("__typename")
    return name if isinstance(name, str) else "answered"


def _answer(result: ExecutionResult | None, key: str) -> Mapping[str, object]:
    found = ((result.data if result else None) or {}).get(key)
    return found if isinstance(found, Mapping) else {}


def _code(extensions: Mapping[str, object] | None) -> str:
    code = (extensions or {}).get("code")
    return code if isinstance(code, str) else "error"
