"""For authors of plugins: contract kits, fakes and factories. Names are loaded when they are first used.

A kit is a class whose methods are rules. Subclass it in a test file, say which plugin it is about, and pytest runs one
test for each rule; `check` runs the same rules over an installed plugin without pytest.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proctor.testing.agent import AgentContract
    from proctor.testing.asking import ask
    from proctor.testing.clock import FrozenClock
    from proctor.testing.engine import EngineContract
    from proctor.testing.executor import ExecutorContract
    from proctor.testing.factories import (
        a_child,
        a_command,
        a_context,
        a_result,
        a_session,
        a_task,
        a_workspace,
    )
    from proctor.testing.installed import check
    from proctor.testing.kit import Kit, RuleBroken, rule
    from proctor.testing.opened_store import temporary_store
    from proctor.testing.place import MemoryBlobs, Place
    from proctor.testing.scripted_agent import ScriptedAgent, Turn
    from proctor.testing.step import StepContract
    from proctor.testing.store import StoreContract
    from proctor.testing.workflow import WorkflowContract
    from proctor.testing.wrapped import around
    from proctor.testing.wrapper import WrapperContract

_HOMES = {
    "agent": ("AgentContract",),
    "asking": ("ask",),
    "clock": ("FrozenClock",),
    "engine": ("EngineContract",),
    "executor": ("ExecutorContract",),
    "factories": ("a_child", "a_command", "a_context", "a_result", "a_session", "a_task", "a_workspace"),
    "installed": ("check",),
    "kit": ("Kit", "RuleBroken", "rule"),
    "place": ("MemoryBlobs", "Place"),
    "scripted_agent": ("ScriptedAgent", "Turn"),
    "step": ("StepContract",),
    "store": ("StoreContract",),
    "opened_store": ("temporary_store",),
    "workflow": ("WorkflowContract",),
    "wrapped": ("around",),
    "wrapper": ("WrapperContract",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AgentContract", "EngineContract", "ExecutorContract", "FrozenClock", "Kit", "MemoryBlobs", "Place", "RuleBroken",
    "ScriptedAgent", "StepContract", "StoreContract", "Turn", "WorkflowContract", "WrapperContract", "a_child",
    "a_command", "a_context", "a_result", "a_session", "a_task", "a_workspace", "around", "ask", "check",
    "rule", "temporary_store",
]  # fmt: skip

if "pytest" in sys.modules:
    sys.modules["pytest"].register_assert_rewrite("proctor.testing.store")


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'proctor.testing' has no attribute {name!r}")
    return getattr(import_module(f"proctor.testing.{_HOME_OF[name]}"), name)
