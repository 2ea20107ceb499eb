"""Ends the component's session and says what came of it."""

import json
from collections.abc import Sequence
from itertools import accumulate

from pydantic import BaseModel, JsonValue

from proctor import Command, Json, JsonObject, NoOptions, Outcome, Result, Scope, Session, Step
from proctor_component_testing.state import Memory, recall
from proctor_python.measured import percent_after, percent_before

REASON = 2000
"""Characters of the reason."""
BUGS_BYTES = 32 * 1024
"""Of suspected bugs, as JSON: a product may have 64 KiB. The session's state keeps them all."""


class Finalize(Step):
    """Hands the parent the proven files, or the reason why there are none."""

    name = "finalize"
    workflow = "component_testing"
    Options = NoOptions

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        """Nothing has to be executed."""
        return Command("none")

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Judge the whole session."""
        memory = recall(session)
        return Outcome(result, product=_product(memory), outcome=_outcome(memory))


def _outcome(memory: Memory) -> str:
    if memory.target not in memory.files:
        return "none"
    return "partial" if memory.dropped else "proven"


def _product(memory: Memory) -> JsonObject:
    landed = memory.target in memory.files
    before = percent_before(memory.baseline)
    after = percent_after(memory.baseline, memory.coverage) if landed else before
    return {
        "files": dict(memory.files) if landed else {},
        "tests": memory.tests if landed else 0,
        "dropped": len(memory.dropped),
        "coverage": {"before": before, "after": after, "alone": memory.coverage.percent if memory.coverage else None},
        "suspected_bugs": _first(memory.suspected_bugs),
        "reason": None if landed else (memory.reason or "the agent wrote nothing")[:REASON],
    }


def _first(bugs: Sequence[dict[str, JsonValue]]) -> list[Json]:
    """Give the first ones, as many as may stand in a product."""
    sizes = accumulate(len(json.dumps(bug)) for bug in bugs)
    return [bug for bug, size in zip(bugs, sizes, strict=True) if size <= BUGS_BYTES]
