"""The builtin agent: no key, no network. Examples in docstrings become tests; what has none is recorded as it is."""

import ast
import asyncio
from collections.abc import Iterator, Sized
from contextlib import suppress
from dataclasses import asdict, replace

from pydantic import BaseModel, ConfigDict

from proctor import Activity, Agent, AgentResult, JsonObject, Task
from proctor.contracts.activity import Emit
from proctor_agents.recordable import only_coroutines
from proctor_agents.recorded import RecordedTest, recorded_tests
from proctor_agents.recording import record
from proctor_agents.repair import Repair, SuspectedBug, repair
from proctor_agents.scope import bindings_of, quietly
from proctor_agents.survey import Survey, survey
from proctor_agents.testfile import TestFile, is_recorded
from proctor_agents.writing import PROGRAM, Draft, write_tests

_FROM_BOTH = "they expect what its documentation shows and, where marked, what it does today."
_RECORDED = "they record what it does today."


class BuiltinOptions(BaseModel):
    """`[agents.builtin]` in the user's settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    recorded: bool = True
    """Whether to run what has no examples, and to write tests of what it does today."""


class BuiltinAgent(Agent):
    """Writes what the documentation promises, records what else the code does, and takes back what does not hold.

    The source is read here and run only in limited processes of its own; whether the tests are any good is found out
    by the checks.
    """

    deterministic = True
    Options = BuiltinOptions
    options: BuiltinOptions

    async def run(self, task: Task, emit: Emit) -> AgentResult:
        """Write the test file, or repair what the findings name."""
        source = await asyncio.to_thread(_source, task)
        draft = await asyncio.to_thread(write_tests, source, task.component.name)
        if task.findings:
            return await asyncio.to_thread(_repair, task, draft)
        emit(Activity("activity", f"{_count(draft.tests, 'test')} from the examples in {task.component.path}"))
        recorded = await _recorded(task, source, draft) if self.options.recorded else ()
        if recorded:
            emit(Activity("activity", f"{_count(recorded, 'test')} recorded from what {task.component.path} does"))
        if not draft.tests and not recorded:
            return AgentResult("warning", _why_nothing(source, draft, self.options.recorded))
        new = await asyncio.to_thread(_new, task, _file(task, draft, recorded))
        if not new.blocks:
            return AgentResult("warning", "all of its tests are there already" if recorded else _ALL_THERE)
        await asyncio.to_thread(_write, task, new.render())
        return AgentResult("ok", _written(new))


_ALL_THERE = "all of its examples are tests already"


def _source(task: Task) -> str:
    return (task.workspace / task.component.path).read_text(encoding="utf-8", errors="replace")


async def _recorded(task: Task, source: str, draft: Draft) -> tuple[RecordedTest, ...]:
    """Record what has no examples. A module that cannot be read or imported has nothing to record."""
    known = await asyncio.to_thread(_surveyed, task, source, draft)
    if known is None:
        return ()
    found = await record(task, known)
    with quietly():
        return recorded_tests(found, task.component.name, bindings_of(source), {test.name for test in draft.tests})


def _surveyed(task: Task, source: str, draft: Draft) -> Survey | None:
    with suppress(SyntaxError, ValueError), quietly():
        return survey(task, source, draft)
    return None


def _file(task: Task, draft: Draft, recorded: tuple[RecordedTest, ...]) -> TestFile:
    if not recorded:
        return TestFile.read(draft.text)
    title = f'"""Tests of {task.component.name}; {_FROM_BOTH if draft.tests else _RECORDED}"""'
    file = replace(TestFile.read(draft.text), head=title)
    imports = {each.name: each for test in recorded for each in test.imports}
    blocks = (*file.blocks, *((test.name, test.code) for test in recorded))
    return replace(file, imports={**imports, **file.imports}, blocks=blocks)


def _new(task: Task, own: TestFile) -> TestFile:
    """Leave out the tests that an earlier run has brought into the repository: those of a file with such a head."""
    target, title = task.workspace / task.target, own.head.partition(";")[0]
    known: set[str] = set()
    for path in target.parent.glob("test_*.py"):
        with suppress(OSError, SyntaxError, ValueError):
            other = TestFile.read(path.read_text(encoding="utf-8"))
            if path != target and other.head.partition(";")[0] == title:
                known.update(name for name, _ in other.blocks)
    return own.replace(dict.fromkeys(known))


def _write(task: Task, text: str) -> None:
    target = task.workspace / task.target
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def _repair(task: Task, draft: Draft) -> AgentResult:
    target = task.workspace / task.target
    try:
        repaired = repair(target.read_text(encoding="utf-8"), task.findings, draft)
    except (OSError, SyntaxError, ValueError) as error:
        return AgentResult("warning", f"the test file cannot be repaired: {error}")
    if not repaired.changed:
        return AgentResult("warning", "nothing of this can be repaired without changing what is tested")
    if "def test_" in repaired.text:
        _write(task, repaired.text)
    else:
        target.unlink()
    return AgentResult("ok", _told(repaired), suspected_bugs=tuple(_bugs(repaired)))


def _told(repaired: Repair) -> str:
    told = f"{_count(repaired.suspected_bugs, 'suspected bug')}, " if repaired.suspected_bugs else ""
    return f"{told}{len(repaired.removed)} removed, the others compared as doctest would"


def _bugs(repaired: Repair) -> Iterator[JsonObject]:
    for bug in repaired.suspected_bugs:
        yield _as_json(bug)


def _as_json(bug: SuspectedBug) -> JsonObject:
    return {name: value for name, value in asdict(bug).items() if value not in ("", None)}


def _written(file: TestFile) -> str:
    recorded = [name for name, code in file.blocks if is_recorded(code)]
    told = f", {len(recorded)} of them recorded from what the code does today" if recorded else ""
    return f"{_count(file.blocks, 'test')} written{told}"


def _why_nothing(source: str, draft: Draft, recorded: bool) -> str:
    if not draft.skipped:
        return f"no docstring of it has an example{_why_not_recorded(source) if recorded else ''}"
    first, more = draft.skipped[0], ", and nothing it does could be recorded" if recorded else ""
    if first.reason == PROGRAM:
        return first.reason
    return f"no example of it can become a test (line {first.line}: {first.reason}){more}"


def _why_not_recorded(source: str) -> str:
    with quietly():
        if only_coroutines(ast.parse(source)):
            return ", and all it offers are coroutines, which are never tried out"
    return ", and nothing it does could be recorded"


def _count(things: Sized, noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"
