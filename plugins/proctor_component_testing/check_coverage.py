"""Measures what the new tests execute that nothing executed before."""

from dataclasses import replace

from pydantic import BaseModel

from proctor import CHECK, Command, Outcome, Result, Scope, Session, Step
from proctor_component_testing.checking import CheckOptions, check_command, read_check, verdict
from proctor_component_testing.state import Memory, component, recall
from proctor_python import findings
from proctor_python.measured import adding_nothing, percent_after, percent_before


class CheckCoverage(Step):
    """Asks for a gain: tests that execute no open line or branch prove little."""

    name = "check_coverage"
    workflow = "component_testing"
    transitions = CHECK
    Options = CheckOptions

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        """Run the test file once, measured."""
        assert isinstance(options, CheckOptions)
        return check_command(session, options, measure=True)

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Keep the coverage; send the file back if nothing was gained."""
        check = read_check(result)
        if isinstance(check, Outcome):
            return check
        memory, path = recall(session), component(session).path
        summary = {
            "before": percent_before(memory.baseline),
            "after": percent_after(memory.baseline, check.coverage),
            "adding_nothing": adding_nothing(check.per_test, memory.baseline),
            "not_measured": check.not_measured,
        }
        found = findings.of_idleness(check, path)
        if _worth_asking(session, memory):
            found += findings.of_coverage(check, memory.baseline, path)
        coverage = check.coverage.model_dump(mode="json") if check.coverage else None
        return verdict(session, replace(result, data=summary), found, {"coverage": coverage})


def _worth_asking(session: Session, memory: Memory) -> bool:
    """Tell whether an agent may still find tests that gain something.

    When it may not, what is open may well be unreachable: tests that execute the component and assert are kept, and
    only those that execute nothing of it are found bad.
    """
    return session.remaining.fixes > 0 and not session.agent.deterministic and not memory.gave_up
