"""Looks the component over, so that an agent can be told what there is."""

from dataclasses import replace

from pydantic import BaseModel, ValidationError

from proctor import Command, NoOptions, Outcome, Result, Scope, Session, Step
from proctor_component_testing.checking import fault, program_command
from proctor_component_testing.state import component, recall
from proctor_python.component import Arguments
from proctor_python.component import Component as Facts

SECONDS = 60.0


class Initialize(Step):
    """Surveys source, public names, existing tests, open lines, and a specification page if there is one."""

    name = "initialize"
    workflow = "component_testing"
    Options = NoOptions

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        """Run the survey at the base commit."""
        memory, subject = recall(session), component(session)
        arguments = Arguments(
            target=memory.python,
            path=subject.path,
            module=subject.name,
            test_file=memory.target,
            test_files=memory.test_files,
            baseline=memory.baseline,
        )
        return program_command(session, "component", arguments, SECONDS)

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Keep what was found."""
        if result.status != "ok":
            return fault(result)
        try:
            facts = Facts.model_validate(result.data["report"])
        except (KeyError, ValidationError) as error:
            return fault(result, f"the survey's report cannot be read: {error}")
        return Outcome(replace(result, data={}), {"facts": facts.model_dump(mode="json")})
