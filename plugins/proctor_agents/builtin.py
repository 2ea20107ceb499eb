"""The builtin agent: no key, no network. It turns the examples in docstrings into pytest tests."""

import asyncio
from collections.abc import Iterator, Sized
from contextlib import suppress
from dataclasses import asdict

from proctor import Activity, Agent, AgentResult, JsonObject, Task
from proctor.contracts.activity import Emit
from proctor_agents.repair import Repair, SuspectedBug, repair
from proctor_agents.testfile import TestFile
from proctor_agents.writing import Draft, write_tests


class BuiltinAgent(Agent):
    """Writes what the documentation promises, and takes back what the code does not keep.

    It reads the source and never runs it; whether the tests are any good is found out by the checks.
    """

    deterministic = True

    async def run(self, task: Task, emit: Emit) -> AgentResult:
        """Write the test file, or repair what the findings name."""
        draft = await asyncio.to_thread(_draft, task)
        if task.findings:
            return await asyncio.to_thread(_repair, task, draft)
        emit(Activity("activity", f"{_count(draft.tests, 'test')} from the examples in {task.component.path}"))
        if not draft.tests:
            return AgentResult("warning", _why_nothing(draft))
        new = await asyncio.to_thread(_new, task, draft)
        if not new.blocks:
            return AgentResult("warning", "all of its examples are tests already")
        await asyncio.to_thread(_write, task, new.render())
        return AgentResult("ok", f"{_count(new.blocks, 'test')} written")


def _draft(task: Task) -> Draft:
    source = (task.workspace / task.component.path).read_text(encoding="utf-8", errors="replace")
    return write_tests(source, task.component.name)


def _new(task: Task, draft: Draft) -> TestFile:
    """Leave out the tests that an earlier run has brought into the repository: those of a file with the same head."""
    own, target = TestFile.read(draft.text), task.workspace / task.target
    known: set[str] = set()
    for path in target.parent.glob("test_*.py"):
        with suppress(OSError, SyntaxError, ValueError):
            other = TestFile.read(path.read_text(encoding="utf-8"))
            if path != target and other.head == own.head:
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


def _why_nothing(draft: Draft) -> str:
    if not draft.skipped:
        return "no docstring of it has an example"
    first = draft.skipped[0]
    return f"no example of it can become a test (line {first.line}: {first.reason})"


def _count(things: Sized, noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"
