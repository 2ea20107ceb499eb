"""How a pinned workflow is shown."""

from proctor import Workflow
from proctor.api.workflow import StepWrapper, workflow
from proctor.domain.workflow import PinnedStep, PinnedWrapper, pin


def test_a_step_is_shown_with_what_stands_around_it_the_innermost_first() -> None:
    wrappers = [PinnedWrapper(name, "work", distribution="acme", version="1.0") for name in ("patient", "nice")]
    shown = workflow(pin(Workflow("line", ("work", "close")), [PinnedStep("work"), PinnedStep("close")], wrappers))
    around = {step.name: step.wrappers for step in shown.steps}
    assert around == {
        "work": [StepWrapper(name=name, distribution="acme", version="1.0") for name in ("nice", "patient")],
        "close": [],
    }
