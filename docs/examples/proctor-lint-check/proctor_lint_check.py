"""A check for Proctor: ruff reads the tests that were written."""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from proctor import ERROR, FAULT, NEXT, OK, Command, Finding, Outcome, Result, Scope, Session, Step, Workspace

SECONDS = 60.0


class LintOptions(BaseModel):
    """What is looked for, and by which ruff."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    select: tuple[str, ...] = ("E4", "E7", "E9", "F", "PT", "B")
    """Rules, by ruff's names."""
    ruff: str | None = None
    """An executable; None: the ruff that is installed where Proctor is."""


class Memory(BaseModel):
    """What this module reads in the session's state."""

    repository: str
    base: str
    target: str
    files: dict[str, str]
    lint_told: bool = False
    """The agent has been told what ruff found. Written by this module alone."""


class Place(BaseModel):
    """Where a problem is."""

    row: int


class Problem(BaseModel):
    """What ruff found; of its JSON, what an agent has to know."""

    code: str | None
    message: str
    location: Place
    url: str | None

    def finding(self) -> Finding:
        """Say it to an agent. It names no test and condemns nothing: the tests have passed."""
        message = f"Line {self.location.row}: {self.message} ({self.code})."
        return Finding("", CheckLint.name, message, self.url or "", condemns=False)


PROBLEMS = TypeAdapter(list[Problem])


class CheckLint(Step):
    """Tells the agent once what ruff found. What is left after that is accepted, and stands in the result."""

    name = "check_lint"
    workflow = "component_testing"
    after = "run_tests"
    transitions = {OK: NEXT, ERROR: "fix_tests"}
    Options = LintOptions

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        """Have ruff read the test file. With --exit-zero, only a fault of its own has another exit code than 0."""
        assert isinstance(options, LintOptions)
        memory = Memory.model_validate(session.state)
        ruff = [options.ruff] if options.ruff else ["{proctor_python}", "-m", "ruff"]
        flags = [
            "--isolated",
            "--no-cache",
            "--exit-zero",
            "--output-format=json",
            "--select",
            ",".join(options.select),
        ]
        return Command(
            "process",
            {"argv": [*ruff, "check", *flags, "--", memory.target], "seconds": SECONDS},
            Workspace(memory.repository, memory.base, memory.files),
        )

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Hand what was found to the agent, if it does not know yet and may still change something."""
        if result.status != OK:
            return Outcome(replace(result, status=FAULT, error_message=result.stderr or result.error_message))
        try:
            problems = PROBLEMS.validate_json(result.stdout)
        except ValidationError as error:
            return Outcome(replace(result, status=FAULT, error_message=f"ruff's output cannot be read: {error}"))
        judged = replace(result, data={"problems": [problem.model_dump() for problem in problems]}, stdout="")
        told = Memory.model_validate(session.state).lint_told
        if not problems or told or not session.remaining.fixes:
            return Outcome(judged, {"findings": []})
        findings = [problem.finding().to_json() for problem in problems]
        judged = replace(judged, status=ERROR, error_message=_told(problems))
        return Outcome(judged, {"findings": findings, "lint_told": True})


def _told(problems: Sequence[Problem]) -> str:
    codes = sorted({str(problem.code) for problem in problems})
    return f"{len(problems)} found by ruff: {', '.join(codes)}"
