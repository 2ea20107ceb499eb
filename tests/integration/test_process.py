"""Processes, with real ones."""
# ruff: noqa: ASYNC220 # nothing else runs meanwhile

import asyncio
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from proctor.contracts.process import ProcessExit, ProcessLimits
from proctor.executors import guarded
from proctor.executors.guarded import run_process

TWO_SLEEPERS = "setsid sh -c 'echo $$; exec sleep 60' & sh -c 'echo $$; exec sleep 60' & wait"
"""One of them has left the group and the session; both say their ids."""
Children = Callable[[], set[psutil.Process]]
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody adopts a process that left its group")


async def run(*argv: str, **options: object) -> ProcessExit:
    return await run_process(argv, cwd=Path("/"), environment=os.environ, **options)  # type: ignore[arg-type] # passed on


def shell(script: str, **options: object) -> "asyncio.Task[ProcessExit]":
    return asyncio.ensure_future(run("sh", "-c", script, **options))


class Ids:
    """Listens until a number of process ids have been printed."""

    def __init__(self, wanted: int) -> None:
        self._text, self._wanted = "", wanted
        self.complete = asyncio.Event()

    def __call__(self, stream: str, text: str) -> None:
        self._text += text
        if len(self.ids) == self._wanted:
            self.complete.set()

    @property
    def ids(self) -> list[int]:
        return [int(line) for line in self._text.splitlines()]


def gone(ids: Sequence[int]) -> bool:
    """Wait, not for long, until none of these processes is alive."""
    alive = []
    for pid in ids:
        with suppress(psutil.NoSuchProcess):
            alive.append(psutil.Process(pid))
    return not psutil.wait_procs(alive, timeout=120)[1]


@pytest.fixture
def children() -> Children:
    """Give the processes that were started here since; a test before this one may have left its own."""
    before = set(psutil.Process().children())
    return lambda: set(psutil.Process().children()) - before


async def test_output_and_exit_code() -> None:
    ended = await run("sh", "-c", "echo out; echo err >&2; exit 3")
    assert (ended.exit_code, ended.stdout, ended.stderr, ended.error) == (3, "out\n", "err\n", None)


async def test_words_are_passed_as_they_are() -> None:
    ended = await run(sys.executable, "-c", "import sys; print(sys.argv[1:])", "--", "-x", "a b", "", "$HOME", "ü")
    assert ended.stdout == "['--', '-x', 'a b', '', '$HOME', 'ü']\n"


async def test_a_program_sees_exactly_the_environment_given() -> None:
    ended = await run_process(["/usr/bin/env"], cwd=Path("/"), environment={"LC_ALL": "C", "A": "1"})
    assert sorted(ended.stdout.splitlines()) == ["A=1", "LC_ALL=C"]


async def test_stdin_is_given_or_empty() -> None:
    assert (await run("cat", stdin=b"x" * 1000)).stdout == "x" * 1000
    assert (await run("cat")).stdout == ""


@pytest.mark.parametrize(("program", "reason"), [("no-such-program", "No such file"), ("/", "Permission denied")])
async def test_a_program_that_cannot_be_started(program: str, reason: str) -> None:
    ended = await run(program)
    assert ended.exit_code is None
    assert reason in str(ended.error)


async def test_a_folder_that_is_not_there() -> None:
    ended = await run_process(["true"], cwd=Path("/no-such-folder"), environment=os.environ)
    assert ended.exit_code is None
    assert "/no-such-folder" in str(ended.error)


async def test_nothing_to_start() -> None:
    assert (await run()).exit_code is None


async def test_a_signal_is_a_negative_exit_code() -> None:
    assert (await run("sh", "-c", "kill -9 $$")).exit_code == -signal.SIGKILL


async def test_the_usual_signals_work_in_the_program() -> None:
    ended = await run(sys.executable, "-c", "import os; os.kill(os.getpid(), 13)")
    assert ended.exit_code == 0  # Python itself ignores SIGPIPE
    assert (await run("sh", "-c", "kill -13 $$")).exit_code == -signal.SIGPIPE


async def test_zero_bytes_and_broken_text_are_kept_or_replaced() -> None:
    ended = await run("printf", r"a\0b\377\303\n")
    assert ended.stdout == "a\0b\ufffd\ufffd\n"


async def test_huge_output_is_cut_in_the_middle_and_takes_no_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    script = "echo begin; head -c 100000000 /dev/zero | tr '\\0' x; echo; echo end"
    ended = await run("sh", "-c", script, limits=ProcessLimits(output_bytes=1000))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert ended.stdout.startswith("begin\nxxx")
    assert ended.stdout.endswith("xxx\nend\n")
    assert "99,999,011 bytes left out" in ended.stdout
    assert grown * (1 if sys.platform == "darwin" else 1024) < 16 * 1024**2


