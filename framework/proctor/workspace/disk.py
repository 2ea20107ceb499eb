"""A disk that takes nothing more: told apart from all else that goes wrong with a workspace."""

import errno
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proctor.errors import DiskUnusable, GitFailed

NUMBERS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
"""What the system says: the disk is full, its user's part of it is, it is read-only."""
WORDS = re.compile("|".join([*map(os.strerror, NUMBERS), "(unable|failed) to write", "couldn't write", "write error"]))
"""What git says of it, most often without the system's reason."""
ROOM = 16 * 1024**2
"""Bytes that a command finds free, for what it is given, what it reports and what it writes meanwhile."""
CACHE, TEMPORARY = "the setting `cache`", "the variable TMPDIR"
"""What names another folder."""


@contextmanager
def written(folder: Path, setting: str | None = None) -> Iterator[None]:
    """Raise DiskUnusable where the block fails because a folder, or that of temporary files, takes nothing more.

    A file that lies in neither is somebody else's: what it fails of is raised as it is. `setting` moves the folder.
    """
    try:
        yield
    except OSError as error:
        if not says_so(error) or (place := _place(error.filename, folder, temporary_files())) is None:
            raise
        raise _unusable(place, str(error.strerror), setting if place == folder else TEMPORARY) from error
    except GitFailed as error:
        if (line := _said(str(error.facts["message"]))) is None:
            raise
        place = _fuller(folder, temporary_files())
        raise _unusable(place, line, setting if place == folder else TEMPORARY) from error


def try_room(folder: Path, size: int) -> None:
    """Raise OSError where a disk has not so many bytes more to give, to us. Nothing of them is kept."""
    with tempfile.TemporaryFile(dir=folder) as file:
        if sys.platform != "darwin":
            try:
                os.posix_fallocate(file.fileno(), 0, size)
            except OSError as error:
                if says_so(error):  # else its file system does not know how to
                    raise


def says_so(error: OSError) -> bool:
    """Tell whether the system says that a disk takes nothing more."""
    return error.errno in NUMBERS


def temporary_files() -> Path:
    """Give the folder of temporary files. Raises DiskUnusable if there is none that takes any."""
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError as error:
        first = Path(os.environ.get("TMPDIR", "/tmp"))  # noqa: S108 # only its name
        raise _unusable(first, "no temporary file can be made", TEMPORARY) from error


def _unusable(place: Path, reason: str, setting: str | None) -> DiskUnusable:
    remedy = "Make it writable" if os.strerror(errno.EROFS) in reason else "Make room there"
    other = f", or name another folder with {setting}," if setting else ""
    return DiskUnusable(folder=place, reason=reason, remedy=f"{remedy}{other}")


def _place(name: object, *places: Path) -> Path | None:
    """Give the one of two places that a file lies in; one that was open already has no name."""
    if isinstance(name, str | os.PathLike):
        return next((place for place in places if Path(name).is_relative_to(place)), None)
    return _fuller(*places)


def _fuller(*places: Path) -> Path:
    """Give the one of two places that is on the disk with less room; the first, if it is the same disk."""
    there = {place: next(each for each in (place, *place.parents) if each.exists()) for place in places}
    disks = {there[place].stat().st_dev: place for place in reversed(places)}
    return min(disks.values(), key=lambda place: shutil.disk_usage(there[place]).free)


def _said(message: str) -> str | None:
    """Give git's line about a disk, if it has one."""
    found = next((line for line in message.splitlines() if WORDS.search(line)), None)
    return found and re.sub(r"^(error|fatal): |\.$", "", found)
