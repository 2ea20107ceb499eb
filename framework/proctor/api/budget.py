"""Budgets: what a session may spend, and what is left of it."""

import strawberry

from proctor.domain import budget
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
    seconds: float | None
    """Time of the whole tree, while somebody drives it or executes something for it; null: without a limit."""
    tokens: float | None
    """Tokens that agents read and write in the whole tree: a whole number; null: without a limit."""
    money: float | None
    """What agents cost in the whole tree, in US dollars; null: without a limit."""
    sessions: int
    """Sessions of the whole tree, the root counted."""


@strawberry.type
class Spent:
    """What a whole tree has spent of its limits since its root was created, or opened again."""

    seconds: float
    """Time in which somebody drove it or executed something for it."""
    tokens: float
    """Tokens that agents read and wrote, as far as they told: a whole number."""
    money: float
    """What agents cost, in US dollars, as far as they told."""
    sessions: int
    """Its sessions, the root counted."""
    used_up: str | None
    """Which limit is reached, and what allows more; null if something is left of each."""


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
        seconds=given.seconds,
        tokens=given.tokens,
        money=given.money,
        sessions=given.sessions,
    )


def spent(by_tree: budget.Spent, given: domain.Limits) -> Spent:
    """Show what a tree has spent of its limits."""
    return Spent(
        seconds=by_tree.seconds,
        tokens=by_tree.tokens,
        money=by_tree.money,
        sessions=by_tree.sessions,
        used_up=budget.used_up(given, by_tree),
    )
