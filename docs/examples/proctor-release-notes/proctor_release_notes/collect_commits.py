"""Collects what was committed since the last tag."""

from dataclasses import replace
from importlib.resources import files

from pydantic import BaseModel, ValidationError

from proctor import ERROR, OK, Command, Context, NoOptions, Outcome, Result, Scope, Session, Step
from proctor_release_notes.memory import Collected, fault

PROGRAM = files("proctor_release_notes").joinpath("git_log.py").read_text(encoding="utf-8")
SECONDS = 60.0


class CollectCommits(Step):
    """Asks git. The history is read where it is: a workspace has the files of one commit and nothing before it."""

    name = "collect_commits"
    workflow = "release_notes"
    Options = NoOptions

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        """Run git on the repository, up to the session's commit."""
        subject = Context.from_json(session.subject)
        argv = ["{proctor_python}", "{inputs}/git_log.py", subject.repository, subject.base, subject.path]
        return Command("process", {"argv": argv, "inputs": {"git_log.py": PROGRAM}, "seconds": SECONDS})

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Keep them. Without any there is nothing to write, and trying again would not change that."""
        if result.status != OK:
            return fault(result)
        try:
            collected = Collected.model_validate(result.data.get("report"))
        except ValidationError as error:
            return fault(result, f"the report cannot be read: {error}")
        if not collected.commits:
            message = f"Nothing was committed since {collected.since}."
            return Outcome(replace(result, status=ERROR, error_message=message), session_status="failed")
        return Outcome(result, {"collected": collected.model_dump()})
