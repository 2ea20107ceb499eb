"""Who this process is, and whether another one still lives. Nothing here depends on how the clock is set."""

import hashlib
import os
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path

import psutil

from proctor.contracts.store import Owner

SECONDS_APART = 5.0
"""Two readings of one process's start differ by no more, where the system does not count from its own start."""
_STATE, _STARTED = 0, 19
"""Places behind the name in /proc/PID/stat, of proc(5)."""
_DEAD = (b"Z", b"X")
"""What has ended, and whose parent has not asked for it yet."""


@cache
def myself() -> Owner:
    """Give this process as an owner of trees and folders."""
    started = _started(os.getpid())
    assert started is not None
    return Owner(socket.gethostname(), _boot(), os.getpid(), started, _machine())


def alive(owner: Owner) -> bool:
    """Tell whether the process lives. One on another machine is taken to live: its lease decides."""
    if owner.boot != _boot():
        return owner.machine != _machine()
    if owner.pid == myself().pid:  # in a container every process has the number of the one before it
        return owner.started == myself().started
    try:
        started = _started(owner.pid)
    except (PermissionError, psutil.AccessDenied):  # somebody else's, and so there
        return True
    return started is not None and abs(started - owner.started) < SECONDS_APART


def running(pid: int) -> bool:
    """Tell whether a process of this machine has that number now."""
    try:
        return _started(pid) is not None
    except (PermissionError, psutil.AccessDenied):
        return True


def _started(pid: int) -> float | None:
    """Say when a process began, on Linux in seconds since the machine's start; None if it has ended."""
    if sys.platform != "linux":
        return _started_by_psutil(pid)
    try:
        told = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if told[_STATE] in _DEAD else int(told[_STARTED]) / os.sysconf("SC_CLK_TCK")


def _started_by_psutil(pid: int) -> float | None:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None


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
    """Name this start of the machine. Its time is the last resort: it moves when the clock is set."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        asked = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return f"{psutil.boot_time():.0f}"
