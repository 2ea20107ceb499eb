"""Paths in a workspace: what one may be, and how a file is laid there and read back."""

import os
import stat
from pathlib import Path, PurePosixPath

from proctor.errors import UnsafePath
from proctor.workspace.disk import says_so


def check_path(path: str) -> PurePosixPath:
    """Give the path, or raise UnsafePath: it must be relative, without `..`, and no part of a `.git`."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or not pure.parts or "\0" in path:
        raise UnsafePath(path=path, reason="it is not relative to the repository")
    if ".." in pure.parts:
        raise UnsafePath(path=path, reason="it has `..` in it")
    if any(part.lower() == ".git" for part in pure.parts):
        raise UnsafePath(path=path, reason="it is git's own")
    return pure


def locate(root: Path, path: str) -> Path:
    """Give the place of a path in a folder. Raises UnsafePath, also where a link on the way leads out of it."""
    place = root / check_path(path)
    if not place.parent.resolve().is_relative_to(root.resolve()):
        raise UnsafePath(path=path, reason="a symbolic link on the way leads out of the workspace")
    return place


def lay(root: Path, path: str, data: bytes) -> None:
    """Write a file into a folder. A link in its place is replaced, not followed.

    Raises UnsafePath, or OSError where the disk takes nothing more.
    """
    place = locate(root, path)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.write_bytes(data)
    except OSError as error:
        if says_so(error):
            raise
        raise UnsafePath(path=path, reason=f"it cannot be written: {error.strerror}") from error


def read(place: Path, limit: int) -> bytes | None:
    """Read a plain file of at most `limit` bytes; None if there is none. A link is not followed, a pipe not opened.

    Raises ValueError if it is larger.
    """
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"it is larger than {limit:,} bytes")
    return data
