"""What is told of each change of a head."""

from dataclasses import asdict

from proctor.domain.budget import is_bounded
from proctor.domain.event import EventKind, News
from proctor.domain.head import Head
from proctor.domain.interaction import Interaction
from proctor.domain.json import JsonObject
from proctor.domain.session import TERMINAL

QUESTION = 500
"""Characters of a question that an event repeats."""


def _news(head: Head, kind: EventKind, now: float, data: JsonObject) -> News:
    return News(head.id, kind, now, data)


def created(head: Head, now: float) -> News:
    """Tell of a new session."""
    birth = head.birth
    data: JsonObject = {
        "workflow": birth.workflow,
        "parent": birth.parent,
        "key": birth.key,
        "attempt": birth.attempt,
        "priority": birth.priority,
        "subject": birth.subject,
    }
    if birth.parent is None and is_bounded(birth.limits):
        limits = birth.limits
        data = {**data, "limits": {"seconds": limits.seconds, "tokens": limits.tokens, "money": limits.money}}
    return _news(head, "session_created", now, data)


def changed(head: Head, now: float) -> News:
    """Tell of a new status, a block or a pause."""
    data: JsonObject = {
        "status": head.status,
        "outcome": head.outcome,
        "blocked": head.blocked,
        "paused": head.paused,
        "error": head.last_error,
        "product": head.product,
    }
    return _news(head, "session_changed", now, data)


def ended(head: Head, now: float) -> tuple[News, ...]:
    """Tell of the end, if it is one."""
    return (changed(head, now),) if head.status in TERMINAL else ()


def started(head: Head, reason: str, now: float) -> News:
    """Tell of a command that was handed out, and why."""
    assert head.pending is not None
    command = head.pending.command
    data: JsonObject = {"sequence": head.pending.sequence, "step": command.step, "kind": command.kind, "reason": reason}
    return _news(head, "interaction_started", now, data)


def completed(head: Head, closed: Interaction) -> News:
    """Tell of a verdict."""
    assert closed.result is not None
    data: JsonObject = {
        "sequence": closed.sequence,
        "step": closed.command.step,
        "status": closed.result.status,
        "message": closed.result.error_message,
        "duration_s": closed.result.duration_s,
    }
    if closed.result.usage is not None:
        data = {**data, "usage": asdict(closed.result.usage)}
    return _news(head, "interaction_completed", closed.closed_at or 0.0, data)


def abandoned(head: Head, closed: Interaction | None, now: float) -> tuple[News, ...]:
    """Tell of an interaction that was closed without a result."""
    if closed is None:
        return ()
    return (_news(head, "interaction_abandoned", now, {"sequence": closed.sequence, "step": closed.command.step}),)


def parked(head: Head, now: float) -> News:
    """Tell of an interaction that waits for its children, or for somebody."""
    asked = head.pending.command.arguments.get("question") if head.pending else None
    question = {"question": asked[:QUESTION]} if isinstance(asked, str) and asked else {}
    return _news(head, "interaction_parked", now, {"waits_for": head.parked, **question})
