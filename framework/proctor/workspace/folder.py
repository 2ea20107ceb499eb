"""Folders that name their owner, so that those of the dead can be removed."""

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import orjson

from proctor.contracts.store import Owner
from proctor.owner import alive, myself, running
from proctor.workspace import disk
from proctor.workspace.disk import temporary_files, written

WORK = "work"
KEPT = "kept"
TEMPORARY = "proctor-"
"""Our folders among everybody's temporary files begin so."""
SUFFIX = ".owner"
SECONDS_TO_WRITE = 60.0
"""A file that names no owner is taken for one that is just being written, if it is no older."""


def claim(folder: Path) -> None:
    """Make a folder of ours, and a file beside it that says so."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    write(_owner_file(folder), orjson.dumps(myself()))
    folder.mkdir(mode=0o700)


def write(file: Path, data: bytes) -> None:
    """Write a file anew, whole or not at all."""
    half = file.with_name(f"{file.name}.{_writer(os.getpid())}")
    try:
        half.write_bytes(data)
        half.replace(file)
    except BaseException:
        half.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def temporary() -> Iterator[Path]:
    """Give an empty folder among the temporary files, and remove it afterwards."""
    place = temporary_files()
    folder = place / f"{TEMPORARY}{secrets.token_hex(8)}"
    with written(place, disk.TEMPORARY):
        try:
            claim(folder)
            yield folder
        finally:
            remove(folder)


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
        with contextlib.suppress(OSError):
            _owner_file(folder).unlink(missing_ok=True)


def let_go(folder: Path) -> None:
    """Remove a folder of ours, unless another process, which took us for dead, has it by now."""
    if _owner_of(folder) in (None, myself()):
        remove(folder)


def keep(folder: Path, place: Path) -> None:
    """Move a folder to a place of its own (-2, -3, … if that is taken), where it has no owner and nobody removes it.

    One that cannot be moved is removed.
    """
    places = (place.with_name(f"{place.name}-{number}" if number > 1 else place.name) for number in count(1))
    with contextlib.suppress(OSError):
        free = next(each for each in places if not each.exists())
        free.parent.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        folder.rename(free)
    remove(folder)


def leftovers(folder: Path) -> list[Path]:
    """List the work folders and temporary folders of dead owners."""
    return [owned for owned in _owned(folder) if not _is_alive(_owner_file(owned))]


def sweep(folder: Path) -> list[Path]:
    """Remove the work folders and temporary folders of dead owners, and list them. For the start of a process."""
    dead = leftovers(folder)
    for each in dead:
        remove(each)
    for half in _files(folder, f"{SUFFIX}.*"):
        if _is_given_up(half):
            with contextlib.suppress(OSError):
                half.unlink(missing_ok=True)
    return dead


def _owned(folder: Path) -> Iterator[Path]:
    return (file.with_name(file.name.removesuffix(SUFFIX)) for file in _files(folder, SUFFIX))


def _files(folder: Path, ending: str) -> Iterator[Path]:
    """Find the files beside our folders; among temporary files anybody may lay one down."""
    yield from (folder / WORK).glob(f"*{ending}")
    for file in temporary_files().glob(f"{TEMPORARY}*{ending}"):
        with contextlib.suppress(FileNotFoundError):
            if file.lstat().st_uid == os.geteuid():
                yield file


def _owner_file(folder: Path) -> Path:
    return folder.with_name(folder.name + SUFFIX)


def _is_alive(file: Path) -> bool:
    """Only our own machine can tell; another one's folder is left to it."""
    try:
        return alive(Owner(**orjson.loads(file.read_bytes())))
    except (OSError, ValueError, TypeError):
        return _is_new(file)


def _is_given_up(half: Path) -> bool:
    """Say whether nobody goes on with half a file: whoever wrote it has ended, or it is old."""
    pid = half.name.rpartition("-")[2]
    ours = pid.isdecimal() and half.name.endswith(f".{_writer(int(pid))}")
    return (ours and not running(int(pid))) or not _is_new(half)


def _writer(pid: int) -> str:
    """Name a process of this machine, for the half of a file that it writes."""
    return f"{myself().machine[:8]}-{pid}"


def _owner_of(folder: Path) -> Owner | None:
    try:
        return Owner(**orjson.loads(_owner_file(folder).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


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
