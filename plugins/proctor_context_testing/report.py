"""What is told of the components: in the commit's message, and in the session's product."""

from collections.abc import Mapping

from proctor import Context, Json, JsonObject, Session
from proctor_context_testing.spawn_component_testing_sessions import newest_attempts
from proctor_context_testing.state import Memory

REASON = 300
"""Characters of a reason: the whole product must stay small."""


def title(context: Context) -> str:
    """Give the first line of the commit's message."""
    return f"Add tests for {context.name}"


def body(session: Session, memory: Memory) -> str:
    """Give a line per component: tests and coverage, or why it has none."""
    lines = [_line(component) for component in components(session, memory)]
    return "\n".join(lines)


def components(session: Session, memory: Memory) -> list[JsonObject]:
    """Give what came of every component, in their order."""
    newest = newest_attempts(session)
    told: list[JsonObject] = []
    for component in memory.components:
        child = newest.get(component.name)
        product = (child.product if child else None) or {}
        reason = product.get("reason") or memory.given_up.get(component.name)
        told.append(
            {
                "name": component.name,
                "outcome": (child.outcome if child and child.status == "complete" else None) or "failed",
                "tests": product.get("tests", 0),
                "dropped": product.get("dropped", 0),
                "coverage": product.get("coverage"),
                "attempts": child.attempt if child else 0,
                "reason": str(reason)[:REASON] if reason else None,
                "suspected_bugs": len(_list(product.get("suspected_bugs"))),
            }
        )
    return told


def _line(component: JsonObject) -> str:
    if not component["tests"]:
        reason = str(component["reason"] or "no reason was given").splitlines()[0]
        return f"- {component['name']}: no tests ({reason})"
    count = component["tests"]
    return f"- {component['name']}: {count} test{'' if count == 1 else 's'}{_coverage(component['coverage'])}"


def _coverage(value: Json) -> str:
    if not isinstance(value, Mapping) or not isinstance(after := value.get("after"), (int, float)):
        return ", coverage not measured"
    before = value.get("before")
    start = f"{before:.0f} % -> " if isinstance(before, (int, float)) else ""
    return f", coverage {start}{after:.0f} %"


def _list(value: Json) -> list[Json]:
    return list(value) if isinstance(value, (list, tuple)) else []
