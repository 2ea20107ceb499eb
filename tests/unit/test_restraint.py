"""Whoever is restrained starts and signals no process, and whoever stays does not end it; everybody else does."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextvars import copy_context

import pytest

from proctor.restraint import MayNotAct, restrained, staying

ACTS: dict[str, Callable[[], object]] = {
    "subprocess.Popen": lambda: subprocess.Popen([sys.executable, "-c", ""]),
    "os.fork": os.fork,
    "os.posix_spawn": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "os.system": lambda: os.system("true"),  # noqa: S605 # refused
    "os.exec": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606 # refused
    "os.kill": lambda: os.kill(os.getpid(), signal.SIGCONT),
    "os.chdir": lambda: os.chdir("/"),
    "resource.setrlimit": lambda: resource.setrlimit(resource.RLIMIT_CORE, resource.getrlimit(resource.RLIMIT_CORE)),
    "signal.pthread_kill": lambda: signal.pthread_kill(threading.get_ident(), signal.SIGCONT),
    "os.killpg": lambda: os.killpg(os.getpgrp(), signal.SIGCONT),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_act_is_refused(act: str) -> None:
    with restrained(), pytest.raises(MayNotAct, match=f"^{act} is refused: a step decides and does not act"):
        ACTS[act]()


ENDS: dict[str, Callable[[], object]] = {
    "os._exit": lambda: os._exit(status=7),
    "os.abort": os.abort,
    "os.exec": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606 # refused
}


@pytest.mark.parametrize("end", ENDS)
def test_who_stays_does_not_end_the_process(end: str) -> None:
    with staying(), pytest.raises(MayNotAct, match=f"^{end} is refused: it would end Proctor"):
        ENDS[end]()


def test_who_stays_may_start_processes_and_end_those() -> None:
    with staying():
        subprocess.run([sys.executable, "-c", ""], check=True)
        ended, replaced = os.fork() or copy_context().run(os._exit, 7), os.fork() or os.execv("/bin/true", ["true"])  # noqa: S606
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in (ended, replaced)] == [7, 0]


def test_everybody_else_ends_the_process() -> None:
    program = "import os\nfrom proctor.restraint import staying\nwith staying(): pass\nos._exit(7)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 7


def test_whether_a_process_is_there_may_be_asked() -> None:
    with restrained():
        os.kill(os.getpid(), 0)
        os.killpg(os.getpgrp(), 0)


async def test_its_tasks_and_threads_are_refused_too() -> None:
    async def start() -> None:
        await asyncio.create_subprocess_exec(sys.executable, "-c", "")

    with restrained():
        task = asyncio.ensure_future(start())
        with pytest.raises(MayNotAct):
            await asyncio.to_thread(ACTS["os.system"])
    with pytest.raises(MayNotAct):
        await task


async def test_nobody_else_is_refused_meanwhile_or_later() -> None:
    inside, free = asyncio.Event(), asyncio.Event()

    async def step() -> None:
        with restrained():
            inside.set()
            await free.wait()
        os.kill(os.getpid(), signal.SIGCONT)

    task = asyncio.ensure_future(step())
    await inside.wait()
    os.kill(os.getpid(), signal.SIGCONT)
    free.set()
    await task
