"""Runs the new tests: each must pass, and assert something."""

from dataclasses import replace

from pydantic import BaseModel

from proctor import CHECK, Command, Outcome, Result, Scope, Session, Step
from proctor_component_testing.checking import CheckOptions, check_command, read_check, verdict
from proctor_python import findings


class RunTests(Step):
    """Judges every test alone: a bad one never takes the good ones with it."""

    name = "run_tests"
    workflow = "component_testing"
    transitions = CHECK
    Options = CheckOptions

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        """Run the test file once."""
        assert isinstance(options, CheckOptions)
        return check_command(session, options)

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Send failing and empty tests back."""
        check = read_check(result)
        if isinstance(check, Outcome):
            return check
        found, good = findings.of_run(check), findings.good_tests(check)
        outcomes = {test.test: test.outcome for test in check.runs[0].tests}
        return verdict(session, replace(result, data={"tests": outcomes}), found, {"tests": len(good)})
