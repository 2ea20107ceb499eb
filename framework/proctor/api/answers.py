"""What mutations answer: each a union of its success and of the failures that a client has to expect."""

from datetime import datetime
from typing import Annotated

import strawberry

from proctor.api.enums import SessionStatus
from proctor.api.errors import (
    Conflict,
    Forbidden,
    IdempotencyConflict,
    InvalidInput,
    NotFound,
    NothingPending,
    NothingToRetry,
    PluginMissing,
    SessionClosed,
    SessionOwned,
    SessionPaused,
    StaleFence,
)
from proctor.api.interaction import Interaction
from proctor.api.session import Session


@strawberry.type
class StartedInteraction:
    """An interaction that was handed out."""

    interaction: Interaction
    """What has to be done."""
    fence: int
    """To be given back with the result, and when the lease is renewed."""
    lease_expires_at: datetime | None
    """Until when to submit or renew. Null: it is parked, and not to be executed."""
    is_fresh: bool
    """True: it was handed out by this very call, to be executed. False: it had been before, or it is parked."""


@strawberry.type
class CreateSessionSuccess:
    """The session is there."""

    session: Session
    """The session."""
    is_continued: bool
    """It had been created before, for the same commit and the same options, and is unfinished."""


@strawberry.type
class StartInteractionSuccess:
    """An interaction is pending."""

    session: Session
    """Its session."""
    started: StartedInteraction
    """The interaction."""


@strawberry.type
class RenewLeaseSuccess:
    """The lease was renewed."""

    lease_expires_at: datetime
    """Until when to submit, or to renew again."""


@strawberry.type
class SubmitResultSuccess:
    """The result was judged."""

    session: Session
    """The session as it is now."""
    sequence: int
    """The number of the interaction."""
    step_status: str
    """The status with which its step judged it."""
    session_status: SessionStatus
    """Where the session stood after it."""
    started: StartedInteraction | None
    """The next interaction, if `goOn` was asked for and possible."""


@strawberry.type
class RunSessionSuccess:
    """The server executes the session."""

    session: Session
    """The session as it is now."""


@strawberry.type
class CancelSessionSuccess:
    """The session has ended, and all below it."""

    session: Session
    """The session as it is now; one that had ended before stays as it was."""


@strawberry.type
class PauseSessionSuccess:
    """The session is paused. What was running may finish."""

    session: Session
    """The session as it is now."""


@strawberry.type
class ResumeSessionSuccess:
    """The session goes on."""

    session: Session
    """The session as it is now."""


@strawberry.type
class RetrySessionSuccess:
    """What had failed is tried again."""

    session: Session
    """The session that was named, as it is now; if that is itself a child, the new attempt at it."""


def _union(name: str, what: str) -> object:
    return strawberry.union(name, description=f"{what}, or why it could not be done.")


CreateSessionResult = Annotated[
    CreateSessionSuccess | Forbidden | InvalidInput | PluginMissing | SessionOwned | IdempotencyConflict | Conflict,
    _union("CreateSessionResult", "The session"),
]
StartInteractionResult = Annotated[
    StartInteractionSuccess
    | Forbidden
    | InvalidInput
    | NotFound
    | SessionClosed
    | SessionPaused
    | PluginMissing
    | StaleFence
    | IdempotencyConflict
    | Conflict,
    _union("StartInteractionResult", "The interaction"),
]
RenewLeaseResult = Annotated[
    RenewLeaseSuccess | Forbidden | InvalidInput | NotFound | StaleFence | NothingPending | Conflict,
    _union("RenewLeaseResult", "The new end of the lease"),
]
SubmitResultResult = Annotated[
    SubmitResultSuccess
    | Forbidden
    | InvalidInput
    | NotFound
    | StaleFence
    | NothingPending
    | PluginMissing
    | IdempotencyConflict
    | Conflict,
    _union("SubmitResultResult", "What the result led to"),
]
RunSessionResult = Annotated[
    RunSessionSuccess | Forbidden | InvalidInput | NotFound | SessionClosed | SessionPaused | SessionOwned | Conflict,
    _union("RunSessionResult", "The session that is executed"),
]
CancelSessionResult = Annotated[
    CancelSessionSuccess | Forbidden | InvalidInput | NotFound | IdempotencyConflict | Conflict,
    _union("CancelSessionResult", "The session that was cancelled"),
]
PauseSessionResult = Annotated[
    PauseSessionSuccess | Forbidden | InvalidInput | NotFound | SessionClosed | IdempotencyConflict | Conflict,
    _union("PauseSessionResult", "The session that is paused"),
]
ResumeSessionResult = Annotated[
    ResumeSessionSuccess | Forbidden | InvalidInput | NotFound | SessionClosed | IdempotencyConflict | Conflict,
    _union("ResumeSessionResult", "The session that goes on"),
]
RetrySessionResult = Annotated[
    RetrySessionSuccess
    | Forbidden
    | InvalidInput
    | NotFound
    | SessionClosed
    | NothingToRetry
    | IdempotencyConflict
    | Conflict,
    _union("RetrySessionResult", "The session whose children are tried again"),
]
