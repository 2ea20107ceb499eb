"""Folders that name their owner, so that those of the dead can be removed."""

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import orjson

from proctor.contracts.store import Owner
from proctor.owner import alive, myself

WORK = "work"
SUFFIX = ".owner"
SECONDS_TO_WRITE = 60.0
"""A file that names no owner is taken for one that is just being written, if it is no older."""


def claim(folder: Path) -> None:
    """Make a folder of ours, and a file beside it that says so."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    file = _owner_file(folder)
    half = file.with_name(f"{file.name}.{os.getpid()}")
    half.write_bytes(orjson.dumps(myself()))
    half.replace(file)
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
    for half in (folder / WORK).glob(f"*{SUFFIX}.*"):
        if not _is_new(half):
            half.unlink(missing_ok=True)
    return dead


def _owned(work: Path) -> Iterator[Path]:
    return (file.with_name(file.name.removesuffix(SUFFIX)) for file in work.glob(f"*{SUFFIX}"))


def _owner_file(folder: Path) -> Path:
    return folder.with_name(folder.name + SUFFIX)


def _is_alive(file: Path) -> bool:
    """Only our own machine can tell; another one's folder is left to it."""
    try:
        return alive(Owner(**orjson.loads(file.read_bytes())))
    except (OSError, ValueError, TypeError):
        return _is_new(file)


def _is_new(file: Path) -> bool:
    """Say whether somebody may be at it just now; what is gone by now was somebody's too."""
    try:
        return time.time() - file.stat().st_mtime < SECONDS_TO_WRITE
    except FileNotFoundError:
        return True


def _open_up(folder: Path) -> None:
    """Make every folder below writable: that is what removing a file asks for."""
    folder.chmod(0o700)
    for parent, folders, _ in os.walk(folder):
        for name in folders:
            path = Path(parent, name)
            if not path.is_symlink():
                path.chmod(0o700)
