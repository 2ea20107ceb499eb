"""The answers to "what comes next?"."""

from datetime import datetime
from typing import Annotated

import strawberry

from proctor.api.caller import Caller
from proctor.api.enums import SessionStatus, WaitsFor
from proctor.api.errors import (
    InvalidInteraction,
    InvalidState,
    NotFound,
    PluginMissing,
    SessionClosed,
    SessionPaused,
)
from proctor.api.interaction import Interaction, pending
from proctor.api.node import maybe_moment
from proctor.api.shown import without_folders
from proctor.domain import orchestrator
from proctor.domain.head import Head


@strawberry.type
class NextInteraction:
    """A step can be started now."""

    step: str
    """That step."""
    reason: str
    """Which rule says so, and because of which interaction."""


@strawberry.type
class InteractionPending:
    """An interaction is pending; nothing else comes before its result."""

    interaction: Interaction
    """That interaction."""
    parked: WaitsFor | None
    """What it waits for, if nobody is to execute it."""
    lease_expires_at: datetime | None
    """Until when whoever executes it has to submit or renew; afterwards it is handed out again."""


@strawberry.type
class SessionComplete:
    """The session's workflow has come to its end."""

    reason: str
    """Which interaction completed it."""


NextInteractionResult = Annotated[
    NextInteraction
    | InteractionPending
    | SessionComplete
    | SessionClosed
    | SessionPaused
    | PluginMissing
    | InvalidInteraction
    | InvalidState
    | NotFound,
    strawberry.union("NextInteractionResult", description="What comes next in a session, or why nothing does."),
]


async def next_interaction(caller: Caller, head: Head) -> NextInteractionResult:
    """Say what comes next: what the session waits for, else what the rule says."""
    if head.status == "active" and (waits := _waits(head)):
        return waits
    match await caller.app.sessions.next_after(caller.scope, head):
        case orchestrator.NextStep() if head.status != "active":
            return _closed(head)
        case orchestrator.NextStep(step, reason):
            return NextInteraction(step=step, reason=reason)
        case orchestrator.SessionComplete(reason):
            return SessionComplete(reason=reason)
        case orchestrator.InvalidInteraction(step):
            message = f"The log names the step {step}, which the workflow {head.birth.workflow} does not have."
            return InvalidInteraction(message=message, code="invalid_interaction", step=step)
        case orchestrator.InvalidState(step, status):
            message = f"The step {step} ended with the status {status}, which its own table does not list."
            return InvalidState(message=message, code="invalid_state", step=step, step_status=status)


def _waits(head: Head) -> InteractionPending | SessionPaused | PluginMissing | None:
    if interaction := pending(head):
        return InteractionPending(
            interaction=interaction,
            parked=interaction.waits_for,
            lease_expires_at=maybe_moment(head.lease_until),
        )
    if head.paused:
        return SessionPaused(message="The session is paused. Resume it first.", code="session_paused")
    if head.blocked is not None:
        return PluginMissing(message=without_folders(head.blocked), code="plugin_missing")
    return None


def _closed(head: Head) -> SessionClosed:
    message = f"The session is {head.status}; nothing more can be done in it."
    return SessionClosed(message=message, code="session_closed", status=SessionStatus(head.status), why=head.last_error)
