"""Strangers' steps that misbehave, in runs of the real command line: told by name, survived, and nothing is left."""

import re
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil
import pytest
from projects import Finished, Project, end, lay_out, processes_of

STEP = '''
import asyncio, faulthandler, os, posix, subprocess, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from proctor import Command, Outcome, Result, Step


async def stubborn():
    while True:
        try:
            await asyncio.sleep(600)
        except BaseException:
            pass


class Worded(str):
    def __format__(self, form):
        raise ValueError("no")


class WordsBadly(Exception):
    def __str__(self):
        return Worded("out of paper.")


class Bad(Step):
    """Misbehaves where the module `shop.{module}` is tested, and nowhere else."""

    name = "{name}"
    workflow = "component_testing"
    after = "initialize"

    async def get_command(self, scope, session, options):
        return Command("none")

    async def handle_result(self, scope, session, result, options):
        if session.subject["name"] == "shop.{module}":
            {act}
        return Outcome(result)
'''
MODULE = '''"""One function."""


def double(n: int) -> int:
    """Double a number.

    >>> double(2)
    4
    """
    return 2 * n
'''
ACTS = "raised MayNotAct:"
FAULTS = {
    "raises": ("raise ValueError('out of paper')", "raised ValueError: out of paper"),
    "raises_worse": ("raise BaseException('worse')", "raised BaseException: worse"),
    "interrupts": ("raise KeyboardInterrupt", "raised KeyboardInterrupt"),
    "exits": ("sys.exit(0)", "raised SystemExit: 0"),
    "ends_process": ("os._exit(0)", f"{ACTS} os._exit is refused"),
    "answers_nonsense": ("return 42", "gave int where Outcome was expected"),
    "changes_input": ("session.state.clear()", "changed what it was given"),
    "hangs": ("await asyncio.Event().wait()", "did not answer within 1 s"),
    "breeds": ("subprocess.Popen(['sleep', '600'], start_new_session=True)", f"{ACTS} subprocess.Popen is refused"),
    "breeds_aside": ("await asyncio.to_thread(os.system, 'sleep 600 &')", f"{ACTS} os.system is refused"),
    "breeds_bare": (
        "await asyncio.get_running_loop().run_in_executor(None, subprocess.Popen, ['sleep', '600'])",
        f"{ACTS} subprocess.Popen is refused",
    ),
    "occupies": (
        "await asyncio.gather(*(asyncio.to_thread(time.sleep, 600) for _ in range(40)))",
        "did not answer within 1 s",
    ),
    "words_badly": ("raise WordsBadly", "raised WordsBadly: out of paper, at acme_words_badly.py:"),
    "nests": (
        "return Outcome(result, reduce(lambda inner, _: {'in': inner}, range(252), {}))",
        "gave what cannot be used: Outcome.state is not JSON: it is nested deeper than 200 levels",
    ),
    "shouts": ("return Outcome(Result('WeiRD!'))", "gave what cannot be used: Result.status is 'WeiRD!'"),
    "kills": ("os.kill(os.getpid(), 9)", f"{ACTS} os.kill is refused"),
}
"""A step that does so -> how, and what is said of it."""
UNSEEN = (
    "threading.Thread(target=subprocess.Popen, args=(['sleep', '600'],), kwargs={'start_new_session': True}).start()"
)
"""Starts a process where nobody sees that it was the step."""
PRINTS = "print('{'); os.write(1, b'}')"
HARMLESS = {
    "blocks_a_while": "time.sleep(3.5)",
    "leaves_a_task": "global T; T = asyncio.ensure_future(stubborn())",
    "leaves_threads": "threading.Thread(target=time.sleep, args=(600,)).start()",
    "leaves_a_pool": "ThreadPoolExecutor(1).submit(time.sleep, 600)",
    "leaves_a_process": UNSEEN,
    "asks": "os.kill(os.getpid(), 0)",
    "prints": PRINTS,
}
FATAL = {
    "blocks": ("while True: pass", "did not answer within 3 s; its process was ended"),
    "ends_process": ("posix._exit(7)", "ended its process with exit code 7"),
    "crashes": ("faulthandler._sigsegv()", "ended its process by SIGSEGV"),
}
"""The same, for steps that only a process of their own keeps from harming all."""
HALTING = {
    "cancels": ("[task.cancel() for task in asyncio.all_tasks()]", "ended its process with exit code 1"),
    "stops": (
        "asyncio.get_running_loop().stop()\n            await asyncio.sleep(9)",
        "ended its process with exit code 1",
    ),
}
"""The same, for steps that end everything in their process."""


