"""Sees what a call does to the world beside giving its answer: files, processes, connections, output, blocking.

Python tells audit hooks of such things. A hook cannot be taken away again, so there is one for the whole process, and
it listens only while a call is under watch, and only to the thread of that call and to those started meanwhile.
"""

import asyncio
import contextlib
import io
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import SupportsIndex

DEEDS = {
    "os.chdir": "went to the folder {0}",
    "os.chmod": "changed the permissions of {0}",
    "os.chown": "changed the owner of {0}",
    "os.exec": "replaced the process by {0}",
    "os.fork": "forked the process",
    "os.kill": "sent signal {1} to the process {0}",
    "os.killpg": "sent signal {1} to the process group {0}",
    "os.link": "made a link to {0}",
    "os.mkdir": "made the folder {0}",
    "os.posix_spawn": "started {0}",
    "os.putenv": "set the environment variable {0}",
    "os.remove": "removed {0}",
    "os.rename": "renamed {0}",
    "os.rmdir": "removed the folder {0}",
    "os.symlink": "made a link to {0}",
    "os.system": "ran {0}",
    "os.truncate": "cut off {0}",
    "os.unsetenv": "removed the environment variable {0}",
    "socket.bind": "opened a port",
    "socket.connect": "connected to {1}",
    "sqlite3.connect": "opened the database {0}",
    "subprocess.Popen": "started {0}",
}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(slots=True)
class Seen:
    """What a call did."""

    deeds: list[str] = field(default_factory=list)
    printed: str = ""
    cpu_s: float = 0.0
    """Processor time of the call's thread."""
    threads: frozenset[int] = frozenset()
    """Those that were there before it."""


_watched: dict[int, Seen] = {}
"""Thread -> what its call did so far."""
_listening = threading.Event()


@contextlib.contextmanager
def watched() -> Iterator[Seen]:
    """Watch what this thread does while the block lasts."""
    if not _listening.is_set():
        _listening.set()
        sys.addaudithook(_hear)
    seen, thread, out = Seen(threads=frozenset(sys._current_frames())), threading.get_ident(), io.StringIO()  # noqa: SLF001 # documented
    tasks, handlers = _tasks(), _handlers()
    _watched[thread], begun = seen, time.thread_time()
    try:
        with contextlib.redirect_stdout(out), _sleep_heard():
            yield seen
    finally:
        del _watched[thread]
        seen.cpu_s, seen.printed = time.thread_time() - begun, out.getvalue()
        seen.deeds += [f"left the task {task.get_name()} running" for task in _tasks() - tasks]
        seen.deeds += [
            f"set a handler for {number.name}" for number, made in _handlers().items() if made != handlers[number]
        ]


def _tasks() -> "set[asyncio.Task[object]]":
    """Give the tasks of the running event loop, if there is one."""
    try:
        return asyncio.all_tasks()
    except RuntimeError:
        return set()


def _handlers() -> dict[signal.Signals, object]:
    return {number: signal.getsignal(number) for number in signal.Signals}


@contextlib.contextmanager
def _sleep_heard() -> Iterator[None]:
    """Hear of `time.sleep`, of which there is an audit event from Python 3.13 on only."""
    sleep = time.sleep

    def heard(seconds: SupportsIndex | float) -> None:
        if (seen := _watched.get(threading.get_ident())) is not None:
            seen.deeds.append(f"slept {seconds} s, and everything else with it")
        sleep(seconds)

    time.sleep = heard
    try:
        yield
    finally:
        time.sleep = sleep


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if not _watched or (seen := _doer()) is None:
        return
    if event == "open":
        path, _, flags = arguments
        if isinstance(flags, int) and flags & WRITING and "__pycache__" not in str(path):
            seen.deeds.append(f"opened {path} for writing")
    elif event in DEEDS:
        known = (*map(repr, arguments), "?", "?")
        seen.deeds.append(DEEDS[event].format(*known))


def _doer() -> Seen | None:
    """Find the call that this thread belongs to: it is the call's own, or was not there before it."""
    thread = threading.get_ident()
    own = _watched.get(thread)
    return own or next((seen for seen in [*_watched.values()] if thread not in seen.threads), None)
