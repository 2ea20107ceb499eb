"""Has every component tested in a session of its own, and makes new attempts at those that failed."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pydantic import BaseModel

from proctor import (
    ERROR,
    OK,
    ChildSpec,
    ChildSummary,
    Command,
    Json,
    JsonObject,
    NoOptions,
    Outcome,
    Result,
    Scope,
    Session,
    Step,
)
from proctor_context_testing.state import Memory, context, recall
from proctor_python.survey import Component

ENDED_BADLY = ("failed", "cancelled")
REASON = 300
"""Characters of a reason: there may be hundreds of components."""


class SpawnComponentTestingSessions(Step):
    """Complete and running children are kept; each failed or cancelled one gets a new attempt while there are any."""

    name = "spawn_component_testing_sessions"
    workflow = "context_testing"
    Options = NoOptions

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        """List the newest attempt per component, by priority, then name."""
        memory, newest = recall(session), newest_attempts(session)
        wanted = sorted(memory.components, key=lambda component: (-component.priority, component.name))
        children = tuple(
            _child(session, memory, component, newest.get(component.name))
            for component in wanted
            if component.name not in memory.given_up
        )
        return Command("spawn_sessions", children=children, metadata={"given_up": dict(memory.given_up)})

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Judge the children as the store has them, whatever the result claims."""
        memory, newest = recall(session), newest_attempts(session)
        problems = [
            problem
            for component in memory.components
            if component.name not in memory.given_up
            for problem in _problems(component, newest.get(component.name))
        ]
        if problems:
            given_up = {**memory.given_up, **_without_attempts(session, newest)}
            return Outcome(replace(result, status=ERROR, error_message="\n".join(problems)), {"given_up": given_up})
        if not any(_tests(child) for child in newest.values()):
            reasons = "\n".join(sorted(_reasons(memory, newest)))
            message = f"No component got a proven test, so there is nothing to land.\n{reasons}"
            return Outcome(replace(result, status=ERROR, error_message=message), session_status="failed")
        return Outcome(replace(result, status=OK, error_message=None))


def newest_attempts(session: Session) -> Mapping[str, ChildSummary]:
    """Give the newest child of each component."""
    newest: dict[str, ChildSummary] = {}
    for child in session.children:
        if child.key not in newest or child.attempt > newest[child.key].attempt:
            newest[child.key] = child
    return newest


def shortened(reason: Json) -> str:
    """Give a reason's beginning, empty if there is none."""
    return str(reason).strip()[:REASON] if reason else ""


def _child(session: Session, memory: Memory, component: Component, newest: ChildSummary | None) -> ChildSpec:
    again = newest is not None and newest.status in ENDED_BADLY
    attempt = (newest.attempt if newest else 1) + (1 if again else 0)
    return ChildSpec(
        key=component.name,
        workflow="component_testing",
        subject={"name": component.name, "path": component.path},
        attempt=attempt,
        priority=component.priority,
        state=_handed_down(session, memory, component, newest if again else None),
    )


def _handed_down(session: Session, memory: Memory, component: Component, replaced: ChildSummary | None) -> JsonObject:
    subject = context(session)
    return {
        **({"import_error": component.import_error} if component.import_error else {}),
        "repository": subject.repository,
        "base": subject.base,
        "target": component.test_file,
        "python": memory.python.model_dump(mode="json"),
        "test_files": list(memory.test_files),
        "baseline": component.baseline.model_dump(mode="json") if component.baseline else None,
        "previous": f"Attempt {replaced.attempt}: {replaced.last_error or replaced.status}" if replaced else None,
        "replaces": replaced.id if replaced else None,
    }


def _problems(component: Component, child: ChildSummary | None) -> Iterator[str]:
    if child is None:
        yield f"{component.name}: has no session yet"
    elif child.status == "active":
        yield f"{component.name}: is still running (attempt {child.attempt})"
    elif child.status == "failed":
        reason = shortened(child.last_error) or "no reason was given"
        yield f"{component.name}: failed (attempt {child.attempt}): {reason}"
    elif child.status == "cancelled":
        yield f"{component.name}: was cancelled (attempt {child.attempt})"


def _without_attempts(session: Session, newest: Mapping[str, ChildSummary]) -> dict[str, str]:
    attempts = 1 if session.agent.deterministic else session.limits.attempts
    return {
        key: shortened(child.last_error) or child.status
        for key, child in newest.items()
        if child.status in ENDED_BADLY and child.attempt >= attempts
    }


def _tests(child: ChildSummary) -> bool:
    return child.status == "complete" and bool((child.product or {}).get("tests"))


def _reasons(memory: Memory, newest: Mapping[str, ChildSummary]) -> Iterator[str]:
    for component in memory.components:
        child = newest.get(component.name)
        reason = (child.product or {}).get("reason") if child else None
        yield f"{component.name}: {shortened(reason or memory.given_up.get(component.name)) or 'no tests'}"
