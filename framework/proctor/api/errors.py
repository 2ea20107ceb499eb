"""What a client has to expect: each outcome that is no success is a type with the interface Error.

A fault that nobody can expect, a full disk say, stands in the response's `errors`, with its code as an extension.
"""

from collections.abc import Callable, Mapping

import strawberry
from graphql import GraphQLError

from proctor import errors
from proctor.api.enums import SessionStatus
from proctor.api.ids import session_gid
from proctor.api.shown import shown
from proctor.errors import ProctorError, UsageError


@strawberry.interface
class Error:
    """What every expected failure says."""

    message: str
    """What happened, to what, and what to do next, for a person."""
    code: str
    """What happened, for a program. Codes are stable; the guide of the API lists them."""


@strawberry.type
class Forbidden(Error):
    """The caller may not do this."""


@strawberry.type
class NotFound(Error):
    """There is no such thing, or it is none of the caller's business."""


@strawberry.type
class InvalidInput(Error):
    """The input cannot be used as it was given."""


@strawberry.type
class SessionClosed(Error):
    """The session has ended; nothing more can be done in it."""

    status: SessionStatus
    """How it ended."""
    why: str | None = None
    """Why it ended, if something went wrong."""


@strawberry.type
class SessionPaused(Error):
    """The session is paused: nothing new starts until it is resumed."""


@strawberry.type
class SessionOwned(Error):
    """Another process drives the session's tree."""


@strawberry.type
class PluginMissing(Error):
    """A plugin that is needed now is not installed, or cannot be used. A session goes on when it is there."""


@strawberry.type
class InvalidInteraction(Error):
    """The log names a step that the session's workflow does not have."""

    step: str
    """That step."""


@strawberry.type
class InvalidState(Error):
    """A step ended with a status that its own table does not list."""

    step: str
    """That step."""
    step_status: str
    """That status."""


@strawberry.type
class StaleFence(Error):
    """The interaction was handed out again or closed meanwhile. Nothing was changed."""

    fence: int
    """The fence that was given."""
    current: int
    """The fence that counts now."""


@strawberry.type
class NothingPending(Error):
    """The session has no started interaction to which this could belong."""


@strawberry.type
class NothingToRetry(Error):
    """Nothing in the session failed, or its workflow has gone on without what did."""


@strawberry.type
class IdempotencyConflict(Error):
    """The idempotency key was used before with other content."""

    key: str
    """That key."""


@strawberry.type
class Conflict(Error):
    """Others changed the session at the same moment, again and again. Try again."""


SHOWN = 100
"""How much of an id a message repeats."""


class Refusal(Exception):
    """Carries an expected failure out of the depth of a resolver."""

    def __init__(self, answer: Error) -> None:
        super().__init__(answer.message)
        self.answer = answer


def forbidden(what: str) -> Refusal:
    """Refuse something to a caller."""
    return Refusal(Forbidden(message=what, code="forbidden"))


def not_found(gid: str) -> Refusal:
    """Say that an id leads nowhere, in the same words whether it is malformed, unknown or somebody else's."""
    shown = gid[:SHOWN].encode(errors="replace").decode()
    return Refusal(NotFound(message=f"There is nothing with the id {shown} here. Check the id.", code="not_found"))


def invalid_input(reason: str) -> Refusal:
    """Refuse an input."""
    return Refusal(InvalidInput(message=reason, code="invalid_input"))


def invalid_argument(name: str, reason: str) -> GraphQLError:
    """Make the error of a field whose type has no room for one."""
    return GraphQLError(f"The argument {name} cannot be used: {reason}", extensions={"code": f"invalid_{name}"})


def answer_to(error: ProctorError) -> Error | None:
    """Give the type that tells a client of an error, or None if no client can expect it."""
    for kind, answer in ANSWERS.items():
        if isinstance(error, kind):
            return None if answer is None else _SPECIAL.get(answer, _plain(answer))(error)
    return None


def _closed(error: ProctorError) -> Error:
    return SessionClosed(message=shown(error), code=error.code, status=SessionStatus(error.facts["status"]))


def _stale(error: ProctorError) -> Error:
    fence, current = error.facts["fence"], error.facts["current"]
    assert isinstance(fence, int)
    assert isinstance(current, int)
    return StaleFence(message=shown(error), code=error.code, fence=fence, current=current)


def _reused(error: ProctorError) -> Error:
    return IdempotencyConflict(message=shown(error), code=error.code, key=str(error.facts["key"]))


def _missing(error: ProctorError) -> Error:
    return not_found(session_gid(str(error.facts["session_id"]))).answer


def _plain(kind: type[Error]) -> Callable[[ProctorError], Error]:
    return lambda error: kind(message=shown(error), code=error.code)


_SPECIAL: Mapping[type[Error], Callable[[ProctorError], Error]] = {
    SessionClosed: _closed,
    StaleFence: _stale,
    IdempotencyConflict: _reused,
    NotFound: _missing,
}

ANSWERS: Mapping[type[ProctorError], type[Error] | None] = {
    errors.SessionNotFound: NotFound,
    errors.SessionClosed: SessionClosed,
    errors.SessionPaused: SessionPaused,
    errors.SessionBlocked: PluginMissing,
    errors.PluginMissing: PluginMissing,
    errors.PluginBroken: PluginMissing,
    errors.PluginClash: PluginMissing,
    errors.UnknownAnchor: PluginMissing,
    errors.AnchorCycle: PluginMissing,
    errors.AnchorAfterEnd: PluginMissing,
    errors.DuplicateStep: PluginMissing,
    errors.ReplacedTwice: PluginMissing,
    errors.InvalidStep: PluginMissing,
    errors.StaleFence: StaleFence,
    errors.NothingPending: NothingPending,
    errors.ChildrenOpen: NothingPending,
    errors.NoLease: NothingPending,
    errors.NothingToRetry: NothingToRetry,
    errors.IdempotencyConflict: IdempotencyConflict,
    errors.Conflict: Conflict,
    errors.TreeOwned: SessionOwned,
    errors.DatabaseUnusable: None,
    UsageError: InvalidInput,
}
"""The first kind that fits tells; None is a fault of the server, of which no client has to know."""
