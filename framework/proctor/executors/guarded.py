"""Runs a process under guard: limited in time, memory and output, and never left behind.

What is promised where: the program's process group is killed when the program ends, when its time is over, when the
call is cancelled and when our own process dies, by `kill -9` too. On Linux that holds for every descendant, those that
left the group with `setsid` included; elsewhere such a descendant can survive. A program that kills its own guard is
ended with its session, but not what left that. The memory limit counts address space, each process on its own; macOS
does not enforce it.
"""

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import Coroutine, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO

import psutil

from proctor.contracts.process import OnOutput, ProcessExit, ProcessLimits
from proctor.executors.output import Capture
from proctor.finish import finish

GUARD = str(Path(__file__).with_name("guard.py"))
GRACE = 1.0
"""Seconds between the polite signal and the one that cannot be refused."""
SLACK = 10.0
"""Seconds after which a guard that should have ended is taken for stuck."""
ROUNDS = 5
DRAIN = 2.0
"""Seconds that output may still come after the end, from somebody who escaped the guard."""


async def run_process(
    argv: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    limits: ProcessLimits | None = None,
    stdin: bytes | None = None,
    on_output: OnOutput | None = None,
) -> ProcessExit:
    """Run a program to its end and say how it ended. Cancelling the call ends the program and all it started."""
    limits = limits or ProcessLimits()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    async with contextlib.AsyncExitStack() as stack:
        out, out_end = await _capture(stack, limits, on_output and partial(on_output, "stdout"))
        err, err_end = await _capture(stack, limits, on_output and partial(on_output, "stderr"))
        try:
            guard = await _started(Guard.start(argv, cwd, environment, limits, _file(stack, stdin), out_end, err_end))
        except (OSError, ValueError) as error:
            return ProcessExit(None, error=f"{argv[0] if argv else 'an empty command'} could not be started: {error}")
        out_end.close()
        err_end.close()
        try:
            await guard.wait(limits.seconds)
        finally:
            word = await finish(guard.end())
        await asyncio.wait([out.ended, err.ended], timeout=DRAIN)
    return _exit(word, out.output.text(), err.output.text(), loop.time() - begun)


class Guard:
    """The running guard of one program."""

    def __init__(self, process: asyncio.subprocess.Process, lifeline: int, status: int) -> None:
        self._process = process
        self._lifeline = lifeline
        self._status = status

    @classmethod
    async def start(
        cls,
        argv: Sequence[str],
        cwd: Path,
        environment: Mapping[str, str],
        limits: ProcessLimits,
        stdin: IO[bytes] | int,
        stdout: IO[bytes],
        stderr: IO[bytes],
    ) -> "Guard":
        """Start the guard and, under it, the program. Raises OSError if the folder is missing."""
        if not argv:
            raise ValueError("there is no program in it")
        ours, theirs = os.pipe(), os.pipe()
        numbers = [ours[0], theirs[1], limits.seconds, limits.memory_bytes or 0, GRACE]
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", GUARD, *map(str, numbers), *argv,
                cwd=cwd, env=environment, stdin=stdin, stdout=stdout, stderr=stderr,
                start_new_session=True, pass_fds=(ours[0], theirs[1]),
            )  # fmt: skip
        except BaseException:
            os.close(ours[1])
            os.close(theirs[0])
            raise
        finally:
            os.close(ours[0])
            os.close(theirs[1])
        return cls(process, ours[1], theirs[0])

    async def wait(self, seconds: float) -> None:
        """Wait for the end. The guard keeps the time; we only notice when it does not."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds + GRACE + SLACK):
                await self._process.wait()

    async def end(self) -> str:
        """Cut the lifeline, wait until the guard has done its work, and give its last word."""
        os.close(self._lifeline)
        with os.fdopen(self._status, "rb") as status:
            try:
                async with asyncio.timeout(GRACE + SLACK):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
            word = status.read().decode(errors="replace").strip()  # nobody holds the other end any more
        if not word:  # it was killed: what it guarded is ended here
            await asyncio.to_thread(end_session, self._process.pid)
        return word


def end_session(leader: int) -> None:
    """Kill every process of a session whose leader is dead; again, if one started another meanwhile."""
    for _ in range(ROUNDS):
        members = [process for process in psutil.process_iter() if _is_member(process, leader)]
        if not members:
            return
        for process in members:
            with contextlib.suppress(psutil.Error):
                process.kill()


def _is_member(process: psutil.Process, leader: int) -> bool:
    try:
        return os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, psutil.Error):
        return False


async def _started(starting: Coroutine[None, None, Guard]) -> Guard:
    """Let the guard start even if we are cancelled meanwhile: only a living one can end what it guards."""
    task = asyncio.ensure_future(starting)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await finish(_ended(task))
        raise


async def _ended(starting: asyncio.Task[Guard]) -> None:
    with contextlib.suppress(OSError, ValueError):
        await (await starting).end()


async def _capture(
    stack: contextlib.AsyncExitStack, limits: ProcessLimits, tell: "partial[None] | None"
) -> tuple[Capture, IO[bytes]]:
    """Make a pipe that is read from now on, and give its other end."""
    read, write = os.pipe()
    other_end = stack.enter_context(os.fdopen(write, "wb", buffering=0))
    transport, protocol = await asyncio.get_running_loop().connect_read_pipe(
        lambda: Capture(limits.output_bytes, tell), os.fdopen(read, "rb", buffering=0)
    )
    stack.callback(transport.close)
    return protocol, other_end


def _file(stack: contextlib.AsyncExitStack, data: bytes | None) -> IO[bytes] | int:
    """Lay the input in a file: unlike a pipe it needs nobody who writes, and cannot block."""
    if data is None:
        return asyncio.subprocess.DEVNULL
    file = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 # the stack closes it
    file.write(data)
    file.seek(0)
    return file


def _exit(word: str, stdout: str, stderr: str, duration: float) -> ProcessExit:
    kind, _, rest = word.partition(" ")
    if kind in {"ended", "late"}:
        return ProcessExit(int(rest), stdout, stderr, duration, timed_out=kind == "late")
    reason = rest if kind == "failed" else "its guard was killed before it ended"
    return ProcessExit(None, stdout, stderr, duration, error=reason)
