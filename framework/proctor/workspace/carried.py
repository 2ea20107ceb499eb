"""Files that git does not have and tests need: read from the user's checkout, to be laid over workspaces."""

import os
from pathlib import Path

from proctor.errors import CannotCarry, UnsafePath
from proctor.workspace.git import Git
from proctor.workspace.overlay import check_path, read
from proctor.workspace.repository import Repository

MOST = 64 * 1024**2
"""Bytes of one file."""


async def carried(repository: Repository, file: Path) -> tuple[str, bytes]:
    """Give a file's path in the repository, with forward slashes, and its content. Raises CannotCarry."""
    top = repository.top.resolve()
    place = _placed(file, top)
    path = place.relative_to(top).as_posix()
    if await _is_tracked(repository, path):
        raise CannotCarry(file=file, reason="git tracks it, so it is in the commit or comes with the next one")
    return path, _content(file, path, place, top)


def _placed(file: Path, top: Path) -> Path:
    """Give the place of a file below `top`. A link is followed for what is in it, and keeps its own name."""
    named = Path(os.path.normpath(file.absolute()))
    place = named.parent.resolve() / named.name
    if not place.is_relative_to(top):
        raise CannotCarry(file=file, reason=f"it lies outside the repository {top}")
    if place.is_dir():
        raise CannotCarry(file=file, reason="it is a folder; name the files in it")
    return place


async def _is_tracked(repository: Repository, path: str) -> bool:
    """Tell whether the commit or the index has the path."""
    known = ("--literal-pathspecs", "ls-files", f"--with-tree={repository.base}", "-z", "--", path)
    return bool(await Git.on_checkout(repository.top).run(*known))


def _content(file: Path, path: str, place: Path, top: Path) -> bytes:
    try:
        check_path(path)
        target = place.resolve(strict=True)
        if not target.is_relative_to(top):
            raise CannotCarry(file=file, reason=f"it is a symbolic link that leads out of the repository, to {target}")
        data = read(target, MOST)
    except RuntimeError as error:
        raise CannotCarry(file=file, reason="it is a symbolic link that leads in a circle") from error
    except (UnsafePath, ValueError) as error:  # git's own; too large
        raise CannotCarry(file=file, reason=error) from error
    except OSError as error:
        raise CannotCarry(file=file, reason=error.strerror) from error
    if data is None:
        raise CannotCarry(file=file, reason="it is no plain file that can be read")
    return data
