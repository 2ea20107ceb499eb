"""The kit for executors."""

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import ClassVar

from pydantic import ValidationError

from proctor.contracts.agent import Agent
from proctor.contracts.answers import flaw
from proctor.contracts.conformity import Unfit, as_executor
from proctor.contracts.executor import Executor, Surroundings
from proctor.domain.interaction import Command, Result, Workspace
from proctor.domain.workflow import OK
from proctor.testing.beat import check_beat
from proctor.testing.cancellation import cancelled_at, moments
from proctor.testing.failing import FailingSurroundings
from proctor.testing.kit import Kit, rule
from proctor.testing.options import check_schema
from proctor.testing.place import Place
from proctor.testing.scripted_agent import ScriptedAgent


class ExecutorContract(Kit):
    """Every rule for an executor, at work in real surroundings: a small git repository, folders, blobs.

        class TestContainer(ExecutorContract):
            executor = ContainerExecutor
            kind = "container"

            def command(self, workspace):
                return Command("container", {"image": "busybox", "argv": ["true"]}, workspace)

    The command is really executed, some twenty times: give one that is quick and ends with `ok`.
    """

    page = "docs/testing.md#executors"
    executor: ClassVar[type[Executor]]
    kind: ClassVar[str]
    """The name of the entry point."""
    has_command: ClassVar[bool] = True
    """False: nobody knows a harmless command, and only what can be seen without one is looked at."""

    def command(self, workspace: Workspace) -> Command:
        """Give a command that ends with `ok`; the workspace has `shop/cart.py` and, laid over, `notes.txt`."""
        return Command(self.kind, {}, workspace)

    def agent(self, name: str) -> Agent:
        """Give the agent that the surroundings have under that name."""
        return ScriptedAgent()

    @classmethod
    def can(cls, capability: str) -> bool:  # noqa: ARG003 # there is one
        """Tell whether rules that execute apply: a kind that parks is never executed."""
        return cls.has_command and getattr(getattr(cls, "executor", None), "parks", None) is None

    @rule()
    def test_it_is_what_the_entry_point_asks_for(self) -> None:
        """An executor is a subclass of Executor with a method `execute`, and models of its arguments and its data."""
        try:
            as_executor(self.kind, self.executor)
        except Unfit as error:
            raise AssertionError(f"{self.executor} cannot be used: {error}.") from error
        check_schema(self.executor.Arguments)
        check_schema(self.executor.Data)

    @rule()
    def test_it_parks_for_what_there_is(self) -> None:
        """What a started command waits for is `children`, `external`, or nothing."""
        parks = self.executor.parks
        assert parks in (None, "children", "external"), f"Its `parks` is {parks!r}."

    @rule(when="command")
    async def test_it_gives_a_result(self) -> None:
        """An executor gives a Result that can be stored, and says `ok` when all went well."""
        with self._at_work() as (place, command):
            result = await self._execute(command, place.surroundings)
            _check_result(result)
            assert result.status == OK, f"A command that should go well ended {result.status}: {result.error_message}"

    @rule(when="command")
    async def test_its_data_is_as_published(self) -> None:
        """The data of a result fits the model `Data`, which is what those read who execute such commands elsewhere."""
        with self._at_work() as (place, command):
            result = await self._execute(command, place.surroundings)
            try:
                self.executor.Data.model_validate(result.data)
            except ValidationError as error:
                raise AssertionError(f"{dict(result.data)} does not fit: {error}") from error

    @rule(when="command")
    async def test_its_files_are_stored(self) -> None:
        """The files of a result are paths in the workspace, each with the id of a blob that was stored."""
        with self._at_work() as (place, command):
            result = await self._execute(command, place.surroundings)
            for path, blob in result.files.items():
                assert blob in place.blobs, f"The blob of {path} was never stored."
                inside = not path.startswith("/") and ".." not in path.split("/")
                assert inside, f"{path} lies outside the workspace."

    @rule(when="command")
    async def test_it_may_be_executed_again(self) -> None:
        """A command is executed at least once: after a crash it is executed again, and ends in the same way."""
        with self._at_work() as (place, command):
            first, second = [await self._execute(command, place.surroundings) for _ in range(2)]
            assert first.status == second.status, f"First it ended {first.status}, then {second.status}: {second}"

    @rule(when="command")
    async def test_it_leaves_nothing_behind(self) -> None:
        """When a command has ended, no process of it runs, and no file of it is left."""
        with self._at_work() as (place, command):
            await self._execute(command, place.surroundings)
        place.check_clean("When it had ended,")

    @rule(when="command")
    async def test_it_can_be_cancelled(self) -> None:
        """A command that is cancelled ends, wherever it waits, and leaves no process and no file."""
        for moment in moments():
            with self._at_work(str(moment)) as (place, command):
                reached, answer = await cancelled_at(self._execute(command, place.surroundings), moment)
            if not reached:
                return
            assert answer is None, f"It went on when it was cancelled at its wait number {moment + 1}."
            place.check_clean(f"When it was cancelled at its wait number {moment + 1},")

    @rule(when="command")
    async def test_it_owns_up_to_what_goes_wrong_around_it(self) -> None:
        """When its surroundings fail, the error comes through, or the result is not `ok`; and nothing is left."""
        for at in count():
            with self._at_work(str(at)) as (place, command):
                surroundings = FailingSurroundings(place.surroundings, at)
                told = await _told(self._execute(command, surroundings))
            failed = surroundings.failed
            if failed is None:
                return
            if isinstance(told, Result):
                assert told.status != OK, f"`{failed}` failed, and it said `ok`."
            else:
                assert _led_to(surroundings.error, told), f"`{failed}` failed, and it raised {told!r}."
            place.check_clean(f"When `{failed}` failed,")

    @rule(when="command")
    async def test_it_does_not_hold_up_others(self) -> None:
        """While a command is executed, other sessions get their turn, and nothing is printed."""
        with self._at_work() as (place, command):
            await check_beat(self._execute(command, place.surroundings))

    @contextmanager
    def _at_work(self, name: str = "place") -> Iterator[tuple[Place, Command]]:
        place = Place(self.folder / name, self.agent)
        with place.watched():
            yield place, self.command(place.workspace)

    async def _execute(self, command: Command, surroundings: Surroundings) -> Result:
        assert command.kind == self.kind, f"The command is of the kind {command.kind}, and not {self.kind}."
        result: object = await self.executor().execute(command, surroundings)
        assert isinstance(result, Result), f"It gave {result!r}."
        return result


def _check_result(result: Result) -> None:
    wrong = flaw(result)
    assert wrong is None, f"What it gave cannot be stored: {wrong}."


async def _told(execution: Awaitable[Result]) -> Result | Exception:
    try:
        return await execution
    except Exception as error:  # noqa: BLE001 # a plugin may raise anything
        return error


def _led_to(cause: BaseException, error: BaseException | None) -> bool:
    while error is not None and error is not cause:
        error = error.__cause__ or error.__context__
    return error is cause
