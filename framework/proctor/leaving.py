"""Leaves a process when its work is done, whatever strangers left running in it."""

import logging
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import psutil

GRACE_S = 1.0
"""So long a process may take to end once it is asked to, and a thread once the work is done."""
WORDS = 60
"""Characters that are told of a process's command line."""


@contextmanager
def children_ended() -> Iterator[None]:
    """End the processes that were started while the block lasted and still live, and tell which on stderr."""
    before = _children()
    try:
        yield
    finally:
        if left := [child for child in _children() if child not in before]:
            told = ", ".join(map(_told, left))
            _end(left)
            sys.stderr.write(f"A plugin left processes behind; they were ended: {told}\n")


def leave(code: int) -> None:
    """End this process with a code at once if threads hold it up; come back if none does."""
    until = time.monotonic() + GRACE_S
    others = [thread for thread in threading.enumerate() if thread is not threading.current_thread()]
    for thread in others:
        if not isinstance(thread, threading._DummyThread):  # noqa: SLF001 # cannot be joined: not started by `threading`
            thread.join(max(0.0, until - time.monotonic()))
    if any(thread.is_alive() for thread in others):
        logging.shutdown()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _children() -> Sequence[psutil.Process]:
    """List all that descend from this process and are not dead yet."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if child.status() != psutil.STATUS_ZOMBIE:
                found.append(child)
    return found


def _end(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.terminate()
    for process in psutil.wait_procs(processes, timeout=GRACE_S)[1]:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(processes, timeout=GRACE_S)


def _told(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return f"{' '.join(process.cmdline())[:WORDS] or process.name()} ({process.pid})"
    return str(process.pid)
