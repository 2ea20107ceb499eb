"""The user's repository: found and looked at."""

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from proctor.errors import BareRepository, GitFailed, NoCommit, NoSuchPath, NotARepository, RepositoryReadOnly
from proctor.workspace.folder import temporary
from proctor.workspace.git import Git


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the author of a commit is."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Repository:
    """A user's repository at its last commit, and the place in it that was named."""

    top: Path
    base: str
    """The full id of the last commit."""
    path: str
    """What was named, relative to `top`, with `/`; `.` is the top itself."""
    dirty: bool
    """There are uncommitted changes to files that git knows; they are not part of `base`."""
    identity: Identity | None
    branch: str | None
    """None if no branch is checked out."""


async def identify(path: Path) -> Repository:
    """Find the repository that a path lies in.

    Raises NotARepository, BareRepository, NoCommit, NoSuchPath if the last commit does not have the path, and
    RepositoryReadOnly if the user could not be given a branch.
    """
    named, folder = _located(path)
    git = Git.of_user(folder)
    top = await _top(git, path)
    commit = await git.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if commit.exit_code:
        raise NoCommit(repository=top)
    base = commit.text
    if not named.is_relative_to(top):  # a link that the commit has, to a folder of another repository
        raise NoSuchPath(path=path, base=base[:12])
    relative = named.relative_to(top).as_posix()
    place = f"{base}:{relative}" if relative != "." else f"{base}:"
    known = await Git.on_checkout(top).ask("cat-file", "-e", place)
    if known.exit_code:
        raise NoSuchPath(path=path, base=base[:12])
    await _check_access(git)
    branch = await git.ask("symbolic-ref", "--quiet", "--short", "HEAD")
    return Repository(top, base, relative, await _dirty(git, top, base), await _identity(git), branch.text or None)


def _located(path: Path) -> tuple[Path, Path]:
    """Give the named place, and the nearest folder that is there. Raises NoSuchPath."""
    try:
        named = _resolved(path)
        if "\0" in named.name:
            raise NoSuchPath(path=path, base="HEAD")
        return named, _nearest_folder(named)
    except (OSError, RuntimeError, ValueError) as error:  # too long, links in a circle, a NUL on the way
        raise NoSuchPath(path=path, base="HEAD") from error


def _resolved(path: Path) -> Path:
    """Follow links up to the named place, but not the place itself: in the commit a link is a link."""
    path = Path(os.path.normpath(path.absolute()))
    return path.parent.resolve() / path.name


def _nearest_folder(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.is_dir())


async def _top(git: Git, path: Path) -> Path:
    answer = await git.ask("rev-parse", "--is-bare-repository", "--is-inside-work-tree")
    if "dubious ownership" in answer.message:
        raise GitFailed(what="rev-parse", exit_code=answer.exit_code, message=answer.message)
    if answer.text.startswith("true"):
        raise BareRepository(path=path)
    if answer.exit_code or not answer.text.endswith("true"):
        raise NotARepository(path=path)
    return Path(await git.run("rev-parse", "--show-toplevel"))


async def _check_access(git: Git) -> None:
    """Find out before any work is done whether objects and a branch can be written. Raises RepositoryReadOnly."""
    paths = ("--path-format=absolute", "--git-path", "objects", "--git-path", "refs/heads")
    for folder in map(Path, (await git.run("rev-parse", *paths)).splitlines()):
        if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
            raise RepositoryReadOnly(folder=folder)


async def _identity(git: Git) -> Identity | None:
    """Read it where git would: the environment, then the configuration."""
    found = []
    for word in ("name", "email"):
        value = os.environ.get(f"GIT_AUTHOR_{word.upper()}", "")
        for key in (f"author.{word}", f"user.{word}"):
            value = value or (await git.ask("config", "--get", key)).text
        found.append(value.strip())
    return Identity(*found) if all(found) else None


async def _dirty(git: Git, top: Path, base: str) -> bool:
    """Compare the checkout with the commit from a git directory of ours: in the user's own, filters would run."""
    paths = ("--path-format=absolute", "--git-path", "index", "--git-path", "objects", "--show-object-format")
    index, objects, object_format = (await git.run("rev-parse", *paths)).splitlines()
    with temporary() as private:
        await Git.on(private).run("init", "--quiet", "--bare", "--template=", f"--object-format={object_format}")
        (private / "HEAD").write_text(f"{base}\n")
        with contextlib.suppress(FileNotFoundError):  # nothing was ever added
            shutil.copy2(index, private / "index")
        ours = Git.on(private, top, {"GIT_OBJECT_DIRECTORY": objects})
        answer = await ours.ask("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all")
    return bool(answer.exit_code or answer.output)
