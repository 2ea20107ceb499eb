"""Runs the new tests again and again, shuffled and with different hash seeds: each must be green every time."""

from dataclasses import replace

from pydantic import BaseModel, Field

from proctor import CHECK, Command, Outcome, Result, Scope, Session, Step
from proctor_component_testing.checking import CheckOptions, check_command, read_check, verdict
from proctor_python import findings


class StabilityOptions(CheckOptions):
    """How often, and how long."""

    seconds: float = Field(300.0, gt=0)
    """Time for all runs together."""
    runs: int = Field(5, ge=2, le=100)
    """How often the tests run."""


class CheckStability(Step):
    """Finds flaky tests."""

    name = "check_stability"
    workflow = "component_testing"
    transitions = CHECK
    Options = StabilityOptions

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        """Run the test file several times."""
        assert isinstance(options, StabilityOptions)
        return check_command(session, options, runs=options.runs, shuffle=True)

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Send unstable tests back."""
        check = read_check(result)
        if isinstance(check, Outcome):
            return check
        summary = {"seeds": [run.seed for run in check.runs]}
        return verdict(session, replace(result, data=summary), findings.of_stability(check))
