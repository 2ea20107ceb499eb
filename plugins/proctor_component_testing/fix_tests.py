"""Has the agent repair what a check found, in the same conversation."""

from dataclasses import replace

from pydantic import BaseModel

from proctor import ERROR, FAULT, OK, SELF, WARNING, Command, Outcome, Result, Scope, Session, Step
from proctor_component_testing.asking import AskOptions, agent_command, answered, wrote
from proctor_component_testing.state import component, recall
from proctor_component_testing.task import fixing_task


class FixTests(Step):
    """Hands over exactly what was found. When the agent has nothing more, what is bad is dropped."""

    name = "fix_tests"
    workflow = "component_testing"
    transitions = {OK: "run_tests", WARNING: "drop_tests", ERROR: SELF}
    Options = AskOptions

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        """Give the agent the findings; without a fix left nobody is asked, whatever check led here."""
        assert isinstance(options, AskOptions)
        if not session.remaining.fixes:
            return Command("none")
        memory = recall(session)
        return agent_command(session, options, fixing_task(component(session), memory), memory.found())

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Count the round, and keep what was written."""
        if result.status == FAULT:
            return Outcome(result)
        if not session.remaining.fixes:
            return Outcome(replace(result, status=WARNING, error_message="no fix is left"), {"gave_up": True})
        outcome = answered(session, result, result.status, {"fixes": recall(session).fixes + 1})
        if not self._gives_up(session, outcome):
            return outcome
        state = {**outcome.state, "gave_up": True}
        return replace(outcome, result=replace(outcome.result, status=WARNING), state=state)

    def _gives_up(self, session: Session, outcome: Outcome) -> bool:
        """Tell whether the agent has nothing more, nothing is left to run, or it failed in its last round."""
        if outcome.result.status == WARNING or not wrote(session, outcome):
            return True
        return outcome.result.status == ERROR and session.remaining.fixes <= 1
