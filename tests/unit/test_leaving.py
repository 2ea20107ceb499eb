"""A process ends when its work is done, and ends what strangers left running in it."""

import re
import subprocess
import sys
from pathlib import Path

import psutil

THREADS = """
import threading, time
from concurrent.futures import ThreadPoolExecutor
from proctor.leaving import leave
print("said")
threading.Thread(target=time.sleep, args=({seconds},)).start()
ThreadPoolExecutor(1).submit(time.sleep, {seconds})
leave(7)
print("no thread is left")
"""
NOT_OURS = """
import _thread, threading, time
from proctor.leaving import leave
known = threading.Event()
_thread.start_new_thread(lambda: (threading.current_thread(), known.set(), time.sleep(600)), ())
known.wait()
leave(7)
"""
CHILDREN = """
import subprocess, sys
from pathlib import Path
from proctor.leaving import children_ended

def start(*words):
    return subprocess.Popen(["sh", "-c", *words], start_new_session=True, stdout=subprocess.DEVNULL)

before = start("exec sleep 601")
with children_ended():
    left = start("trap '' TERM; touch there; while :; do sleep 0.1; done"), start("exec sleep 602")
    while not Path("there").exists():
        pass
print(*(process.pid for process in left))
assert before.poll() is None
before.kill()
"""


def ran(program: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def is_gone(pid: int) -> bool:
    """Wait until a process that was killed is gone: whoever has inherited it may take a moment to hear of its end."""
    try:
        psutil.Process(pid).wait(20)
    except psutil.NoSuchProcess:
        pass
    except psutil.TimeoutExpired:
        return False
    return True


def test_threads_that_do_not_end_hold_up_nothing_and_nothing_said_is_lost(tmp_path: Path) -> None:
    done = ran(THREADS.replace("{seconds}", "600"), tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (7, "said\n", "")


def test_a_thread_that_was_started_by_other_means_holds_up_nothing(tmp_path: Path) -> None:
    done = ran(NOT_OURS, tmp_path)
    assert (done.returncode, done.stderr) == (7, "")


def test_threads_that_end_soon_are_waited_for(tmp_path: Path) -> None:
    done = ran(THREADS.replace("{seconds}", "0.01"), tmp_path)
    assert "said" in done.stdout


def test_processes_that_were_left_are_ended_and_told_and_those_of_before_are_not(tmp_path: Path) -> None:
    done = ran(CHILDREN, tmp_path)
    assert done.returncode == 0
    left = [int(pid) for pid in done.stdout.split()]
    assert re.fullmatch(r"A plugin left processes behind; they were ended: .*\n", done.stderr)
    # In any order, for numbers start anew; and whoever is just becoming another program has no command line to tell.
    assert set(left) <= {int(pid) for pid in re.findall(r"\((\d+)\)", done.stderr)}
    assert "sh -c trap" in done.stderr
    assert "sleep 601" not in done.stderr
    assert all(is_gone(pid) for pid in left)
