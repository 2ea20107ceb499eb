"""Domain values to JSON text and back, and the one place where text is cleaned.

No database holds a lone surrogate, and PostgreSQL holds no NUL: both become U+FFFD. An integer beyond 64 bits becomes
text, and a float that is no number becomes null, as JSON has neither.
"""

import dataclasses
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeAlias

import orjson

from proctor.contracts.access import Deed, Token
from proctor.contracts.store import Answer, Owner, Tree
from proctor.domain.event import Event, News
from proctor.domain.head import Birth, Head, Pending
from proctor.domain.interaction import ChildSpec, Command, Interaction, Result, Usage, Workspace
from proctor.domain.orchestrator import Completed
from proctor.domain.scope import Scope
from proctor.domain.session import AgentChoice, Limits
from proctor.domain.workflow import PinnedStep, PinnedWorkflow, PinnedWrapper

Row: TypeAlias = tuple[Any, ...]
Parameters: TypeAlias = dict[str, object]
Document: TypeAlias = dict[str, Any]
"""A JSON object, freshly read: the functions below take it apart."""

_UNFIT = re.compile("[\0\ud800-\udfff]")
_INTEGERS = range(-(2**63), 2**63)


def text(value: str) -> str:
    """Clean a text of what a database cannot hold."""
    return value if value.isascii() and "\0" not in value else _UNFIT.sub("\ufffd", value)


