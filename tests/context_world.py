"""A context whose components are tested by children that exist only as summaries."""

from collections.abc import Mapping, Sequence
from typing import Any

from walks import Walk

from proctor import ChildSummary, Context, Json, Result
from proctor.domain.head import Birth, Head
from proctor.domain.scope import Scope
from proctor.domain.session import AgentChoice, Limits, SessionStatus
from proctor_context_testing import WORKFLOW
from proctor_context_testing.finalize import Finalize
from proctor_context_testing.initialize import Initialize
from proctor_context_testing.spawn_component_testing_sessions import SpawnComponentTestingSessions

STEPS = (Initialize(), SpawnComponentTestingSessions(), Finalize())
SHOP = Context("User Management & Auth", "/repository", "c" * 40, "shop", only=("shop/*",))
PYTHON = {"executable": "/usr/bin/python3", "version": "3.12.1", "pytest": "8.3.4", "import_root": "src"}


def file_of(name: str) -> str:
    """Give the file reserved for a component's tests."""
    return f"tests/test_{name.replace('.', '_')}.py"


def surveyed(*names: str, priorities: Mapping[str, int] | None = None) -> Result:
    """Give the result of a survey that found these components."""
    components: list[Json] = [
        {
            "name": name,
            "path": f"{name.replace('.', '/')}.py",
            "priority": (priorities or {}).get(name, 0),
            "test_file": file_of(name),
            "baseline": {"executed_lines": [1], "missing_lines": [2]},
        }
        for name in names
    ]
    suite = {"paths": ["tests"], "outcomes": {"tests/test_old.py::test_it": "passed"}}
    report = {"target": PYTHON, "package": "shop", "components": components, "suite": suite}
    return Result("ok", {"report": {**report, "test_files": ["tests/test_old.py"]}})


def child(
    name: str,
    status: SessionStatus = "complete",
    *,
    attempt: int = 1,
    outcome: str = "proven",
    tests: int = 2,
    error: str | None = None,
    **product: Json,
) -> ChildSummary:
    """Give a child session as its parent sees it."""
    made: Mapping[str, Json] = {
        "files": {file_of(name): f"blob of {name} {attempt}"} if tests else {},
        "tests": tests,
        "dropped": 0,
        "coverage": {"before": 12.5, "after": 87.5},
        "suspected_bugs": [],
        "reason": None,
    }
    complete = status == "complete"
    return ChildSummary(
        id=f"{name}-{attempt}",
        key=name,
        subject={"name": name},
        priority=0,
        attempt=attempt,
        status=status,
        outcome=outcome if complete else None,
        product={**made, **product} if complete else None,
        last_error=error,
    )


def without_tests(name: str, reason: str | None, **more: Any) -> ChildSummary:
    """Give a child that completed without a proven test."""
    return child(name, outcome="none", tests=0, reason=reason, **more)


def begin(
    results: Mapping[str, Result],
    children: Sequence[ChildSummary] = (),
    *,
    limits: Limits | None = None,
    deterministic: bool = False,
) -> Walk:
    """Begin a walk; a step's result is the one given, or `ok`."""
    birth = Birth(
        "s0", "s0", "context_testing", Scope(), 86400.0, SHOP.to_json(),
        agent=AgentChoice("someone", deterministic), limits=limits or Limits(),
    )  # fmt: skip
    return Walk(
        WORKFLOW, STEPS, Head(birth), lambda command, _: results.get(command.step, Result("ok")), tuple(children)
    )


def spawning(*names: str, priorities: Mapping[str, int] | None = None, **more: Any) -> Walk:
    """Give a walk that has looked these components over and stands before spawning."""
    walk = begin({"initialize": surveyed(*names, priorities=priorities)}, **more)
    walk.turn()
    return walk
