"""The command agent: any command line of the user's own that can write a file.

    [agents.mine]
    argv = ["my-agent", "--task", "{task}"]

It runs in the workspace. The task is in the file `{task}`, on standard input, and in the environment:
PROCTOR_TASK (that file), PROCTOR_TASK_JSON (the same as values), PROCTOR_TARGET (the test file to write),
PROCTOR_COMPONENT (the source file), PROCTOR_SUSPECTED_BUGS (a file to append JSON lines to, each with `test` and
`message`, and better also `example`, the code that fails, `expected` and `line`) and PROCTOR_USAGE (a file to write
`input_tokens`, `output_tokens` and `cost_usd` to, as one JSON object). Exit code 0 is "done", any other one a failure.
"""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from proctor import Activity, Agent, AgentResult, JsonObject, ProcessExit, ProcessLimits, Task, Usage, run_process
from proctor.contracts.activity import Emit
from proctor_agents.usage import Format, printed, written

BUGS = 100
MOST_BYTES = 1024**2
"""So much is read of a file in which it tells something."""
_BUG_MAY_SAY = ("example", "expected", "line")


class CommandOptions(BaseModel):
    """`[agents.NAME]` in the user's settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    argv: list[str] = Field(min_length=1)
    """The command line, as a list. `{task}` becomes the file with the task, `{target}` the test file to write. No shell
    is involved."""
    environment: dict[str, str] = {}
    """Variables to set for the command, besides those that every process may see."""
    seconds: float | None = Field(None, gt=0)
    """Time for one task; at most that of the step that asks."""
    usage: Format | None = None
    """Whose format its output has, to read from it what was consumed. Needless if it writes that to $PROCTOR_USAGE."""


class CommandAgent(Agent):
    """Starts the user's command line for each task."""

    Options = CommandOptions
    options: CommandOptions

    async def run(self, task: Task, emit: Emit) -> AgentResult:
        """Run the command in the workspace, its output streamed, and read what it says of bugs and of its usage."""
        with tempfile.TemporaryDirectory(prefix="proctor-task-", dir=task.scratch) as folder:
            places = _lay_out(Path(folder), task)
            ended = await run_process(
                [self._filled(part, places, task) for part in self.options.argv],
                cwd=task.workspace,
                environment={**task.environment, **self.options.environment, **places},
                limits=self._limits(task.limits),
                stdin=task.text.encode(),
                on_output=lambda stream, text: emit(Activity("output", text, {"stream": stream})),
            )
            bugs = _suspected_bugs(Path(places["PROCTOR_SUSPECTED_BUGS"]))
            said = _read(Path(places["PROCTOR_USAGE"]))
        return replace(_answer(ended, self.options.argv[0], bugs), usage=self._usage(said, ended, emit))

    def _usage(self, said: str, ended: ProcessExit, emit: Emit) -> Usage | None:
        """Find out what was consumed. What cannot be read is told, and not counted; no work is lost by it."""
        program, form = self.options.argv[0], self.options.usage
        try:
            usage = written(said)
        except ValueError as error:
            emit(Activity("activity", f"What {program} wrote to $PROCTOR_USAGE is not counted: {error}"))
            usage = None
        if usage or form is None or ended.exit_code is None:
            return usage
        if (usage := printed(ended.stdout, form)) is None:
            emit(Activity("activity", f"What {program} consumed is not counted: it did not tell as {form} does"))
        return usage

    def _filled(self, part: str, places: Mapping[str, str], task: Task) -> str:
        return part.replace("{task}", places["PROCTOR_TASK"]).replace("{target}", task.target)

    def _limits(self, limits: ProcessLimits) -> ProcessLimits:
        seconds = min(limits.seconds, self.options.seconds or limits.seconds)
        return ProcessLimits(seconds, limits.memory_bytes, limits.output_bytes)


def _lay_out(folder: Path, task: Task) -> dict[str, str]:
    text, values, bugs = folder / "task.md", folder / "task.json", folder / "suspected_bugs.jsonl"
    usage = folder / "usage.json"
    text.write_text(task.text, encoding="utf-8")
    values.write_text(json.dumps(_values(task), indent=2), encoding="utf-8")
    bugs.touch()
    usage.touch()
    return {
        "PROCTOR_TASK": str(text),
        "PROCTOR_TASK_JSON": str(values),
        "PROCTOR_TARGET": task.target,
        "PROCTOR_COMPONENT": task.component.path,
        "PROCTOR_SUSPECTED_BUGS": str(bugs),
        "PROCTOR_USAGE": str(usage),
    }


def _values(task: Task) -> JsonObject:
    return {
        "text": task.text,
        "component": task.component.to_json(),
        "target": task.target,
        "may_write": list(task.may_write),
        "findings": [finding.to_json() for finding in task.findings],
        "previous": task.previous,
    }


def _suspected_bugs(path: Path) -> tuple[JsonObject, ...]:
    bugs: list[JsonObject] = []
    for line in _read(path).split("\n")[:BUGS]:
        try:
            value = json.loads(line)
            told = {name: value[name] for name in _BUG_MAY_SAY if value.get(name)}
            bugs.append({"test": str(value["test"])[:1000], "message": str(value["message"])[:4000], **_bounded(told)})
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue  # it is the agent's own file: a broken line is no reason to lose its tests
    return tuple(bugs)


def _bounded(told: JsonObject) -> JsonObject:
    texts = {name: str(value)[:4000] for name, value in told.items() if name != "line"}
    return {**texts, "line": told["line"]} if isinstance(told.get("line"), int) else texts


def _read(path: Path) -> str:
    """Read the beginning of a file; one that the agent removed, or made a pipe, is empty."""
    if not path.is_file():
        return ""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES).decode(errors="replace")
    except OSError:
        return ""


def _answer(ended: ProcessExit, program: str, bugs: tuple[JsonObject, ...]) -> AgentResult:
    if ended.exit_code is None:
        return AgentResult("fault", f"{program} could not be run: {ended.error}")
    if ended.timed_out:
        return AgentResult("error", f"{program} was stopped after {ended.duration_s:.0f} s", suspected_bugs=bugs)
    if ended.exit_code != 0:
        said = (ended.stderr or ended.stdout).strip()[-2000:]
        return AgentResult("error", f"{program} ended with exit code {ended.exit_code}: {said}", suspected_bugs=bugs)
    return AgentResult("ok", ended.stdout.strip()[-2000:], suspected_bugs=bugs)
