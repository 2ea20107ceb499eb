"""Who this process is, and whether another one still lives."""

import socket
from functools import cache
from pathlib import Path

import psutil

from proctor.contracts.store import Owner


@cache
def myself() -> Owner:
    """Give this process as an owner of trees."""
    process = psutil.Process()
    return Owner(socket.gethostname(), _boot(), process.pid, process.create_time())


def alive(owner: Owner) -> bool:
    """Tell whether the process lives. One on another machine is taken to live: its lease decides."""
    if owner.host != socket.gethostname():
        return True
    if owner.boot != _boot():
        return False
    try:
        return abs(psutil.Process(owner.pid).create_time() - owner.started) < 1.0
    except psutil.NoSuchProcess:
        return False


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return f"{psutil.boot_time():.0f}"
