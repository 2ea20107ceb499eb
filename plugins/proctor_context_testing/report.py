"""What is told of the components: in the commit's message, and in the session's product."""

from collections.abc import Mapping

from proctor import ChildSummary, Context, Json, JsonObject, Session
from proctor_context_testing.spawn_component_testing_sessions import newest_attempts, shortened
from proctor_context_testing.state import Memory
from proctor_python.survey import Component


def title(context: Context) -> str:
    """Give the first line of the commit's message."""
    return f"Add tests for {context.name}"


def body(session: Session, memory: Memory) -> str:
    """Give a line per component: tests and coverage, or why it has none."""
    lines = [_line(component) for component in components(session, memory)]
    return "\n".join(lines)


def components(session: Session, memory: Memory, landed: Mapping[str, int] | None = None) -> list[JsonObject]:
    """Give what came of every component, in their order. `landed` counts, by file, the tests that did land."""
    newest = newest_attempts(session)
    told = []
    for component in memory.components:
        child = _told(component, newest.get(component.name), memory.given_up.get(component.name))
        told.append(child if landed is None else _as_landed(child, landed.get(component.test_file, 0)))
    return told


def _told(component: Component, child: ChildSummary | None, given_up: str | None) -> JsonObject:
    product = (child.product if child else None) or {}
    return {
        "name": component.name,
        "outcome": (child.outcome if child and child.status == "complete" else None) or "failed",
        "tests": _whole(product.get("tests")),
        "dropped": _whole(product.get("dropped")),
        "coverage": product.get("coverage"),
        "attempts": child.attempt if child else 0,
        "reason": shortened(product.get("reason") or given_up) or None,
        "suspected_bugs": len(_list(product.get("suspected_bugs"))),
    }


def _as_landed(told: JsonObject, landed: int) -> JsonObject:
    """Take out of the account what was removed when all tests ran together."""
    lost = _whole(told["tests"]) - landed
    if lost <= 0:
        return told
    reason = f"{lost} test{'' if lost == 1 else 's'} failed together with the others"
    fewer = {**told, "tests": landed, "dropped": _whole(told["dropped"]) + lost, "reason": reason}
    return {**fewer, "outcome": "partial"} if landed else {**fewer, "outcome": "none", "coverage": None}


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


def _whole(value: Json) -> int:
    return value if isinstance(value, int) else 0


def _list(value: Json) -> list[Json]:
    return list(value) if isinstance(value, (list, tuple)) else []
