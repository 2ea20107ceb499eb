"""Ends the component's session and says what came of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from pydantic import BaseModel, ConfigDict, JsonValue

from proctor import ERROR, Command, Json, JsonObject, Outcome, Result, Scope, Session, Step
from proctor_component_testing.state import Memory, recall
from proctor_python.measured import percent_after, percent_before

NONE = "none"
"""The outcome of a component for which nothing could be proven."""
REASON = 2000
"""Characters of the reason."""
BUGS_BYTES = 32 * 1024
"""Of suspected bugs, as JSON: a product may have 64 KiB. The session's state keeps them all."""
DROPPED_BYTES = 16 * 1024
"""The same of dropped tests."""
DROPPED_REASON = 300
"""Characters of why one test was dropped."""


class FinalizeOptions(BaseModel):
    """What counts as a success."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    require_tests: bool = False
    """Whether a component for which nothing could be proven fails."""


class Finalize(Step):
    """Hands the parent the proven files, or the reason why there are none."""

    name = "finalize"
    workflow = "component_testing"
    Options = FinalizeOptions

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        """Nothing has to be executed."""
        return Command("none")

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Judge the whole session."""
        assert isinstance(options, FinalizeOptions)
        memory = recall(session)
        outcome = Outcome(result, product=_product(memory), outcome=_outcome(memory))
        return _bare(outcome) if options.require_tests and outcome.outcome == NONE else outcome


def _bare(outcome: Outcome) -> Outcome:
    """Let a session without tests fail, so that it may be tried again."""
    assert outcome.product is not None
    message = f"no test could be proven, and tests are required: {outcome.product['reason']}"
    return replace(
        outcome, result=replace(outcome.result, status=ERROR, error_message=message), session_status="failed"
    )


def _outcome(memory: Memory) -> str:
    if memory.target not in memory.files:
        return NONE
    return "partial" if memory.dropped else "proven"


def _product(memory: Memory) -> JsonObject:
    landed = memory.target in memory.files
    before = percent_before(memory.baseline)
    after = percent_after(memory.baseline, memory.coverage) if landed else before
    return {
        "files": dict(memory.files) if landed else {},
        "tests": memory.tests if landed else 0,
        "dropped": len(memory.dropped),
        "dropped_tests": _first([_dropped(finding) for finding in memory.dropped], DROPPED_BYTES),
        "coverage": {"before": before, "after": after, "alone": memory.coverage.percent if memory.coverage else None},
        "suspected_bugs": _first(memory.suspected_bugs, BUGS_BYTES),
        "reason": None if landed else (memory.reason or "the agent wrote nothing")[:REASON],
    }


def _dropped(finding: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    reason = f"{finding.get('check')}: {finding.get('message')}"
    return {"test": finding.get("test") or None, "reason": reason[:DROPPED_REASON]}


def _first(items: Sequence[dict[str, JsonValue]], most: int) -> list[Json]:
    """Give the first ones, as many as may stand in a product."""
    sizes = accumulate(len(json.dumps(item)) for item in items)
    return [item for item, size in zip(items, sizes, strict=True) if size <= most]
