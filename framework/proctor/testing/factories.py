"""Made-up values for tests. Each takes whatever should be otherwise by keyword."""

from dataclasses import replace
from pathlib import Path
from typing import TypedDict, Unpack

from proctor.contracts.agent import Task
from proctor.domain.component import Component, Context
from proctor.domain.interaction import Command, Result, Workspace
from proctor.domain.json import JsonObject
from proctor.domain.orchestrator import Completed
from proctor.domain.session import AgentChoice, ChildSummary, ExecutionMode, Limits, Remaining, Session, SessionStatus

BASE = "c" * 40
TARGET = "tests/test_shop_cart.py"
COMPONENT = Component("shop.cart", "shop/cart.py")
PYTHON: JsonObject = {"executable": "/usr/bin/python3", "version": "3.12.1", "pytest": "8.3.4", "import_root": ""}
MEASURED: JsonObject = {"executed_lines": [1], "missing_lines": [2], "executed_arcs": [], "missing_arcs": []}

STATES: JsonObject = {
    "component_testing": {
        "repository": "/repository",
        "base": BASE,
        "target": TARGET,
        "python": PYTHON,
        "test_files": ["tests/test_old.py"],
        "baseline": MEASURED,
        "files": {TARGET: "b" * 64},
        "findings": [],
        "tests": 1,
    },
    "context_testing": {
        "python": PYTHON,
        "components": [
            {"name": "shop.cart", "path": "shop/cart.py", "priority": 1, "test_file": TARGET, "baseline": MEASURED}
        ],
        "test_files": ["tests/test_old.py"],
        "suite": {"paths": ["tests"], "outcomes": {"tests/test_old.py::test_it": "passed"}},
        "branch": "test-context-testing-session-for-shop",
    },
}
"""The state of a session in the middle of one of Proctor's own workflows."""


class SessionFields(TypedDict, total=False):
    """What can be otherwise about a session."""

    id: str
    root: str
    status: SessionStatus
    created_at: float
    execution_mode: ExecutionMode
    agent: AgentChoice
    subject: JsonObject
    parent: str | None
    attempt: int
    state: JsonObject
    limits: Limits
    remaining: Remaining
    last_completed: Completed | None
    children: tuple[ChildSummary, ...]


class ResultFields(TypedDict, total=False):
    """What can be otherwise about a result."""

    data: JsonObject
    exit_code: int | None
    error_message: str | None
    stdout: str
    stderr: str
    files: dict[str, str]
    duration_s: float


def a_session(workflow: str = "component_testing", **fields: Unpack[SessionFields]) -> Session:
    """Give a session in the middle of a workflow; its state is empty if the workflow is not one of Proctor's own."""
    is_child = workflow == "component_testing"
    state = STATES.get(workflow)
    session = Session(
        id="s1",
        root="s0" if is_child else "s1",
        workflow=workflow,
        status="active",
        created_at=1_000_000.0,
        execution_mode="auto",
        agent=AgentChoice(),
        subject=COMPONENT.to_json() if is_child else a_context().to_json(),
        parent="s0" if is_child else None,
        attempt=1,
        state=dict(state) if isinstance(state, dict) else {},
        limits=Limits(),
        remaining=Remaining(fixes=3, interactions=57),
        last_completed=None,
    )
    return replace(session, **fields)


def a_child(status: SessionStatus = "complete", *, name: str = "shop.cart", attempt: int = 1) -> ChildSummary:
    """Give a child session as its parent sees it."""
    product: JsonObject = {"files": {TARGET: "b" * 64}, "tests": 1, "dropped": 0, "suspected_bugs": []}
    return ChildSummary(
        id=f"{name}-{attempt}",
        key=name,
        subject={"name": name, "path": f"{name.replace('.', '/')}.py"},
        priority=1,
        attempt=attempt,
        status=status,
        outcome="proven" if status == "complete" else None,
        product=product if status == "complete" else None,
        last_error="it failed" if status == "failed" else None,
    )


def a_context() -> Context:
    """Give the package that a session of `context_testing` is about."""
    return Context("shop", "/repository", BASE, "shop")


def a_workspace(repository: str = "/repository", base: str = BASE, **overlay: str) -> Workspace:
    """Give a workspace; `overlay` maps paths to ids of blobs."""
    return Workspace(repository, base, overlay)


def a_command(kind: str = "none", workspace: Workspace | None = None, **arguments: object) -> Command:
    """Give a command with these arguments."""
    return Command(kind, arguments, workspace, step="work", at=1_000_000.0)  # type: ignore[arg-type] # the caller's JSON


def a_result(status: str = "ok", **fields: Unpack[ResultFields]) -> Result:
    """Give a result."""
    return Result(status, **fields)


def a_task(workspace: Path, **fields: object) -> Task:
    """Give an agent's task in an open workspace: to write the tests of `shop/cart.py`."""
    given: dict[str, object] = {
        "text": "Write tests for the module shop.cart.",
        "workspace": workspace,
        "component": COMPONENT,
        "target": TARGET,
        "may_write": (TARGET, f"{TARGET.removesuffix('.py')}_data/"),
    }
    return Task(**{**given, **fields})  # type: ignore[arg-type] # fields of a task
