"""Proctor's front door for plugin authors. Names are loaded when they are first used."""

import os
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proctor.contracts import (
        Activity,
        Agent,
        AgentResult,
        Executor,
        Finding,
        Inner,
        NoOptions,
        ProcessExit,
        ProcessLimits,
        Step,
        Surroundings,
        Task,
        Wrapper,
    )
    from proctor.domain.component import Component, Context
    from proctor.domain.interaction import ChildSpec, Command, Outcome, Result, Usage, Workspace
    from proctor.domain.json import Json, JsonObject
    from proctor.domain.orchestrator import Completed
    from proctor.domain.scope import Scope
    from proctor.domain.session import ChildSummary, Session
    from proctor.domain.workflow import ANY, CHECK, DEFAULT, ERROR, FAULT, NEXT, OK, SELF, WARNING, Workflow
    from proctor.executors.process import run_process

__version__ = "0.1.0"

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
"""To find them, pydantic reads every installed entry point, and one that is unreadable would stop everything."""

_HOMES = {
    "proctor.contracts": (
        "Activity", "Agent", "AgentResult", "Executor", "Finding", "Inner", "NoOptions", "ProcessExit",
        "ProcessLimits", "Step", "Surroundings", "Task", "Wrapper",
    ),
    "proctor.domain.component": ("Component", "Context"),
    "proctor.domain.interaction": ("ChildSpec", "Command", "Outcome", "Result", "Usage", "Workspace"),
    "proctor.domain.json": ("Json", "JsonObject"),
    "proctor.domain.orchestrator": ("Completed",),
    "proctor.domain.scope": ("Scope",),
    "proctor.domain.session": ("ChildSummary", "Session"),
    "proctor.domain.workflow": (
        "ANY", "CHECK", "DEFAULT", "ERROR", "FAULT", "NEXT", "OK", "SELF", "WARNING", "Workflow",
    ),
    "proctor.executors.process": ("run_process",),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "ANY", "CHECK", "DEFAULT", "ERROR", "FAULT", "NEXT", "OK", "SELF", "WARNING", "Activity", "Agent", "AgentResult",
    "ChildSpec", "ChildSummary", "Command", "Completed", "Component", "Context", "Executor", "Finding", "Inner",
    "Json", "JsonObject", "NoOptions", "Outcome", "ProcessExit", "ProcessLimits", "Result", "Scope", "Session",
    "Step", "Surroundings", "Task", "Usage", "Workflow", "Workspace", "Wrapper", "run_process",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'proctor' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
