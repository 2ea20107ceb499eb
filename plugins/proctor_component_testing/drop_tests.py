"""Removes the tests that were found bad and could not be fixed; what stays is proven again."""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel, JsonValue, ValidationError

from proctor import ERROR, OK, SELF, WARNING, Command, Json, NoOptions, Outcome, Result, Scope, Session, Step
from proctor_component_testing.checking import fault, program_command
from proctor_component_testing.state import Memory, recall
from proctor_python.drop import Arguments, Dropped

SECONDS = 30.0


class DropTests(Step):
    """Takes single tests out by the syntax tree. It only ever shrinks the file, so it comes to an end."""

    name = "drop_tests"
    workflow = "component_testing"
    transitions = {OK: "run_tests", WARNING: "finalize", ERROR: SELF}
    Options = NoOptions

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        """Remove every test that a finding names; a finding about the file as a whole names them all."""
        memory = recall(session)
        tests = _condemned(memory)
        if memory.target not in memory.files or not tests:
            return Command("none")
        arguments = Arguments(target=memory.python, test_file=memory.target, tests=tests)
        return program_command(session, "drop", arguments, SECONDS, collect=[memory.target])

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Go on with what is left."""
        memory = recall(session)
        if memory.target not in memory.files:
            return Outcome(replace(result, status=WARNING, error_message=memory.reason), _remembered(memory, None))
        if not _condemned(memory):
            return Outcome(replace(result, status=OK), {"findings": []})
        if result.status != OK:
            return fault(result)
        try:
            dropped = Dropped.model_validate(result.data["report"])
        except (KeyError, ValidationError) as error:
            return fault(result, f"the report cannot be read: {error}")
        blob = result.files.get(memory.target) if dropped.remaining else None
        count = f"{len(dropped.dropped)} dropped, {len(dropped.remaining)} left"
        status = OK if blob else WARNING
        return Outcome(replace(result, status=status, error_message=count), _remembered(memory, blob))


def _condemned(memory: Memory) -> tuple[str, ...]:
    """Name what has to go: tests, or the file as a whole."""
    return tuple(finding.test or memory.target for finding in memory.found() if finding.condemns)


def _with(known: Sequence[dict[str, JsonValue]], found: Sequence[dict[str, JsonValue]]) -> list[Json]:
    """Add what was found; a test that was written anew and dropped again counts once."""
    tests = {finding["test"] for finding in found if finding["test"]}
    return [*(finding for finding in known if finding["test"] not in tests), *found]


def _remembered(memory: Memory, blob: str | None) -> dict[str, Json]:
    others = {path: known for path, known in memory.files.items() if path != memory.target}
    reasons = [f"{finding.check}: {finding.message}" for finding in memory.found()[:1]]
    return {
        "files": {**others, memory.target: blob} if blob else {},
        "dropped": _with(memory.dropped, memory.findings),
        "findings": [],
        "tests": memory.tests if blob else 0,
        "reason": reasons[0] if reasons else memory.reason,
    }
