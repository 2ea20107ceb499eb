"""The kit for wrappers."""

from typing import ClassVar

from pydantic import BaseModel

from proctor.contracts.step import Step
from proctor.contracts.wrapper import Wrapper
from proctor.domain.interaction import Command, Outcome, Result
from proctor.domain.scope import Scope
from proctor.domain.session import Session
from proctor.testing.kit import rule
from proctor.testing.step import StepContract


class WrapperContract(StepContract):
    """Every rule for a wrapper: what is promised of a step is promised of both together.

        class TestPatience(WrapperContract):
            wrapper = Patience
            step = RunTests

    `options` are the wrapper's; the step has its defaults.
    """

    wrapper: ClassVar[type[Wrapper]]

    @rule()
    def test_it_finds_its_place(self) -> None:
        """A wrapper stands around a step of its own workflow."""
        wraps = (self.wrapper.workflow, self.wrapper.wraps)
        inside = (self.step.workflow, self.step.replaces or self.step.name)
        assert wraps == inside, f"It wraps {'.'.join(wraps)}, and the step here is {'.'.join(inside)}."

    def _plugin(self) -> type[Step | Wrapper]:
        return self.wrapper

    def _asked(self) -> type[Step]:
        return around(self.wrapper, self.step)


def around(wrapper: type[Wrapper], step: type[Step]) -> type[Step]:
    """Give a wrapper and the step inside it as one step."""

    class Wrapped(Step):
        name, workflow, transitions = step.name, step.workflow, step.transitions
        Options = wrapper.Options

        def __init__(self) -> None:
            self._wrapper, self._inner = wrapper(), _Inner(step())

        async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
            return await self._wrapper.get_command(self._inner, scope, session, options)

        async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
            return await self._wrapper.handle_result(self._inner, scope, session, result, options)

    return Wrapped


class _Inner:
    """A step with its default options."""

    def __init__(self, step: Step) -> None:
        self._step, self._options = step, step.Options()

    async def get_command(self, scope: Scope, session: Session) -> Command:
        return await self._step.get_command(scope, session, self._options)

    async def handle_result(self, scope: Scope, session: Session, result: Result) -> Outcome:
        return await self._step.handle_result(scope, session, result, self._options)