def document(value: object) -> str:
    """Encode a value as JSON, cleaned."""
    try:
        encoded = orjson.dumps(value, _plain)
    except orjson.JSONEncodeError:
        encoded = orjson.dumps(_cleaned(value))
    if b"\\u0000" in encoded:
        encoded = orjson.dumps(_cleaned(value))
    return encoded.decode()


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _cleaned(value: object) -> object:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int):
        return value if value in _INTEGERS else str(value)
    if isinstance(value, Mapping):
        return {text(str(key)): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in value]
    if dataclasses.is_dataclass(value):
        return {field.name: _cleaned(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value


def head_row(head: Head) -> Row:
    """Give what is written of a head at every change, its version and its id last."""
    pending = head.pending
    present = {
        "state": head.state,
        "outcome": head.outcome,
        "product": head.product,
        "last_error": head.last_error,
        "last_completed": head.last_completed,
        "pending": pending,
        "repeats": head.repeats,
        "same_failure": head.same_failure,
        "failure": head.failure,
        "abandoned": head.abandoned,
        "counted_from": head.counted_from,
    }
    return (
        head.status,
        head.paused,
        None if head.blocked is None else text(head.blocked),
        head.parked,
        head.open_children,
        pending is not None,
        pending is not None and pending.raw is not None,
        head.sequence,
        head.fence,
        head.lease_until,
        None if head.owner is None else text(head.owner),
        document(present),
        head.version or 1,
        head.birth.id,
    )


def newborn_row(head: Head) -> Row:
    """Give what is written of a head when it is inserted."""
    birth = head.birth
    return (
        *head_row(head),
        birth.root,
        birth.parent,
        text(birth.key),
        birth.attempt,
        birth.depth,
        birth.workflow,
        birth.scope.account,
        birth.scope.project,
        birth.priority,
        birth.created_at,
    )


def head(row: Row) -> Head:
    """Decode a head."""
    (birth, status, paused, blocked, parked, open_children, sequence, fence, lease, owner, version, present) = row
    rest: Document = orjson.loads(present)
    if last := rest["last_completed"]:
        rest["last_completed"] = Completed(**last)
    if pending := rest["pending"]:
        rest["pending"] = _pending(pending)
    return Head(
        birth=_birth(birth),
        status=status,
        paused=bool(paused),
        blocked=blocked,
        parked=parked,
        open_children=open_children,
        sequence=sequence,
        fence=fence,
        lease_until=lease,
        owner=owner,
        version=version,
        **rest,
    )


@lru_cache(maxsize=2048)  # it never changes, and is read with every head
def _birth(encoded: str) -> Birth:
    data: Document = orjson.loads(encoded)
    data["scope"] = Scope(**data["scope"])
    data["agent"] = AgentChoice(**data["agent"])
    data["limits"] = Limits(**data["limits"])
    return Birth(**data)


def _pending(data: Document) -> Pending:
    data["command"] = _command(data["command"])
    if raw := data["raw"]:
        data["raw"] = _result(raw)
    return Pending(**data)


def _command(data: Document) -> Command:
    if workspace := data["workspace"]:
        data["workspace"] = Workspace(**workspace)
    data["children"] = tuple(ChildSpec(**child) for child in data["children"])
    return Command(**data)


def _result(data: Document) -> Result:
    if usage := data["usage"]:
        data["usage"] = Usage(**usage)
    return Result(**data)


def interaction(row: Row) -> Interaction:
    """Decode a closed interaction."""
    data: Document = orjson.loads(row[0])
    data["command"] = _command(data["command"])
    if result := data["result"]:
        data["result"] = _result(result)
    return Interaction(**data)


def event(row: Row) -> Event:
    """Decode an event."""
    root, sequence, session, kind, at, data = row
    return Event(root, sequence, session, kind, at, orjson.loads(data))


def news(item: News) -> Row:
    """Encode what an event will say, but for its root and its number."""
    return (text(item.session_id), item.kind, item.at, document(item.data))


def tree_parameters(tree: Tree, now: float, *, active: bool) -> Parameters:
    """Give what is written of a new tree; its events and sessions are counted by the store."""
    return {
        "root": tree.root,
        "account": tree.scope.account,
        "project": tree.scope.project,
        "user": tree.scope.user,
        "fingerprint": None if tree.fingerprint is None else text(tree.fingerprint),
        "active": active,
        "now": now,
        "owner": owner_text(tree.owner),
        "input_tokens": tree.spent.input_tokens,
        "output_tokens": tree.spent.output_tokens,
        "cost_usd": tree.spent.cost_usd,
        "workflows": document(tree.workflows),
    }


def tree(row: Row) -> Tree:
    """Decode a tree."""
    (root, account, project, user, fingerprint, owner, events, forgotten, sessions, *spent, pins) = row
    return Tree(
        root=root,
        scope=Scope(account, project, user),
        workflows=tuple(_workflow(data) for data in orjson.loads(pins)),
        fingerprint=fingerprint,
        owner=None if owner is None else Owner(**orjson.loads(owner)),
        events=events,
        forgotten=forgotten,
        sessions=sessions,
        spent=Usage(*spent),
    )


def _workflow(data: Document) -> PinnedWorkflow:
    steps = {name: _step(step) for name, step in data["steps"].items()}
    return PinnedWorkflow(data["name"], tuple(data["main"]), steps, tuple(data["spawns"]))


def _step(data: Document) -> PinnedStep:
    data["wrappers"] = tuple(PinnedWrapper(**wrapper) for wrapper in data.get("wrappers", ()))
    return PinnedStep(**data)


def owner_text(owner: Owner | None) -> str | None:
    """Encode an owner so that equal owners are equal texts."""
    return None if owner is None else document(owner)


def answer_parameters(answer: Answer, now: float) -> Parameters:
    """Give what is written of an answer."""
    return {
        "session": answer.session_id,
        "operation": answer.operation,
        "key": text(answer.key),
        "digest": answer.digest,
        "answer": document(answer.answer),
        "created_at": now,
    }


def answer(row: Row) -> Answer:
    """Decode an answer."""
    session, operation, key, digest, given = row
    return Answer(session, operation, key, digest, orjson.loads(given))


def token_parameters(token: Token) -> Parameters:
    """Give what is written of a new token."""
    return {
        "digest": token.digest,
        "name": text(token.name),
        "role": token.role,
        "account": text(token.scope.account),
        "project": text(token.scope.project),
        "user": text(token.scope.user),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
    }


def token(row: Row) -> Token:
    """Decode a token."""
    digest, name, role, account, project, user, created_at, expires_at, revoked_at = row
    return Token(digest, name, role, Scope(account, project, user), created_at, expires_at, revoked_at)


def deed_parameters(deed: Deed) -> Parameters:
    """Give what is written of an entry of the audit."""
    return {
        "at": deed.at,
        "account": deed.scope.account,
        "project": deed.scope.project,
        "user": text(deed.scope.user),
        "action": text(deed.action),
        "session": None if deed.session is None else text(deed.session),
        "detail": document(deed.detail),
    }


def deed(row: Row) -> Deed:
    """Decode an entry of the audit."""
    at, account, project, user, action, session, detail = row
    return Deed(at, Scope(account, project, user), action, session, orjson.loads(detail))
