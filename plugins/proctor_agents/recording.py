"""Finding out what a module does: its functions are tried out in the target interpreter, never in this process.

One process searches for telling cases; three more, each with another hash seed, order, time zone and folder, have to
see the same of each case. What they do not agree on is not recorded.
"""

import ast
import json
import shutil
import tempfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from proctor import ProcessLimits, Task, run_process
from proctor_agents.sightings import STANDARD
from proctor_agents.survey import Survey
from proctor_agents.tries import tries_of
from proctor_python.interpreters import interpreters
from proctor_python.program import program

SECONDS = 60.0
MEMORY = 2 * 1024**3
RESTARTS = 3
CONFIRMATIONS = (1, 2, 3)
Line = Mapping[str, JsonValue]
"""One line of an answer."""
_ZONES = ("UTC", "Pacific/Kiritimati", "America/St_Johns")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of one case in every process."""

    subject: str
    setup: tuple[str, ...]
    shown: str
    """The expression whose outcome is recorded."""
    kind: str
    """value, output or raises."""
    text: str
    """The value's literal, that of the text printed, or the exception's name."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What every run of the program is told."""

    python: str
    root: Path
    common: Mapping[str, JsonValue]


async def record(task: Task, survey: Survey) -> tuple[Recorded, ...]:
    """Return what is to be recorded of a module; nothing if it cannot be imported, or no interpreter is there."""
    plan = _plan(task, survey)
    if plan is None or not survey.things:
        return ()
    found = await _search(task, plan, [tries_of(thing, lists, survey.passed_over) for thing, lists in survey.things])
    cases = [case for case in found if not _is_told(str(case["shown"]), survey.told)]
    if not cases:
        return ()
    asked: list[JsonValue] = [{**case} for case in cases]
    answers = [await _run(task, plan, {"cases": asked, "order": order}, order) for order in CONFIRMATIONS]
    return tuple(_agreed(cases, answers))


def _plan(task: Task, survey: Survey) -> _Plan | None:
    candidates = interpreters(task.environment, task.workspace)
    python = next((path for path in candidates if shutil.which(path)), None)
    if python is None:
        return None
    imports: list[JsonValue] = [f"import {module}" for module in sorted(STANDARD)]
    common: dict[str, JsonValue] = {"module": task.component.name, "raises": [*survey.raises], "imports": imports}
    return _Plan(python, survey.root, common)


async def _search(task: Task, plan: _Plan, subjects: Sequence[JsonValue]) -> list[Line]:
    """Search, again without a subject that ended or stopped the process."""
    skip: list[JsonValue] = []
    answer: list[Line] = []
    for _ in range(RESTARTS):
        answer = await _run(task, plan, {"subjects": [*subjects], "skip": [*skip]}, 0)
        begun = [line["begin"] for line in answer if "begin" in line]
        if not begun or "end" in answer[-1]:
            break
        skip.append(begun[-1])
    return [line for line in answer if "shown" in line]


async def _run(task: Task, plan: _Plan, more: Mapping[str, JsonValue], number: int) -> list[Line]:
    with tempfile.TemporaryDirectory(prefix="proctor-recording-") as name:
        folder = Path(name)
        programs, empty = folder / "programs", folder / "empty"
        programs.mkdir()
        empty.mkdir()
        for file, text in program("proctor_record", "proctor_guard", "proctor_values").items():
            (programs / file).write_text(text, encoding="utf-8")
        asked, answered = folder / "plan.json", folder / "answer.jsonl"
        roots: list[JsonValue] = [str(plan.root)]
        asked.write_text(json.dumps({**plan.common, **more, "roots": roots}), encoding="utf-8")
        await run_process(
            [plan.python, str(programs / "proctor_record.py"), str(asked), str(answered)],
            cwd=empty,
            environment={
                **task.environment,
                "PYTHONPATH": str(plan.root),
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONHASHSEED": str(number),
                "TZ": _ZONES[number % len(_ZONES)],
                "HOME": str(empty),
            },
            limits=ProcessLimits(min(SECONDS, task.limits.seconds), MEMORY, 64 * 1024),
        )
        return _read(answered)


def _read(path: Path) -> list[Line]:
    """Read an answer as far as it got."""
    lines: list[Line] = []
    with suppress(OSError, ValueError):
        lines.extend(map(json.loads, path.read_text(encoding="utf-8").splitlines()))
    return lines


def _is_told(code: str, told: Collection[str]) -> bool:
    """Tell whether an example shows this expression, or one inside it."""
    parts = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.expr))
    return any(ast.unparse(part) in told for part in parts if not isinstance(part, ast.Name | ast.Constant))


def _agreed(cases: Sequence[Line], answers: Sequence[Sequence[Line]]) -> list[Recorded]:
    seen = [{line["case"]: (line["kind"], line["text"]) for line in answer if "case" in line} for answer in answers]
    agreed: list[Recorded] = []
    for number, case in enumerate(cases):
        outcomes = {each.get(number) for each in seen}
        outcome = outcomes.pop()
        setup = case["setup"]
        if outcome and outcome[0] != "changing" and not outcomes and isinstance(setup, list):
            lines = tuple(str(line) for line in setup)
            agreed.append(Recorded(str(case["subject"]), lines, str(case["shown"]), str(outcome[0]), str(outcome[1])))
    return agreed
