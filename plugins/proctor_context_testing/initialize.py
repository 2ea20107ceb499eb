"""Looks the package over: its interpreter, components, tests, and what they execute today."""

from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from proctor import ERROR, FAULT, Command, Json, Outcome, Result, Scope, Session, Step, Workspace
from proctor_context_testing.branch import branch_name
from proctor_context_testing.notices import notices
from proctor_context_testing.state import context
from proctor_python import program
from proctor_python.interpreters import interpreters
from proctor_python.survey import Arguments, Problem, Survey

SPARE_S = 100.0
"""What the survey needs beside the time of importing and of the existing suite."""


class InitializeOptions(BaseModel):
    """Which interpreter, and how long the existing tests may take."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    python: str | None = None
    """Target interpreter; the only candidate, if it is named."""
    virtual_env: str | None = None
    """Environment that was active when the session was created; `VIRTUAL_ENV` fills it in."""
    import_seconds: float = Field(60.0, gt=0)
    """Time to import one module; all of them have little more than twice as much."""
    suite_seconds: float = Field(120.0, gt=0)
    """Time for the existing tests; what was measured until then counts."""
    test_seconds: float = Field(60.0, gt=0)
    """Time for one test."""


class Initialize(Step):
    """Surveys the package at its base commit. What the user has to put right ends the session at once."""

    name = "initialize"
    workflow = "context_testing"
    Options = InitializeOptions

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        """Run the survey at the base commit."""
        assert isinstance(options, InitializeOptions)
        subject = context(session)
        environment = {"VIRTUAL_ENV": options.virtual_env} if options.virtual_env else {}
        arguments = Arguments(
            path=subject.path,
            only=subject.only,
            exclude=subject.exclude,
            interpreters=tuple(interpreters(environment, Path(subject.repository), options.python)),
            import_seconds=options.import_seconds,
            suite_seconds=options.suite_seconds,
            test_seconds=options.test_seconds,
        )
        return Command(
            "process",
            {
                "argv": list(program.argv("survey")),
                "inputs": program.inputs("survey", arguments),
                "seconds": 2 * options.import_seconds + options.suite_seconds + SPARE_S,
            },
            workspace=Workspace(subject.repository, subject.base),
        )

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Keep what later steps need."""
        try:
            survey = Survey.model_validate(result.data["report"])
        except (KeyError, ValidationError):
            message = result.error_message or (result.stderr or result.stdout).strip()[-2000:]
            return Outcome(replace(result, status=FAULT, error_message=message))
        if survey.error is not None:
            return _refused(result, survey.error)
        told = "; ".join(notices(survey)) or None
        return Outcome(replace(result, data=_summary(survey), error_message=told), _remembered(session, survey))


def _refused(result: Result, problem: Problem) -> Outcome:
    message = f"{problem.message}\n{problem.detail}".strip()
    refused = replace(result, status=ERROR, error_message=message, data={"code": problem.code})
    return Outcome(refused, session_status="failed")


def _remembered(session: Session, survey: Survey) -> dict[str, Json]:
    assert survey.target is not None
    return {
        "python": survey.target.model_dump(mode="json"),
        "components": [component.model_dump(mode="json") for component in survey.components],
        "test_files": list(survey.test_files),
        "suite": survey.suite.model_dump(mode="json"),
        "branch": branch_name(context(session).name),
        **({"notices": list[Json](told)} if (told := notices(survey)) else {}),
    }


def _summary(survey: Survey) -> dict[str, Json]:
    assert survey.target is not None
    return {
        "package": survey.package,
        "python": survey.target.executable,
        "python_version": survey.target.version,
        "components": [component.name for component in survey.components],
        "suite": {"tests": len(survey.suite.outcomes), "ended": survey.suite.ended, "message": survey.suite.message},
        "not_measured": survey.not_measured,
        "notices": list[Json](notices(survey)),
    }
