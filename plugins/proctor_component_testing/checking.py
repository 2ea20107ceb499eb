"""What all checks share: how they run the tests, and where their findings lead."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from proctor import ERROR, FAULT, OK, WARNING, Command, Finding, Json, Outcome, Result, Session
from proctor_component_testing.state import component, recall
from proctor_python import check, program
from proctor_python.check import Check

SPARE_S = 30.0
"""What a program needs beside the time of the tests that it runs."""


class CheckOptions(BaseModel):
    """How long tests may take."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seconds: float = Field(120.0, gt=0)
    """Time for all tests together."""
    test_seconds: float = Field(20.0, gt=0)
    """Time for one test."""
    assertion_helpers: tuple[str, ...] = ()
    """Names of functions that count as assertions."""


def check_command(
    session: Session, options: CheckOptions, *, runs: int = 1, shuffle: bool = False, measure: bool = False
) -> Command:
    """Give the command that runs the session's test file."""
    memory = recall(session)
    arguments = check.Arguments(
        target=memory.python,
        test_files=(memory.target,),
        component=component(session).path,
        runs=runs,
        shuffle=shuffle,
        measure=measure,
        seconds=options.seconds,
        test_seconds=options.test_seconds,
        assertion_helpers=options.assertion_helpers,
    )
    return program_command(session, "check", arguments, options.seconds)


def program_command(
    session: Session, name: str, arguments: BaseModel, seconds: float, *, collect: Sequence[str] = ()
) -> Command:
    """Give the command that runs one of the Python programs in the session's workspace."""
    return Command(
        "process",
        {
            "argv": list(program.argv(name)),
            "inputs": program.inputs(name, arguments),
            "collect": list(collect),
            "seconds": seconds + SPARE_S,
        },
        workspace=recall(session).workspace,
    )


def read_check(result: Result) -> Check | Outcome:
    """Read the program's report; without one the work could not be done, and that is a fault."""
    if result.status != OK:
        return fault(result)
    try:
        read = Check.model_validate(result.data["report"])
    except (KeyError, ValidationError) as error:
        return fault(result, f"the report of the check cannot be read: {error}")
    if not read.runs:
        return fault(result, "the report of the check tells of no run")
    return fault(result, f"pytest could not run: {read.runs[0].message}") if read.runs[0].broken else read


def fault(result: Result, message: str | None = None) -> Outcome:
    """Say that the work could not be done."""
    reason = message or result.error_message or (result.stderr or result.stdout).strip()[-2000:]
    return Outcome(replace(result, status=FAULT, error_message=reason))


def verdict(
    session: Session, result: Result, findings: Sequence[Finding], state: Mapping[str, Json] | None = None
) -> Outcome:
    """Let the tests pass, or send them to be fixed while fixes remain, else to be dropped."""
    remembered = {"findings": [finding.to_json() for finding in findings], **(state or {})}
    if not findings:
        return Outcome(replace(result, status=OK, error_message=None), remembered)
    status = ERROR if session.remaining.fixes > 0 else WARNING
    return Outcome(replace(result, status=status, error_message=_message(findings)), remembered)


def _message(findings: Sequence[Finding]) -> str:
    lines = [f"{finding.test.rpartition('::')[2] or 'the file'}: {finding.message}" for finding in findings[:20]]
    more = [f"… and {len(findings) - 20} more"] if len(findings) > 20 else []
    return "\n".join([f"{len(findings)} finding{'s' if len(findings) > 1 else ''}", *lines, *more])
