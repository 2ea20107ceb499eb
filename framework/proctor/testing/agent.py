"""The kit for agents."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar

from pydantic import ValidationError

from proctor.contracts.activity import Activity
from proctor.contracts.agent import Agent, AgentResult, Task
from proctor.contracts.answers import size
from proctor.contracts.conformity import Unfit, as_agent
from proctor.domain.interaction import Usage
from proctor.domain.json import EMPTY, JsonObject
from proctor.executors.agent import allowed
from proctor.testing.beat import check_beat
from proctor.testing.cancellation import cancelled_at, moments
from proctor.testing.factories import TARGET, a_task
from proctor.testing.kit import Kit, rule
from proctor.testing.options import check_options, check_schema
from proctor.testing.place import Place

STATUSES = ("ok", "warning", "error", "fault")


class AgentContract(Kit):
    """Every rule for an agent, at work on a real task: to write tests for a module of a small git repository.

        class TestMine(AgentContract):
            agent = Mine
            options = {"model": "small"}
            cannot_start = {"model": "none such"}

    The workspace is laid out as in a session. The agent is really run, some twenty times: give it options with which
    that costs nothing.
    """

    page = "docs/testing.md#agents"
    agent: ClassVar[type[Agent]]
    options: ClassVar[JsonObject] = EMPTY
    """What stands under `[agents.NAME]`."""
    cannot_start: ClassVar[JsonObject | None] = None
    """Options with which it cannot be started: a program that is not there, a key that is wrong."""
    runs: ClassVar[bool] = True
    """False: it must not be run here, and only what can be seen without that is looked at."""

    @classmethod
    def can(cls, capability: str) -> bool:
        """Tell whether rules that need a capability apply; `deterministic` is what the agent says of itself."""
        agent = getattr(cls, "agent", None)
        able = {"deterministic": getattr(agent, "deterministic", False), "cannot_start": cls.cannot_start is not None}
        return cls.runs and able.get(capability, True)

    @rule()
    def test_it_is_what_the_entry_point_asks_for(self) -> None:
        """An agent is a subclass of Agent with a method `run`, and a model of its options."""
        try:
            as_agent("", self.agent)
        except Unfit as error:
            raise AssertionError(f"{self.agent} cannot be used: {error}.") from error
        check_schema(self.agent.Options)

    @rule(when="runs")
    def test_its_options_can_be_kept(self) -> None:
        """Its options can be kept as JSON and read again."""
        check_options(self.agent.Options, self.options)

    @rule(when="runs")
    async def test_it_gives_a_result(self) -> None:
        """An agent gives an AgentResult: a status of four, a text, suspected bugs that are JSON, and what it used."""
        async with self._desk() as (_, task):
            _check_result(await self._made(self.options).run(task, lambda _: None))

    @rule(when="runs")
    async def test_it_writes_only_what_it_may(self) -> None:
        """An agent changes only what the task allows in `may_write`; anything else would be thrown away."""
        async with self._desk() as (place, task):
            await self._made(self.options).run(task, lambda _: None)
            changed = await place.surroundings.changed(task.workspace, named=[task.target])
            others = [name for name in changed if not allowed(name, task.may_write)]
            assert not others, f"It may write {', '.join(task.may_write)}, and also changed {', '.join(others)}."

    @rule(when="runs")
    async def test_it_leaves_nothing_behind(self) -> None:
        """When an agent has ended, no process of it runs, and nothing outside the workspace is left or changed."""
        async with self._desk() as (place, task):
            await self._made(self.options).run(task, lambda _: None)
        place.check_clean("When it had ended,")

    @rule(when="runs")
    async def test_it_tells_what_it_does(self) -> None:
        """What an agent tells while it works are objects of the class Activity."""
        async with self._desk() as (_, task):
            told: list[object] = []
            await self._made(self.options).run(task, told.append)
            for each in told:
                assert isinstance(each, Activity), f"It emitted {each!r}."
                assert each.kind in ("activity", "output"), f"It emitted an activity of the kind {each.kind!r}."
                assert _is_json(each.data), f"It emitted data that is not JSON: {each.data!r}."

    @rule(when="runs")
    async def test_it_does_not_hold_up_others(self) -> None:
        """While an agent works, other sessions get their turn, and nothing is printed."""
        async with self._desk() as (_, task):
            await check_beat(self._made(self.options).run(task, lambda _: None))

    @rule(when="runs")
    async def test_it_can_be_cancelled(self) -> None:
        """An agent that is cancelled ends, wherever it waits, with every process that it started."""
        async with self._desk() as (place, task):
            for moment in moments():
                reached, answer = await cancelled_at(self._made(self.options).run(task, lambda _: None), moment)
                if not reached:
                    break
                assert answer is None, f"It went on when it was cancelled at its wait number {moment + 1}."
        place.check_clean("When it was cancelled,")

    @rule(when="deterministic")
    async def test_asking_it_twice_gives_the_same(self) -> None:
        """An agent that says `deterministic = True` writes the same files and says the same when it is asked again."""
        seen: list[tuple[AgentResult, dict[str, bytes]]] = []
        for turn in ("first", "second"):
            async with self._desk(turn) as (_, task):
                result = await self._made(self.options).run(task, lambda _: None)
                seen.append((result, _files(task.workspace)))
        (first, before), (second, after) = seen
        differing = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        assert not differing, f"The second time {', '.join(differing)} came out differently."
        assert first == second, f"First it said {first!r}, then {second!r}."

    @rule(when="cannot_start")
    async def test_what_cannot_start_is_a_fault(self) -> None:
        """An agent that cannot be started, or is lost, gives the status `fault` and says why."""
        async with self._desk() as (_, task):
            result = await self._made(self.cannot_start or {}).run(task, lambda _: None)
            _check_result(result)
            assert (result.status, bool(result.message)) == ("fault", True), (
                f"With the options {dict(self.cannot_start or {})} it gave {result!r}."
            )

    @asynccontextmanager
    async def _desk(self, name: str = "desk") -> AsyncIterator[tuple[Place, Task]]:
        place = Place(self.folder / name)
        with place.watched():
            async with place.surroundings.open(place.workspace, key="session") as path:
                (path / TARGET).parent.mkdir(parents=True, exist_ok=True)
                yield place, a_task(path, limits=place.surroundings.limits, environment=place.surroundings.environment)

    def _made(self, options: JsonObject) -> Agent:
        try:
            return self.agent(self.agent.Options.model_validate(options))
        except ValidationError as error:
            raise AssertionError(f"Its Options refuse {dict(options)}: {error}") from error


def _check_result(result: object) -> None:
    assert isinstance(result, AgentResult), f"It gave {result!r}."
    assert result.status in STATUSES, f"Its status is {result.status!r}, and not one of {', '.join(STATUSES)}."
    assert isinstance(result.message, str), f"Its message is {result.message!r}."
    assert isinstance(result.conversation_id, str | None), f"Its conversation is {result.conversation_id!r}."
    assert isinstance(result.usage, Usage | None), f"Its usage is {result.usage!r}."
    for bug in result.suspected_bugs:
        assert _is_json(bug), f"A suspected bug is not JSON: {bug!r}."
        assert {"test", "message"} <= bug.keys(), f"A suspected bug lacks `test` or `message`: {bug!r}."


def _is_json(value: object) -> bool:
    try:
        size(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _files(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
