"""The closed sets of the schema. Kinds of steps, commands and agents are open, and therefore strings."""

from enum import Enum

import strawberry


@strawberry.enum
class SessionStatus(Enum):
    """Where a session stands. All but ACTIVE are final."""

    ACTIVE = "active"
    """It is under way, or waits: for its children, for somebody, paused, or for a plugin."""
    COMPLETE = "complete"
    """Its last step ended with `ok`."""
    FAILED = "failed"
    """It was given up; `lastError` says why."""
    CANCELLED = "cancelled"
    """Somebody wanted no more of it."""


@strawberry.enum
class ExecutionMode(Enum):
    """Who starts a session's steps."""

    MANUAL = "manual"
    """Only clients do, by `startInteraction`."""
    AUTO = "auto"
    """A runner of the server does."""


@strawberry.enum
class InteractionStatus(Enum):
    """Where an interaction stands."""

    PENDING = "pending"
    """Its command was handed out, and no result was judged yet."""
    COMPLETED = "completed"
    """Its result was judged."""
    ABANDONED = "abandoned"
    """It was closed without a result: whoever executed it is gone, or its session was cancelled."""


@strawberry.enum
class WaitsFor(Enum):
    """What a parked interaction waits for. Nobody executes it and no lease runs out."""

    CHILDREN = "children"
    """The children of its session; it goes on by itself when all of them have ended."""
    EXTERNAL = "external"
    """Somebody's `submitResult`: a human's approval, say."""


@strawberry.enum
class EventKind(Enum):
    """What an event tells of."""

    SESSION_CREATED = "session_created"
    """A session was created."""
    SESSION_CHANGED = "session_changed"
    """A session ended, was paused or resumed, or is blocked by a missing plugin, or no longer."""
    INTERACTION_STARTED = "interaction_started"
    """A command was handed out."""
    INTERACTION_PARKED = "interaction_parked"
    """An interaction waits for children, or for somebody."""
    INTERACTION_COMPLETED = "interaction_completed"
    """A result was judged."""
    INTERACTION_ABANDONED = "interaction_abandoned"
    """An interaction was closed without a result."""
    ACTIVITY = "activity"
    """An agent said or did something while it worked."""
    OUTPUT = "output"
    """A program wrote something."""
    GAP = "gap"
    """Events from here up to this one's cursor are no longer kept. Read the session anew."""


@strawberry.enum
class TransitionRule(Enum):
    """How a step's table says where to go."""

    NEXT = "@next"
    """To the step behind this one on the main line; behind the last one the session is complete."""
    SELF = "@self"
    """To the same step again."""
    STEP = "step"
    """To a step by name."""