def module_of(name: str) -> str:
    """Name the module that an act is about: one is enough for all that do no harm."""
    return "unharmed" if name in HARMLESS else name


def install(project: Project, acts: Mapping[str, str], **environment: str) -> None:
    """Lay out one distribution for each act, and the modules that they are about."""
    site = project.home / "site"
    for name, act in acts.items():
        source = STEP.replace("{name}", name).replace("{module}", module_of(name)).replace("{act}", act)
        lay_out(site, f"acme-{name}", source, f"component_testing.{name} = acme_{name}:Bad", "1.2")
    project.git("rm", "-r", "-q", "shop")
    project.write({"shop/__init__.py": "", **{f"shop/{module_of(name)}.py": MODULE for name in acts}})
    project.commit()
    project.environment = {
        "PYTHONPATH": str(site),
        "PROCTOR_JOBS": "2",
        "PROCTOR_LIMITS__SAME_FAILURE": "2",
        "PROCTOR_PLUGINS__SECONDS": "1",
        "PROCTOR_STEPS": '{"component_testing.check_stability": {"runs": 2}}',
        **environment,
    }


def run(project: Project) -> Finished:
    """Run to the end; whatever the steps did, stdout is nothing but our lines, and no process is left."""
    finished = project.proctor("run", "shop", "--json")
    assert {line["v"] for line in finished.lines()} == {1}
    assert finished.lines()[-1]["kind"] == "ended"
    assert "Traceback" not in finished.err
    assert processes_of(project.home) == []
    return finished


def faults(finished: Finished) -> dict[str, str]:
    """Give what each step that misbehaved was blamed for."""
    closed = [line["data"] for line in finished.lines() if line["kind"] == "interaction_completed"]
    return {data["step"]: data["message"] for data in closed if data["status"] == "fault"}


def judged(finished: Finished, component: str) -> dict[str, str]:
    """Give what was last judged of each step of a component."""
    (session,) = [each["session"] for each in finished.lines()[-1]["components"] if each["name"] == component]
    closed = [line for line in finished.lines() if line["kind"] == "interaction_completed"]
    return {line["data"]["step"]: line["data"]["status"] for line in closed if line["session"] == session}


def landed(project: Project) -> set[str]:
    """Name the modules whose tests are on the branch."""
    branch = project.git("branch", "--list", "test-*", "--format=%(refname:short)").strip()
    files = project.git("diff", "--name-only", "main", branch).splitlines()
    return {Path(file).stem.removeprefix("test_shop_") for file in files}


