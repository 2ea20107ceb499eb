"""What a stranger may implement. Contracts here, implementations elsewhere."""

from proctor.contracts.activity import Activity
from proctor.contracts.agent import Agent, AgentResult, Finding, Task
from proctor.contracts.executor import Executor, Surroundings
from proctor.contracts.options import NoOptions
from proctor.contracts.process import ProcessExit, ProcessLimits
from proctor.contracts.step import Step
from proctor.contracts.wrapper import Inner, Wrapper

__all__ = [
    "Activity",
    "Agent",
    "AgentResult",
    "Executor",
    "Finding",
    "Inner",
    "NoOptions",
    "ProcessExit",
    "ProcessLimits",
    "Step",
    "Surroundings",
    "Task",
    "Wrapper",
]
