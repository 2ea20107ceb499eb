"""A wrapper and the step inside it as one step, for tests."""

from pydantic import BaseModel

from proctor.contracts.step import Step
from proctor.contracts.wrapper import Wrapper
from proctor.domain.interaction import Command, Outcome, Result
from proctor.domain.scope import Scope
from proctor.domain.session import Session
from proctor.registry import Registry


def around(wrapper: type[Wrapper], step: type[Step] | None = None) -> type[Step]:
    """Give a wrapper and the step inside it as one step: the installed one that it wraps, unless one is given.

    The options of the whole are the wrapper's; the step has its defaults. Raises PluginMissing, PluginBroken or
    PluginClash if the step is not installed.
    """
    inside = step or step_inside(wrapper)

    class Around(Step):
        name, workflow, transitions = inside.name, inside.workflow, inside.transitions
        Options = wrapper.Options

        def __init__(self) -> None:
            self._wrapper, self._inner = wrapper(), _Inner(inside())

        async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
            return await self._wrapper.get_command(self._inner, scope, session, options)

        async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
            return await self._wrapper.handle_result(self._inner, scope, session, result, options)

    return Around


def step_inside(wrapper: type[Wrapper]) -> type[Step]:
    """Give the installed step around which a wrapper stands."""
    return type(Registry().step(wrapper.workflow, wrapper.wraps))


class _Inner:
    """A step with its default options."""

    def __init__(self, step: Step) -> None:
        self._step, self._options = step, step.Options()

    async def get_command(self, scope: Scope, session: Session) -> Command:
        return await self._step.get_command(scope, session, self._options)

    async def handle_result(self, scope: Scope, session: Session, result: Result) -> Outcome:
        return await self._step.handle_result(scope, session, result, self._options)
