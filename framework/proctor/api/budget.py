"""Budgets: what a session may spend, and what is left of it."""

import strawberry

from proctor.domain import session as domain


@strawberry.type
class Limits:
    """What a session may spend before it is ended."""

    repeats: int
    """How often in a row one step may be repeated."""
    same_failure: int
    """How often in a row one step may fail in the same way."""
    fixes: int
    """Rounds of repairing tests."""
    attempts: int
    """Child sessions for one component."""
    abandoned: int
    """Interactions of one step lost in a row, because whoever executed them was gone."""
    interactions: int
    """Interactions in all."""


@strawberry.type
class Remaining:
    """What is left of a session's limits."""

    fixes: int
    """Rounds of repairing tests."""
    interactions: int
    """Interactions in all."""


def limits(given: domain.Limits) -> Limits:
    """Show what a session may spend."""
    return Limits(
        repeats=given.repeats,
        same_failure=given.same_failure,
        fixes=given.fixes,
        attempts=given.attempts,
        abandoned=given.abandoned,
        interactions=given.interactions,
    )
