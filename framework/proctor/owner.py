"""Who this process is, and whether another one still lives."""

import hashlib
import socket
import sys
from functools import cache
from pathlib import Path

import psutil

from proctor.contracts.store import Owner

SECONDS_APART = 5.0
"""Two readings of one process's start differ by no more, unless somebody sets the clock."""


@cache
def myself() -> Owner:
    """Give this process as an owner of trees and folders."""
    process = psutil.Process()
    return Owner(socket.gethostname(), _boot(), process.pid, process.create_time(), _machine())


def alive(owner: Owner) -> bool:
    """Tell whether the process lives. One on another machine is taken to live: its lease decides."""
    if owner.boot != _boot():
        return owner.machine != _machine()
    if owner.pid == myself().pid:  # in a container every process has the number of the one before it
        return owner.started == myself().started
    try:
        return abs(psutil.Process(owner.pid).create_time() - owner.started) < SECONDS_APART
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # somebody else's, and so there
        return True


@cache
def _machine() -> str:
    """Name this machine for good; its host name may change. machine-id(5) asks that the id itself be kept private."""
    try:
        name = Path("/etc/machine-id").read_text().strip()
    except OSError:
        name = ""
    name = name or (_boot() if sys.platform == "linux" else socket.gethostname())
    return hashlib.sha256(f"proctor {name}".encode()).hexdigest()[:32]


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return f"{psutil.boot_time():.0f}"
