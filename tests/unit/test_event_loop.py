"""Strangers' blocking calls hold up nobody, and what strangers leave behind does not hold up the end."""

import asyncio
import os
import subprocess
import sys
import threading

import pytest

from proctor.event_loop import Threads, alone
from proctor.restraint import MayNotAct, restrained
from proctor.watchdog import doing

SECONDS = 20.0
"""Every wait has an end."""


async def test_a_strangers_calls_that_do_not_come_back_take_no_thread_from_the_others() -> None:
    free = threading.Event()
    asyncio.get_running_loop().set_default_executor(Threads())
    with doing("step greedy of acme 1.0", stranger=True):
        waiting = [asyncio.ensure_future(asyncio.to_thread(free.wait, SECONDS)) for _ in range(40)]
        await asyncio.sleep(0)
    try:
        async with asyncio.timeout(SECONDS / 2):
            assert await asyncio.to_thread(lambda: "here") == "here"
    finally:
        free.set()
    assert await asyncio.gather(*waiting) == [True] * 40


async def test_a_strangers_call_that_carries_no_context_is_restrained_all_the_same() -> None:
    asyncio.get_running_loop().set_default_executor(Threads())
    with doing("step breeding of acme 1.0", stranger=True), restrained(), pytest.raises(MayNotAct):
        await asyncio.get_running_loop().run_in_executor(None, os.system, "true")


async def test_what_a_strangers_call_gives_or_raises_comes_through() -> None:
    asyncio.get_running_loop().set_default_executor(Threads())
    with doing("step busy of acme 1.0", stranger=True):
        assert await asyncio.to_thread(divmod, 7, 2) == (3, 1)
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(divmod, 7, 0)


def test_the_work_of_a_loop_gives_its_result() -> None:
    async def main() -> str:
        return await asyncio.to_thread(lambda: "over")

    assert asyncio.run(alone(main())) == "over"


FORKING = """
import asyncio, multiprocessing, signal, time
from proctor.event_loop import alone

met = []

def handle(number, frame):
    met.append("SIGTERM")

handle.__module__ = "proctor.api.server"  # it has such a one

def work(begun):
    begun.send(True)
    time.sleep(600)

async def main():
    {listen}
    forking = multiprocessing.get_context("fork")
    heard, begun = forking.Pipe()
    child = forking.Process(target=work, args=(begun,))
    child.start()
    heard.recv()
    child.terminate()
    child.join(10)
    child.kill()
    await asyncio.sleep(0)
    return child.exitcode, met

print(asyncio.run(alone(main())))
"""


@pytest.mark.parametrize(
    "listen",
    [
        'asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, met.append, "SIGTERM")',
        "signal.signal(signal.SIGTERM, handle)",
    ],
    ids=["the event loop", "the server"],
)
def test_signals_to_forked_children_end_those_and_are_none_to_us(listen: str) -> None:
    program = [sys.executable, "-c", FORKING.replace("{listen}", listen)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "(-15, [])\n", "")


LEFT_BEHIND = """
import asyncio, time
from proctor.event_loop import alone
from proctor.watchdog import doing

async def stubborn():
    while True:
        try:
            await asyncio.sleep(600)
        except BaseException:
            asyncio.create_task(asyncio.sleep(600))

async def swallowing():
    try:
        await asyncio.sleep(600)
    except BaseException:
        pass

async def main():
    global kept, once
    kept, once = asyncio.create_task(stubborn()), asyncio.create_task(swallowing())
    asyncio.ensure_future(stubborn())
    with doing("a stranger", stranger=True):
        asyncio.ensure_future(asyncio.to_thread(time.sleep, 600))
    await asyncio.sleep(0)
    return "over"

print(asyncio.run(alone(main())))
"""


def test_what_others_left_behind_does_not_hold_up_the_end() -> None:
    done = subprocess.run([sys.executable, "-c", LEFT_BEHIND], capture_output=True, text=True, timeout=120, check=True)
    assert (done.stdout, done.stderr) == ("over\n", "")
