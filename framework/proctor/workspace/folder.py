"""Folders that name their owner, so that those of the dead can be removed."""

import contextlib
import json
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

WORK = "work"
SUFFIX = ".owner"
SECONDS_APART = 5.0
"""Two readings of one process's start differ by no more, unless somebody sets the clock."""


def claim(folder: Path) -> None:
    """Make a folder of ours, and a file beside it that says so."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    owner = {"host": socket.gethostname(), "boot": _boot(), "pid": os.getpid(), "started": _started(os.getpid())}
    _owner_file(folder).write_text(json.dumps(owner))
    folder.mkdir()


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it, whatever its permissions, and then the name of its owner.

    What cannot be removed keeps its owner's name, and is tried again by the next `sweep` after the owner's end.
    """
    with contextlib.suppress(OSError):
        if folder.is_symlink():
            folder.unlink()
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            _open_up(folder)
            shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        _owner_file(folder).unlink(missing_ok=True)


def sweep(folder: Path) -> list[Path]:
    """Remove the work folders of dead owners, and list them. For the start of a process."""
    dead = [folder for folder in _owned(folder / WORK) if not _is_alive(_owner_file(folder))]
    for folder in dead:
        remove(folder)
    return dead


def _owned(work: Path) -> Iterator[Path]:
    return (file.with_name(file.name.removesuffix(SUFFIX)) for file in work.glob(f"*{SUFFIX}"))


def _owner_file(folder: Path) -> Path:
    return folder.with_name(folder.name + SUFFIX)


def _is_alive(file: Path) -> bool:
    """Only our own machine can tell; another one's folder is left to it."""
    try:
        owner = json.loads(file.read_bytes())
        if owner["host"] != socket.gethostname():
            return True
        return bool(owner["boot"] == _boot() and abs(_started(owner["pid"]) - owner["started"]) < SECONDS_APART)
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return False


def _started(pid: int) -> float:
    return float(psutil.Process(pid).create_time())


def _boot() -> str:
    if sys.platform == "linux":
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return str(int(psutil.boot_time()))


def _open_up(folder: Path) -> None:
    """Make every folder below writable: that is what removing a file asks for."""
    folder.chmod(0o700)
    for parent, folders, _ in os.walk(folder):
        for name in folders:
            path = Path(parent, name)
            if not path.is_symlink():
                path.chmod(0o700)
