"""The kit for executors catches each an executor that breaks a rule, and says which."""
# ruff: noqa: ARG001 # a wrong plugin need not use what it is given

import asyncio
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from contract.broken import Breaks
from pydantic import BaseModel, ConfigDict

from proctor import Command, Executor, Result, Surroundings
from proctor.contracts.executor import Anything
from proctor.executors.none import NoneExecutor
from proctor.testing import ExecutorContract, place


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for what never goes only briefly; a sound executor on a busy machine gets the time it needs."""
    monkeypatch.setattr(place, "SECONDS", 0.3)


Work = Callable[[Command, Surroundings], Awaitable[object]]


class Mine(Executor):
    """Does what `work` does, in a workspace, and puts a file away."""

    Arguments = Anything
    work: Work

    async def execute(self, command: Command, surroundings: Surroundings) -> Result:
        assert command.workspace is not None
        async with surroundings.open(command.workspace) as folder:
            data = await asyncio.to_thread((folder / "notes.txt").read_bytes)
            answer = await self.work(command, surroundings)
            blob = await surroundings.put(data)
        return Result("ok", {}, files={"notes.txt": blob}) if answer is None else answer  # type: ignore[return-value] # that is what is tried


async def nothing(command: Command, surroundings: Surroundings) -> None:
    await asyncio.sleep(0)


def broken_by(work: Work = nothing, **attributes: object) -> Breaks:
    executor = type("Mine", (Mine,), {"work": staticmethod(work), **attributes})
    return Breaks(ExecutorContract, executor=executor, kind="mine")


def answering(answer: object) -> Work:
    async def work(command: Command, surroundings: Surroundings) -> object:
        return answer

    return work


def test_a_sound_executor_breaks_no_rule() -> None:
    assert broken_by().rules == []


def test_it_is_an_executor() -> None:
    told = broken_by(Arguments=dict, work=None)
    assert "Arguments is no pydantic model" in told["it_is_what_the_entry_point_asks_for"]


def test_it_parks_for_what_there_is() -> None:
    assert "'rain'" in broken_by(parks="rain")["it_parks_for_what_there_is"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (7, "It gave 7"),
        (Result("error", {}, error_message="no disk"), "ended error: no disk"),
        (Result("ok", {"a": {1}}), "cannot be stored: Result.data is not JSON"),  # type: ignore[dict-item]
    ],
    ids=["number", "error", "set"],
)
def test_it_gives_a_result(answer: object, words: str) -> None:
    assert words in broken_by(answering(answer))["it_gives_a_result"]


def test_its_data_is_as_published() -> None:
    class Nothing(BaseModel):
        model_config = ConfigDict(extra="forbid")

    told = broken_by(answering(Result("ok", {"more": 1})), Data=Nothing)
    assert "{'more': 1} does not fit" in told["its_data_is_as_published"]


@pytest.mark.parametrize("path", ["notes.txt", "/etc/passwd", "../x"])
def test_its_files_are_stored(path: str) -> None:
    async def work(command: Command, surroundings: Surroundings) -> object:
        blob = "0" * 64 if path == "notes.txt" else await surroundings.put(b"")
        return Result("ok", {}, files={path: blob})

    words = "never stored" if path == "notes.txt" else "outside the workspace"
    assert words in broken_by(work)["its_files_are_stored"]


def test_it_may_be_executed_again() -> None:
    async def once(command: Command, surroundings: Surroundings) -> object:
        assert command.workspace is not None
        mark = Path(command.workspace.repository).parent / "mark"
        if mark.exists():
            return Result("error", {}, error_message="it is there already")
        mark.touch()
        return None

    assert "First it ended ok, then error" in broken_by(once)["it_may_be_executed_again"]


@pytest.mark.usefixtures("_impatient")
def test_it_leaves_no_file_behind() -> None:
    async def work(command: Command, surroundings: Surroundings) -> None:
        tempfile.mkdtemp(prefix="forgotten-")

    assert "it left forgotten-" in broken_by(work)["it_leaves_nothing_behind"]


def a_process() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL)


@pytest.mark.usefixtures("_impatient")
def test_it_leaves_no_process_behind() -> None:
    forgotten: list[subprocess.Popen[bytes]] = []

    async def work(command: Command, surroundings: Surroundings) -> None:
        forgotten.append(a_process())

    assert "it left the process" in broken_by(work)["it_leaves_nothing_behind"]
    for process in forgotten:
        process.kill()
        process.wait()


@pytest.mark.usefixtures("_impatient")
def test_it_leaves_the_users_repository_alone() -> None:
    async def work(command: Command, surroundings: Surroundings) -> None:
        assert command.workspace is not None
        (Path(command.workspace.repository) / "shop/cart.py").write_text("")

    assert "a change of shop/cart.py in the repository" in broken_by(work)["it_leaves_nothing_behind"]


def test_it_can_be_cancelled() -> None:
    class Stubborn(NoneExecutor):
        async def execute(self, command: Command, surroundings: Surroundings) -> Result:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0)
            return Result("ok")

    told = Breaks(ExecutorContract, executor=Stubborn, kind="mine")
    assert "It went on when it was cancelled at its wait number 1" in told["it_can_be_cancelled"]


def test_it_owns_up_to_what_goes_wrong_around_it() -> None:
    async def work(command: Command, surroundings: Surroundings) -> None:
        with suppress(OSError):
            await surroundings.put(b"")

    assert "`put` failed, and it said `ok`" in broken_by(work)["it_owns_up_to_what_goes_wrong_around_it"]


def test_it_blames_nobody_else() -> None:
    async def work(command: Command, surroundings: Surroundings) -> None:
        try:
            await surroundings.put(b"")
        except OSError:
            pass
        else:
            return
        raise ValueError("bad command")

    told = broken_by(work)["it_owns_up_to_what_goes_wrong_around_it"]
    assert "`put` failed, and it raised ValueError" in told


def test_it_does_not_hold_up_others() -> None:
    async def work(command: Command, surroundings: Surroundings) -> None:
        print("hello")

    assert "It printed 'hello" in broken_by(work)["it_does_not_hold_up_others"]
