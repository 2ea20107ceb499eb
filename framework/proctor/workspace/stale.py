"""Finds and removes what nobody has used for long.

That is cache repositories, work folders that a user had kept, and what killed processes left elsewhere. The work
folders of dead owners need no time to pass; see `folder.sweep`.
"""

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from proctor.workspace.cache import BASES, LOCK, USE, Cache, lock
from proctor.workspace.folder import KEPT

REPOSITORIES = "repositories"
GONE = ".gone"
"""Ending of a cache repository that is being removed."""
TASK = re.compile(r"proctor-task-\w{8}")
"""What an agent's task lies in if it is not given a folder of ours."""


def stale_clones(folder: Path, before: float, needed: Collection[str]) -> list[Path]:
    """List the cache repositories with a base that nobody has used since `before`; of repositories not needed.

    The whole one goes, for a base cannot be taken out of it: what is wanted again is copied again. One that somebody
    is at is listed too.
    """
    place = folder.resolve() / REPOSITORIES
    spared = {Cache(place, repository).git_dir for repository in needed}
    found = (path for path in place.glob("*.git") if path not in spared and _last_use(path) < before)
    return sorted([*found, *place.glob(f"*{GONE}")])


def remove_clone(path: Path, before: float) -> int:
    """Remove a cache repository, unless somebody is at it or has been since; give its bytes, 0 if it stays."""
    if path.suffix == GONE:
        return remove_folder(path)
    gone = path.with_suffix(GONE)
    with _alone(path.with_suffix(USE)) as alone:
        if not alone or not path.exists() or _last_use(path) >= before or gone.exists():
            return 0
        path.rename(gone)
        path.with_suffix(LOCK).unlink(missing_ok=True)
        path.with_suffix(USE).unlink(missing_ok=True)
    return remove_folder(gone)


def stale_tasks(before: float) -> list[Path]:
    """List the folders of tasks in the temporary folder that are this user's and were not touched since `before`."""
    return sorted(path for path in Path(tempfile.gettempdir()).glob("proctor-task-*") if _is_stale(path, before))


def stale_kept(folder: Path, before: float, going: Collection[str]) -> list[Path]:
    """List the folders in which nothing of a run was kept since `before`; not those of trees that go on, by their ids.

    Each is named by the beginning of its tree's id.
    """
    found = (path for path in (folder.resolve() / KEPT).glob("*") if path.is_dir() and not path.is_symlink())
    ended = (path for path in found if not any(root.startswith(path.name) for root in going))
    return sorted(path for path in ended if _last_kept(path) < before)


def size(path: Path) -> int:
    """Count the bytes of all files below a folder."""
    total = 0
    for file in _below(path):
        with suppress(OSError):  # somebody else is removing it
            total += file.lstat().st_size
    return total


def _last_use(git_dir: Path) -> float:
    """Give when the base that was not used for longest was used last."""
    bases = [*(git_dir / BASES).glob("*")]
    return min((base.stat().st_mtime for base in bases or [git_dir] if base.exists()), default=float("inf"))


def _last_kept(path: Path) -> float:
    """Give when a work folder was moved here last: below the folder of the run there is one for each component."""
    try:
        return max(each.lstat().st_mtime for each in (path, *path.glob("*")))
    except FileNotFoundError:  # somebody else is removing it
        return float("inf")


def _is_stale(path: Path, before: float) -> bool:
    try:
        found = path.lstat()
        ours = TASK.fullmatch(path.name) is not None and path.is_dir() and not path.is_symlink()
        if not ours or found.st_uid != os.geteuid() or not (path / "task.json").is_file():
            return False
        return all(each.lstat().st_mtime < before for each in (path, *_below(path)))
    except OSError:  # somebody else is removing it
        return False


def _below(path: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(path):
        yield from (Path(parent, name) for name in (*folders, *files))


def remove_folder(path: Path) -> int:
    """Remove a folder, and give its bytes."""
    before = size(path)
    shutil.rmtree(path, ignore_errors=True)
    return before - (size(path) if path.exists() else 0)


@contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Hold a lock that says that nobody else is there, if that is so."""
    with path.open("wb") as file:
        yield lock(file, fcntl.LOCK_EX)
