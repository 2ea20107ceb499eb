"""Runs the kit of its kind over an installed plugin, without pytest and without a test file."""

from pydantic import ValidationError

from proctor.contracts.agent import Agent
from proctor.contracts.engine import Engine
from proctor.contracts.executor import Executor
from proctor.contracts.step import Step
from proctor.contracts.wrapper import Wrapper
from proctor.domain.workflow import Workflow
from proctor.errors import ProctorError
from proctor.registry import Registry
from proctor.testing.agent import AgentContract
from proctor.testing.engine import EngineContract
from proctor.testing.executor import ExecutorContract
from proctor.testing.factories import STATES
from proctor.testing.kit import Kit, RuleBroken
from proctor.testing.step import StepContract
from proctor.testing.workflow import WorkflowContract
from proctor.testing.wrapper import WrapperContract

LOADS = "An installed plugin can be loaded, and is what its entry-point group asks for."


def check(group: str, name: str, registry: Registry | None = None) -> list[RuleBroken]:
    """Give the rules that an installed plugin breaks, as far as that can be seen without knowing more of it.

        check("proctor.steps", "component_testing.check_length")

    `group` and `name` are those of its entry point. Raises ValueError if there is no such group of plugins.

    Not for use inside an event loop. Nothing that could cost money or do harm is tried: an agent is run only if it
    says that it is deterministic and needs no options, and no command is executed. For a step of a workflow that is
    not Proctor's own nobody knows a session, and nobody knows a good result. The author's own tests see all of it.
    """
    try:
        kit = kit_of(group, name, registry or Registry())
    except ProctorError as error:
        return [RuleBroken(LOADS, str(error), Kit.page)]
    return list(kit.broken())


def kit_of(group: str, name: str, registry: Registry) -> type[Kit]:
    """Make the kit for a plugin. Raises ValueError, PluginMissing, PluginBroken or PluginClash."""
    match group:
        case "proctor.workflows":
            return _of_workflow(registry.workflow(name))
        case "proctor.steps":
            workflow, _, step = name.partition(".")
            found = registry.step_or_wrapper(workflow, step)
            if isinstance(found, Step):
                return _of_step(type(found))
            return _of_wrapper(type(found), type(registry.step(workflow, found.wraps)))
        case "proctor.agents":
            return _of_agent(registry.agent(name))
        case "proctor.executors":
            return _of_executor(registry.executor(name), name)
        case "proctor.engines":
            return _of_engine(registry.engine(name))
        case _:
            raise ValueError(f"there is no group of plugins {group}")


def _of_workflow(installed: Workflow) -> type[Kit]:
    class Installed(WorkflowContract):
        workflow = installed

    return Installed


def _of_step(installed: type[Step]) -> type[Kit]:
    class Installed(StepContract):
        step = installed
        has_session = installed.workflow in STATES
        has_result = False

    return Installed


def _of_wrapper(installed: type[Wrapper], inside: type[Step]) -> type[Kit]:
    class Installed(WrapperContract):
        wrapper = installed
        step = inside
        has_session = installed.workflow in STATES
        has_result = False

    return Installed


def _of_agent(installed: type[Agent]) -> type[Kit]:
    class Installed(AgentContract):
        agent = installed
        runs = installed.deterministic and _needs_nothing(installed)

    return Installed


def _of_executor(installed: type[Executor], name: str) -> type[Kit]:
    class Installed(ExecutorContract):
        executor = installed
        kind = name
        has_command = False

    return Installed


def _of_engine(installed: type[Engine]) -> type[Kit]:
    class Installed(EngineContract):
        engine = installed

    return Installed


def _needs_nothing(agent: type[Agent]) -> bool:
    try:
        agent.Options.model_validate({})
    except ValidationError:
        return False
    return True
