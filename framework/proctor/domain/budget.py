"""What a whole session tree may spend, and what follows once a budget is used up.

    tokens, money    no session begins, and nothing that spends them is started. What was begun is checked and lands.
    seconds          the same; and a session whose workflow spawns no others is ended where it stands.
    sessions         a new attempt for which there is no room is not made.

Steps see to it that what is proven lands: to them, no fix and no further attempt is left.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from proctor.domain.interaction import Usage
from proctor.domain.session import Limits


@dataclass(frozen=True, slots=True)
class Spent:
    """What all sessions of a tree have spent together since its root was opened, in the units of `Limits`."""

    seconds: float = 0.0
    tokens: int = 0
    money: float = 0.0
    sessions: int = 0

    def plus(self, usage: Usage | None) -> "Spent":
        """Add what a result reports."""
        if usage is None:
            return self
        tokens = self.tokens + usage.input_tokens + usage.output_tokens
        return replace(self, tokens=tokens, money=self.money + usage.cost_usd)


NOTHING = Spent()


def is_bounded(limits: Limits) -> bool:
    """Tell whether anything that is used up in time is limited."""
    return (limits.seconds, limits.tokens, limits.money) != (None, None, None)


def used_up(limits: Limits, spent: Spent) -> str | None:
    """Name the budget that is used up, and what allows more; None if each has something left."""
    return next(_used_up(limits, spent), None)


def is_named_in(reason: str) -> bool:
    """Tell whether this is the reason of a session that a budget ended."""
    return reason.startswith("limits.")


def held_to(limits: Limits, *, spends: bool, spawns: bool) -> Limits:
    """Give the limits that a start is held to.

    One that `spends`, or begins a session, is held to all. Any other may go on without tokens and money, and where the
    workflow `spawns` sessions without time as well: it lands what they have proven.
    """
    if spends or not is_bounded(limits):
        return limits
    return replace(limits, tokens=None, money=None, seconds=None if spawns else limits.seconds)


def narrowed(limits: Limits, spent: Spent) -> Limits:
    """Give the limits as they hold for a session of a tree that has spent so much."""
    if used_up(limits, spent):
        return replace(limits, fixes=0, attempts=1)
    return replace(limits, attempts=1) if spent.sessions >= limits.sessions else limits


def too_many(limits: Limits, wanted: int) -> str | None:
    """Say that a tree would have too many sessions; None if they are not."""
    if wanted <= limits.sessions:
        return None
    return f"limits.sessions: {wanted:,} sessions are wanted and {limits.sessions:,} are allowed{_more('sessions')}"


def amount(usd: float) -> str:
    """Write an amount of money: 2.00, 0.0125."""
    return f"{usd:.2f}" if usd >= 0.1 or not usd else f"{usd:.4f}"


def _used_up(limits: Limits, spent: Spent) -> Iterator[str]:
    if limits.money is not None and spent.money >= limits.money:
        yield f"limits.money: the {amount(limits.money)} USD of this run are spent{_more('money')}"
    if limits.tokens is not None and spent.tokens >= limits.tokens:
        yield f"limits.tokens: the {limits.tokens:,} tokens of this run are spent{_more('tokens')}"
    if limits.seconds is not None and spent.seconds >= limits.seconds:
        yield f"limits.seconds: the {limits.seconds:g} s of this run are over{_more('seconds')}"


def _more(budget: str) -> str:
    return f" (`[limits] {budget} = …` allows more)"