def test_a_bad_step_is_a_fault_that_names_it_and_what_has_nothing_to_do_with_it_lands(project: Project) -> None:
    install(project, {**{name: act for name, (act, _) in FAULTS.items()}, **HARMLESS})
    lay_out(project.home / "site", "acme-torn", "1 / 0", "component_testing.torn = acme_torn:Torn", "1.2")
    finished = run(project)
    (torn,) = finished.lines()[0]["broken"]
    assert (torn["distribution"], torn["error"].partition(":")[0]) == ("acme-torn", "it raised ZeroDivisionError")
    told = faults(finished)
    assert told.keys() == FAULTS.keys()
    for name, (_, says) in FAULTS.items():
        assert told[name].startswith(f"step {name} of acme-{name} 1.2: handle_result {says}")
    assert (finished.code, landed(project)) == (0, {"unharmed"})
    assert judged(finished, "shop.unharmed").items() >= dict.fromkeys(HARMLESS, "ok").items()
    named = "step blocks_a_while of acme-blocks_a_while 1.2"
    where = r"\S*acme_blocks_a_while.py:\d+ in handle_result"
    assert re.search(rf"^{named} has blocked the event loop for [\d.]+ s, at {where}\.", finished.err, re.MULTILINE)
    assert f"{named} let the event loop go on after " in finished.err
    assert re.search(r"A plugin left processes behind; they were ended: sleep 600 \(\d+\)$", finished.err, re.MULTILINE)


def test_a_step_in_a_process_of_its_own_cannot_even_block_or_end_the_run(project: Project) -> None:
    fatal = {**FATAL, **HALTING}
    acts = {**{name: act for name, (act, _) in fatal.items()}, "breeds": f"{PRINTS}; {UNSEEN}"}
    install(project, acts, PROCTOR_PLUGINS__ISOLATE="true", PROCTOR_PLUGINS__SECONDS="3")
    finished = run(project)
    told = {name: f"step {name} of acme-{name} 1.2: handle_result {says}" for name, (_, says) in fatal.items()}
    assert faults(finished) == told
    assert (finished.code, landed(project)) == (0, {"breeds"})


@pytest.mark.parametrize("name", HALTING)
def test_whoever_ends_everything_in_our_process_is_named_and_nothing_is_lost(project: Project, name: str) -> None:
    install(project, {name: HALTING[name][0], "harmless": "pass"})
    halted = project.proctor("run", "shop", "--json")
    assert (halted.code, processes_of(project.home)) == (1, [])
    told = "proctor: Something cancelled all work of this process or stopped its event loop."
    assert any(line.startswith(told) for line in halted.err.splitlines())
    assert f"that was asked is step {name} of acme-{name} 1.2." in halted.err
    project.environment = {**project.environment, "PROCTOR_PLUGINS__ISOLATE": "true", "PROCTOR_PLUGINS__SECONDS": "20"}
    finished = run(project)
    assert (finished.code, landed(project)) == (0, {"harmless"})


def test_native_code_that_crashes_our_process_is_named_and_nothing_is_lost(project: Project) -> None:
    install(project, {"crashes": FATAL["crashes"][0], "harmless": "pass"})
    crashed = project.proctor("run", "shop", "--json")
    assert crashed.code == -signal.SIGSEGV
    wait_until(lambda: processes_of(project.home) == [])
    assert "Fatal Python error: Segmentation fault" in crashed.err
    assert re.search(r'acme_crashes\.py", line \d+ in handle_result$', crashed.err, re.MULTILINE)
    project.environment = {**project.environment, "PROCTOR_PLUGINS__ISOLATE": "true", "PROCTOR_PLUGINS__SECONDS": "20"}
    finished = run(project)
    assert (finished.code, landed(project)) == (0, {"harmless"})


def test_a_process_of_its_own_does_not_outlive_a_run_that_is_killed(project: Project) -> None:
    begun = project.home / "begun"
    acts = {"blocks": f"open({str(begun)!r}, 'w').close(); {UNSEEN}\n            while True: pass"}
    install(project, acts, PROCTOR_PLUGINS__ISOLATE="true", PROCTOR_PLUGINS__SECONDS="600")
    process = project.start("run", "shop", "--json")
    wait_until(begun.exists)
    assert any("proctor.isolation" in words_of(pid) for pid in processes_of(project.home))
    end(process)
    wait_until(lambda: processes_of(project.home) == [])


def words_of(pid: int) -> list[str]:
    """Give the command line of a process; none, if it has ended meanwhile."""
    try:
        return psutil.Process(pid).cmdline()
    except psutil.Error:
        return []


def wait_until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)
