"""Has an agent write the component's tests."""

from dataclasses import replace

from pydantic import BaseModel

from proctor import ERROR, FAULT, NEXT, OK, SELF, WARNING, Command, Outcome, Result, Scope, Session, Step
from proctor_component_testing.asking import AskOptions, agent_command, answered, wrote
from proctor_component_testing.state import component, recall
from proctor_component_testing.task import writing_task


class GenerateTests(Step):
    """Asks once for a whole test file; an agent with nothing to write ends the session without tests."""

    name = "generate_tests"
    workflow = "component_testing"
    transitions = {OK: NEXT, WARNING: "finalize", ERROR: SELF}
    Options = AskOptions

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        """Give the agent the source, what there is already, and what is open."""
        assert isinstance(options, AskOptions)
        if _is_hopeless(session):
            return Command("none")
        return agent_command(session, options, writing_task(component(session), recall(session)))

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Keep what was written. Whatever lies in the test file is judged, however its agent ended."""
        if result.status == FAULT:
            return Outcome(result)
        if _is_hopeless(session):
            reason = recall(session).unimportable
            return Outcome(replace(result, status=WARNING, error_message=reason), {"reason": reason})
        outcome = answered(session, result, result.status)
        if result.status not in (OK, WARNING):
            return outcome
        return replace(outcome, result=replace(outcome.result, status=OK if wrote(session, outcome) else WARNING))


def _is_hopeless(session: Session) -> bool:
    """Tell whether asking would be in vain: only an agent that thinks finds a way to test what does not import."""
    return session.agent.deterministic and recall(session).unimportable is not None
