"""The kit for wrappers."""

from typing import ClassVar

from proctor.contracts.step import Step
from proctor.contracts.wrapper import Wrapper
from proctor.testing.kit import rule
from proctor.testing.step import StepContract
from proctor.testing.wrapped import around, step_inside


class _InstalledStep:
    """The installed step that a kit's wrapper wraps, looked up when it is asked for."""

    def __get__(self, kit: "WrapperContract | None", owner: type["WrapperContract"]) -> type[Step]:
        return step_inside(owner.wrapper)


class WrapperContract(StepContract):
    """Every rule for a wrapper: what is promised of a step is promised of both together.

        class TestPatience(WrapperContract):
            wrapper = Patience

    The step inside is the installed one, unless you say `step = …`. `options` are the wrapper's; the step has its
    defaults.
    """

    wrapper: ClassVar[type[Wrapper]]
    step: ClassVar[type[Step]] = _InstalledStep()  # type: ignore[assignment] # a descriptor: it gives one
    """The step inside; the installed one unless you say otherwise."""

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
