"""The command agent: any command line of the user's own that can write a file.

    [agents.mine]
    argv = ["my-agent", "--task", "{task}"]

It runs in the workspace. The task is in the file `{task}`, on standard input, and in the environment:
PROCTOR_TASK (that file), PROCTOR_TASK_JSON (the same as values), PROCTOR_TARGET (the test file to write),
PROCTOR_COMPONENT (the source file) and PROCTOR_SUSPECTED_BUGS (a file to append JSON lines to, each with `test` and
`message`, and better also `example`, the code that fails, `expected` and `line`). Exit code 0 is "done", any other one
a failure.
"""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from proctor import Activity, Agent, AgentResult, JsonObject, ProcessExit, ProcessLimits, Task, run_process
from proctor.contracts.activity import Emit

BUGS = 100
BUGS_BYTES = 1024**2
"""So much is read of what it says of suspected bugs."""
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


class CommandAgent(Agent):
    """Starts the user's command line for each task."""

    Options = CommandOptions
    options: CommandOptions

    async def run(self, task: Task, emit: Emit) -> AgentResult:
        """Run the command in the workspace, its output streamed, and read what it says of bugs."""
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
        return _answer(ended, self.options.argv[0], bugs)

    def _filled(self, part: str, places: Mapping[str, str], task: Task) -> str:
        return part.replace("{task}", places["PROCTOR_TASK"]).replace("{target}", task.target)

    def _limits(self, limits: ProcessLimits) -> ProcessLimits:
        seconds = min(limits.seconds, self.options.seconds or limits.seconds)
        return ProcessLimits(seconds, limits.memory_bytes, limits.output_bytes)


def _lay_out(folder: Path, task: Task) -> dict[str, str]:
    text, values, bugs = folder / "task.md", folder / "task.json", folder / "suspected_bugs.jsonl"
    text.write_text(task.text, encoding="utf-8")
    values.write_text(json.dumps(_values(task), indent=2), encoding="utf-8")
    bugs.touch()
    return {
        "PROCTOR_TASK": str(text),
        "PROCTOR_TASK_JSON": str(values),
        "PROCTOR_TARGET": task.target,
        "PROCTOR_COMPONENT": task.component.path,
        "PROCTOR_SUSPECTED_BUGS": str(bugs),
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
    """Read the beginning of a file; one that the agent removed is empty."""
    try:
        with path.open("rb") as file:
            return file.read(BUGS_BYTES).decode(errors="replace")
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