async def test_output_is_told_as_it_comes() -> None:
    told: list[tuple[str, str]] = []
    await run("sh", "-c", "printf 'ü' >&2", on_output=lambda stream, text: told.append((stream, text)))
    assert told == [("stderr", "ü")]


async def test_the_time_limit_ends_the_whole_group() -> None:
    ids = Ids(2)
    script = "trap '' TERM; sh -c 'echo $$; sleep 60' & echo $$; wait; sleep 60"
    ended = await run("sh", "-c", script, limits=ProcessLimits(seconds=0.3), on_output=ids)
    assert ended.timed_out
    assert gone(ids.ids)


async def test_a_polite_program_may_say_goodbye(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "GRACE", 20.0)
    script = "trap 'echo bye; exit 7' TERM; echo $$; while :; do sleep 0.01; done"
    ended = await run("sh", "-c", script, limits=ProcessLimits(seconds=2))
    assert (ended.timed_out, ended.exit_code) == (True, 7)
    assert ended.stdout.endswith("bye\n")


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not enforce it")
async def test_the_memory_limit() -> None:
    ended = await run(sys.executable, "-c", "bytearray(1 << 30)", limits=ProcessLimits(memory_bytes=1 << 29))
    assert "MemoryError" in ended.stderr


@only_linux
async def test_what_a_program_leaves_behind_is_ended_with_it(tmp_path: Path) -> None:
    ids, heard = Ids(2), tmp_path / "heard"

    def told(stream: str, text: str) -> None:
        ids(stream, text)
        if ids.complete.is_set():
            heard.touch()

    script = f"({TWO_SLEEPERS}) & until [ -e '{heard}' ]; do sleep 0.01; done"
    ended = await run("sh", "-c", script, on_output=told)
    assert ended.exit_code == 0
    assert len(ids.ids) == 2
    assert gone(ids.ids)


@only_linux
async def test_cancelling_ends_everything() -> None:
    ids = Ids(2)
    task = shell(TWO_SLEEPERS, on_output=ids)
    await ids.complete.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not any(psutil.pid_exists(pid) for pid in ids.ids)


@only_linux
async def test_cancelling_again_neither_stops_the_loop_nor_leaves_anything(children: Children) -> None:
    ids = Ids(1)
    task = shell("trap '' TERM; echo $$; while :; do sleep 60; done", on_output=ids)
    await ids.complete.wait()
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert psutil.pid_exists(ids.ids[0])  # it has its second of grace, and we have our turn
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gone(ids.ids)
    assert children() == set()


async def test_the_loop_goes_on_while_a_session_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, turned, waited = asyncio.get_running_loop(), threading.Event(), list[bool]()

    def end_session(_: int) -> None:
        loop.call_soon_threadsafe(turned.set)
        waited.append(turned.wait(20))

    monkeypatch.setattr(guarded, "end_session", end_session)
    await run("sh", "-c", "kill -9 $PPID")
    assert waited == [True]


@pytest.mark.parametrize("turns", range(6))
async def test_cancelling_while_it_starts_leaves_nothing(turns: int, children: Children) -> None:
    task = shell("sleep 61")
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert children() == set()


@only_linux
async def test_a_kill_of_the_runner_ends_everything() -> None:
    program = """
        import asyncio, os, sys
        from pathlib import Path
        from proctor.executors.guarded import run_process
        told = lambda stream, text: print(text, end="", flush=True)
        argv = ["sh", "-c", sys.argv[1]]
        asyncio.run(run_process(argv, cwd=Path("/"), environment=os.environ, on_output=told))
    """
    program = "\n".join(line.strip() for line in program.splitlines())
    argv = [sys.executable, "-c", program, TWO_SLEEPERS]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as runner:
        assert runner.stdout is not None
        ids = [int(runner.stdout.readline()) for _ in range(2)]
        runner.kill()
    assert gone(ids)


@only_linux
async def test_a_program_that_kills_its_guard_does_not_survive_it() -> None:
    ids = Ids(2)
    ended = await run("sh", "-c", "echo $$; kill -9 $PPID; sh -c 'echo $$; exec sleep 60'", on_output=ids)
    assert ended.exit_code is None
    assert "guard" in str(ended.error)
    assert gone(ids.ids)


async def test_nothing_stays_open(tmp_path: Path) -> None:
    await run("true")
    await asyncio.sleep(0)  # asyncio closes pipes with its next turn
    before = psutil.Process().num_fds()
    await run("true")
    await run("no-such-program")
    await run_process(["true"], cwd=tmp_path / "nowhere", environment={})
    await asyncio.sleep(0)
    assert psutil.Process().num_fds() <= before  # fewer, where the rubbish of a test before this one was collected
