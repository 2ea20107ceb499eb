"""A program that travels with its command: laid out, run, and its report read."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from proctor.contracts.activity import Activity
from proctor.contracts.executor import Surroundings
from proctor.contracts.process import ProcessExit
from proctor.domain.interaction import Result
from proctor.domain.json import Json
from proctor.domain.workflow import ERROR, FAULT, OK
from proctor.executors.guarded import run_process
from proctor.workspace.overlay import lay, read

INPUT_BYTES = 4 * 1024**2
REPORT_BYTES = 8 * 1024**2


class ProgramArguments(BaseModel):
    """A program, and what it is given.

    In `argv` and in the values of `environment`, `{inputs}` stands for the folder with the inputs and
    `{proctor_python}` for the interpreter that runs Proctor on the executing machine.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    argv: list[str] = Field(min_length=1)
    """The program and its arguments, not read by any shell."""
    environment: dict[str, str] = {}
    """Variables of its own, over those that it is allowed to see."""
    inputs: dict[str, str] = {}
    """Files outside the workspace: name -> text, at most 4 MiB in all."""
    stdin: str | None = None
    """What it reads from standard input."""
    seconds: float | None = Field(None, gt=0)
    """Time that it has; null: what whoever executes it allows, 300 unless set otherwise."""

    @model_validator(mode="after")
    def _limit_inputs(self) -> Self:
        size = sum(len(text.encode(errors="surrogatepass")) for text in self.inputs.values())
        if size > INPUT_BYTES:
            raise ValueError(f"the inputs have {size:,} bytes; {INPUT_BYTES:,} are allowed")
        return self


class ProgramData(BaseModel):
    """What a program told."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    report: JsonValue = None
    """The JSON that it wrote to $PROCTOR_REPORT, at most 8 MiB; null if it wrote none."""


@dataclass(frozen=True, slots=True)
class Run:
    """How a program ended and what it reported."""

    exit: ProcessExit
    report: Json = None
    """None also if it wrote none."""
    problem: str | None = None
    """Why the work could not be done; None if it was, well or badly."""

    def result(self) -> Result:
        """Give the result: `ok` for exit code 0, `error` for another one, `fault` if the work could not be done."""
        exit_code = self.exit.exit_code
        status = FAULT if self.problem else ERROR if exit_code else OK
        return Result(
            status,
            data={"report": self.report},
            exit_code=exit_code,
            error_message=self.problem or (f"it ended with exit code {exit_code}" if exit_code else None),
            stdout=self.exit.stdout,
            stderr=self.exit.stderr,
            duration_s=self.exit.duration_s,
        )


async def run_program(arguments: ProgramArguments, cwd: Path, scratch: Path, surroundings: Surroundings) -> Run:
    """Run the program in a folder. Its inputs and its report lie in `scratch`. Raises UnsafePath for an input."""
    inputs, report = scratch / "inputs", scratch / "report" / "report.json"
    for folder in (inputs, report.parent):
        folder.mkdir()
    for name, text in arguments.inputs.items():
        lay(inputs, name, text.encode(errors="surrogatepass"))
    meanings = {"{inputs}": str(inputs), "{proctor_python}": sys.executable}
    environment = {name: _filled(value, meanings) for name, value in arguments.environment.items()}
    limits = surroundings.limits
    ended = await run_process(
        [_filled(word, meanings) for word in arguments.argv],
        cwd=cwd,
        environment={**surroundings.environment, **environment, "PROCTOR_REPORT": str(report)},
        limits=replace(limits, seconds=arguments.seconds or limits.seconds),
        stdin=None if arguments.stdin is None else arguments.stdin.encode(errors="surrogatepass"),
        on_output=lambda stream, text: surroundings.emit(Activity("output", text, {"stream": stream})),
    )
    return _judged(ended, report, arguments.seconds or limits.seconds)


def _judged(ended: ProcessExit, report: Path, seconds: float) -> Run:
    problem = _problem(ended, seconds)
    try:
        data = read(report, REPORT_BYTES)
        return Run(ended, None if data is None else orjson.loads(data), problem)
    except ValueError as error:
        return Run(ended, None, problem or f"its report ($PROCTOR_REPORT) cannot be used: {error}")


def _problem(ended: ProcessExit, seconds: float) -> str | None:
    if ended.timed_out:
        return f"it did not end within {seconds:g} s and was killed"
    if ended.exit_code is None:
        return f"it could not be run: {ended.error}"
    if ended.exit_code < 0:
        return f"it was killed by signal {-ended.exit_code}"
    return None


def _filled(text: str, meanings: Mapping[str, str]) -> str:
    for placeholder, meaning in meanings.items():
        text = text.replace(placeholder, meaning)
    return text
