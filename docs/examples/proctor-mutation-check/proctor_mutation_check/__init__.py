"""A check for Proctor: the code is changed a little, in one place after another, and the tests must notice."""

import json
from dataclasses import replace
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from proctor import (
    CHECK,
    ERROR,
    FAULT,
    OK,
    WARNING,
    Command,
    Component,
    Finding,
    Json,
    Outcome,
    Result,
    Scope,
    Session,
    Step,
    Workspace,
)

PROGRAM = files(__name__).joinpath("mutate.py").read_text(encoding="utf-8")
SPARE_S = 60.0
"""For the last change that is tried, and for starting and ending."""


class MutationOptions(BaseModel):
    """How much is tried, and what is asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sample: int = Field(20, ge=1)
    """Changes to try."""
    seed: int = 0
    """Another number chooses other changes."""
    seconds: float = Field(120.0, gt=0)
    """For all of them together; what is not reached does not count."""
    minimum: float = Field(0.8, ge=0, le=1)
    """Share of the tried changes that the tests have to notice."""
    required: bool = False
    """True: tests that stay below the minimum are dropped. False: they are accepted once they cannot be bettered."""


class Python(BaseModel):
    """The interpreter that runs the user's code."""

    executable: str
    import_root: str


class Coverage(BaseModel):
    """What the new tests execute of the component."""

    executed_lines: tuple[int, ...]


class Memory(BaseModel):
    """What this check reads in the session's state."""

    repository: str
    base: str
    target: str
    files: dict[str, str]
    python: Python
    coverage: Coverage | None = None
    """None: not measured."""
    gave_up: bool = False
    """The agent had nothing more to say to what a check found."""


class Survivor(BaseModel):
    """A change that no test notices."""

    line: int
    before: str
    after: str

    def finding(self, path: str) -> Finding:
        """Say to an agent what is missing. That condemns no test: nothing was found wrong with those that are there."""
        message = f"No test fails when `{self.before}` in line {self.line} of {path} becomes `{self.after}`."
        return Finding("", CheckMutants.name, message, "Add a test that does, or sharpen one.", condemns=False)


class Report(BaseModel):
    """What the program found out."""

    possible: int
    tried: int
    survivors: tuple[Survivor, ...]

    @property
    def score(self) -> float:
        """Give the share that was noticed."""
        return 1 - len(self.survivors) / self.tried if self.tried else 1.0

    def __str__(self) -> str:
        return f"the tests notice {self.tried - len(self.survivors)} of {self.tried} changes"


class CheckMutants(Step):
    """Asks for tests that notice changes. It changes what the new tests execute; the rest is no fault of theirs."""

    name = "check_mutants"
    workflow = "component_testing"
    after = "check_coverage"
    transitions = CHECK
    Options = MutationOptions

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        """Have the program run by the interpreter that runs the tests."""
        assert isinstance(options, MutationOptions)
        memory, component = Memory.model_validate(session.state), Component.from_json(session.subject)
        arguments = {
            "module": component.name,
            "component": component.path,
            "target": memory.target,
            "import_root": memory.python.import_root,
            "lines": memory.coverage and memory.coverage.executed_lines,
            **options.model_dump(include={"sample", "seed", "seconds"}),
        }
        return Command(
            "process",
            {
                "argv": [memory.python.executable, "{inputs}/mutate.py", "{inputs}/arguments.json"],
                "inputs": {"mutate.py": PROGRAM, "arguments.json": json.dumps(arguments)},
                "seconds": options.seconds + SPARE_S,
            },
            Workspace(memory.repository, memory.base, memory.files),
        )

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Send survivors to be fixed while that may help; then accept them, or, if so wished, condemn the file."""
        assert isinstance(options, MutationOptions)
        if result.status != OK:
            return Outcome(replace(result, status=FAULT, error_message=result.stderr or result.error_message))
        try:
            report = Report.model_validate(result.data.get("report"))
        except ValidationError as error:
            return Outcome(replace(result, status=FAULT, error_message=f"the report cannot be read: {error}"))
        if report.score >= options.minimum:
            return Outcome(result, {"findings": []})
        judged = replace(result, error_message=str(report))
        if _worth_asking(session):
            path = Component.from_json(session.subject).path
            asked: list[Json] = [survivor.finding(path).to_json() for survivor in report.survivors]
            return Outcome(replace(judged, status=ERROR), {"findings": asked})
        if options.required:
            finding = Finding("", self.name, f"{report}, and {options.minimum:.0%} is asked for")
            return Outcome(replace(judged, status=WARNING), {"findings": [finding.to_json()]})
        return Outcome(result, {"findings": []})


def _worth_asking(session: Session) -> bool:
    """Tell whether the agent may still write better tests."""
    gave_up = Memory.model_validate(session.state).gave_up
    return session.remaining.fixes > 0 and not session.agent.deterministic and not gave_up
