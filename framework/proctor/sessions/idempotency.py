"""Repeated calls: under the same key, a call gets the answer of the first, and changes nothing again."""

import hashlib

import orjson

from proctor.contracts.store import Answer, Change
from proctor.domain.head import Head
from proctor.domain.interaction import Result
from proctor.domain.json import EMPTY, JsonObject
from proctor.domain.scope import Scope
from proctor.errors import IdempotencyConflict, StaleFence
from proctor.sessions.turn import Came

CREATE = "create"
START = "start"
SUBMIT = "submit"


def digest(content: object) -> str:
    """Give what tells contents apart."""
    return hashlib.sha256(orjson.dumps(content)).hexdigest()


def session_id(scope: Scope, key: str) -> str:
    """Give the id of the session that a caller creates under a key: a second one cannot be."""
    return digest([scope.account, scope.project, scope.user, key])[:32]


def answer(
    session_id: str, operation: str, key: str | None, content: object = None, said: JsonObject = EMPTY
) -> Answer | None:
    """Give what is remembered of a call; nothing, if it has no key."""
    return None if key is None else Answer(session_id, operation, key, digest(content), said)


def judged(head: Head, came: Came, change: Change) -> Answer | None:
    """Give what is remembered of a result: of that which was judged, whoever brought its verdict about."""
    assert head.pending is not None
    kept = head.pending.raw is not None
    key, content = (head.pending.key, head.pending.digest) if kept else (came.key, came.digest)
    if key is None or content is None or change.closed is None or change.closed.result is None:
        return None
    said: JsonObject = {
        "sequence": change.closed.sequence,
        "status": change.closed.result.status,
        "session_status": change.head.status,
    }
    return Answer(head.id, SUBMIT, key, content, said)


def came(result: Result, key: str | None, executed_by: str | None) -> Came:
    """Take a result as it came."""
    return Came(result, executed_by, key, None if key is None else digest(result))


def check_same(head: Head, came: Came) -> None:
    """Refuse a result when another one is kept already and only waits to be judged."""
    pending = head.pending
    if pending is None or pending.raw is None:
        return
    if came.key is not None and came.key == pending.key and came.digest != pending.digest:
        raise IdempotencyConflict(key=came.key, session_id=head.id, operation=SUBMIT)
    if came.key is None or came.key != pending.key:
        raise StaleFence(session_id=head.id, fence=head.fence, current=head.fence)
