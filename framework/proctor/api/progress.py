"""Progress: how far the children of a session are."""

from collections import Counter
from collections.abc import Sequence

import strawberry

from proctor.domain.head import Head


@strawberry.type
class OutcomeCount:
    """How many sessions came to one end."""

    outcome: str
    """The end, in one word: `proven`, `partial`, `none`."""
    count: int
    """How many."""


@strawberry.type
class Progress:
    """How far the children of a session are. Of several attempts under one key, the newest counts."""

    total: int
    """All that were created so far."""
    active: int
    """Those that are under way."""
    complete: int
    """Those that came to their end."""
    failed: int
    """Those that were given up."""
    cancelled: int
    """Those that nobody wants any more."""
    outcomes: list[OutcomeCount]
    """What came of the complete ones, by outcome."""


def counted(children: Sequence[Head]) -> Progress:
    """Count children, which come by key and attempt."""
    newest = {child.birth.key: child for child in children}.values()
    by_status = Counter(child.status for child in newest)
    outcomes = Counter(child.outcome for child in newest if child.status == "complete" and child.outcome)
    return Progress(
        total=len(newest),
        active=by_status["active"],
        complete=by_status["complete"],
        failed=by_status["failed"],
        cancelled=by_status["cancelled"],
        outcomes=[OutcomeCount(outcome=outcome, count=count) for outcome, count in sorted(outcomes.items())],
    )
