"""Events: what the change stream of a session's tree says."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypedDict

import strawberry
from strawberry.scalars import JSON

from proctor.api.enums import EventKind, SessionStatus
from proctor.api.ids import number_cursor, session_gid
from proctor.api.node import Info, moment
from proctor.domain.event import Event
from proctor.domain.json import Json

if TYPE_CHECKING:
    from proctor.api.session import Session

LazySession = Annotated["Session", strawberry.lazy("proctor.api.session")]


@strawberry.interface
class Change:
    """Something that was told of a session."""

    about: strawberry.Private[str]
    cursor: str
    """Its place in the stream. A subscription with `after` it goes on behind it."""
    kind: EventKind
    """What it tells of."""
    at: datetime
    """When it happened."""
    session_id: strawberry.ID
    """The session of which it tells. A gap names the session that is watched."""
    step: str | None
    """The step of the interaction of which it tells."""
    sequence: int | None
    """The number of the interaction of which it tells."""
    status: SessionStatus | None
    """Where the session stood after it; null for activity, output and a gap, which do not tell."""
    step_status: str | None
    """The status with which the step was judged, if that is what it tells."""
    reason: str | None
    """Why the step was started: the rule, and the interaction from which it followed."""

    @strawberry.field
    async def session(self, info: Info) -> LazySession:
        """Give the session as it is now, which may be further on than the event."""
        from proctor.api.session import Session

        return Session.of(await info.context.app.sessions.head(info.context.scope, self.about))


@strawberry.type
class SessionEvent(Change):
    """An entry of the stream of a session's tree."""

    text: str | None
    """What an agent said, what a program wrote, or what went wrong."""
    data: JSON
    """All that was told. Ids in here are the server's own, not those of this schema."""


@strawberry.type
class SessionChange(Change):
    """A change of a child session's state."""

    error: str | None
    """What went wrong with the step or the child."""


def session_event(event: Event) -> SessionEvent:
    """Show an event."""
    return SessionEvent(**_told(event), text=_message(event), data=JSON(event.data))


def session_change(event: Event) -> SessionChange:
    """Show an event of a child as a change of its state."""
    return SessionChange(**_told(event), error=_message(event))


class _Told(TypedDict):
    """What both have in common."""

    about: str
    cursor: str
    kind: EventKind
    at: datetime
    session_id: strawberry.ID
    step: str | None
    sequence: int | None
    status: SessionStatus | None
    step_status: str | None
    reason: str | None


def _told(event: Event) -> _Told:
    return _Told(
        about=event.session_id,
        cursor=number_cursor("event", event.root, event.sequence),
        kind=EventKind(event.kind),
        at=moment(event.at),
        session_id=session_gid(event.session_id),
        step=_text(event.data.get("step")),
        sequence=_number(event.data.get("sequence")),
        status=_status(event),
        step_status=_text(event.data.get("status")) if event.kind == "interaction_completed" else None,
        reason=_text(event.data.get("reason")) or None,
    )


def _status(event: Event) -> SessionStatus | None:
    if event.kind == "session_changed":
        return SessionStatus(event.data["status"])
    return None if event.kind in ("activity", "output", "gap") else SessionStatus.ACTIVE


def _message(event: Event) -> str | None:
    data = event.data
    return _text(data.get("text")) or _text(data.get("message")) or _text(data.get("error"))


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Json) -> int | None:
    return value if isinstance(value, int) else None
