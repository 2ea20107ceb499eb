"""What `proctor doctor` looks at on the machine: versions, git, disks, the cache, and what protects."""

import asyncio
import os
import platform
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from proctor import __version__
from proctor.cli.doctor.diagnosis import Diagnosis, Setup, Status
from proctor.cli.wording import SHORT_COMMIT, count, first_line
from proctor.contracts.process import ProcessLimits
from proctor.errors import BareRepository, DatabaseUnusable, NotARepository, ProctorError, UsageError
from proctor.store.database import location
from proctor.workspace import identify
from proctor.workspace.folder import leftovers as left_behind

ANSWER_S = 5.0
"""How long a program may take to answer a question."""
SCARCE, TOO_LITTLE = 1024**3, 100 * 1024**2
"""Bytes free on a disk from which down it is told, and from which down it is a problem."""
ELSEWHERE: dict[type[ProctorError], str] = {
    NotARepository: "Go to a folder of a repository, or run `git init` and commit here first.",
    BareRepository: "Go to a clone of it.",
}
"""What to do where an error would have another path named: it is the folder itself that is looked at."""


def versions(_: Setup) -> Iterator[Diagnosis]:
    """Name Proctor, Python, SQLite and the platform."""
    told = f"Proctor {__version__} in {sys.prefix}, Python {platform.python_version()}"
    system = f"SQLite {sqlite3.sqlite_version}, {platform.system()} {platform.machine()}"
    yield Diagnosis("versions", "ok", f"{told}, {system}")


def git(setup: Setup) -> Iterator[Diagnosis]:
    """Find git, and who its commits are by."""
    remedy = "Install git, and see that it is on PATH."
    if (version := answer(["git", "--version"], setup.folder)) is None:
        yield Diagnosis("git", "problem", "there is no git that answers", remedy)
        return
    yield Diagnosis("git", "ok", version)
    name, email = (_identity(word, setup.folder) for word in ("name", "email"))
    if name and email:
        yield Diagnosis("identity", "ok", f"commits are by {name} <{email}>")
    else:
        remedy = 'git config --global user.name "Your Name"; git config --global user.email you@example.org'
        yield Diagnosis("identity", "problem", "git does not know who you are, so nothing can land", remedy)


def repository(setup: Setup) -> Iterator[Diagnosis]:
    """Look at where the user is as a run would. Whoever looks at the machine alone needs no repository."""
    try:
        found = asyncio.run(identify(setup.folder))
    except UsageError as error:
        told, _, remedy = str(error).rpartition(". ")
        yield Diagnosis("repository", "warning", told, ELSEWHERE.get(type(error), remedy))
        return
    except ProctorError as error:  # git itself says what to do
        yield Diagnosis("repository", "problem", str(error))
        return
    more = ", with changes that are not in it and are left out" if found.dirty else ""
    yield Diagnosis("repository", "ok", f"{found.top} at commit {found.base[:SHORT_COMMIT]}{more}")


def disks(setup: Setup) -> Iterator[Diagnosis]:
    """See that there is room for the cache and for the database."""
    places = {"cache": setup.settings.cache}
    with suppress(DatabaseUnusable):  # the check of the database tells that
        places["database"] = location(setup.settings.database_url()).parent
    used = defaultdict[int, list[str]](list)
    for what, place in places.items():
        used[nearest(place).stat().st_dev].append(what)
    for names in used.values():
        there = nearest(places[names[0]])
        free = shutil.disk_usage(there).free
        status: Status = "ok" if free >= SCARCE else "warning" if free >= TOO_LITTLE else "problem"
        remedy = None if status == "ok" else f"Make room on the disk of {there}."
        yield Diagnosis("disk", status, f"{_size(free)} free for the {' and the '.join(names)}", remedy)


def cache(setup: Setup) -> Iterator[Diagnosis]:
    """See that work folders can be made, and whether some were left behind."""
    folder, there = setup.settings.cache, nearest(setup.settings.cache)
    try:
        with tempfile.NamedTemporaryFile(prefix=".proctor-doctor-", dir=there):
            pass
    except OSError as error:
        remedy = "Make it writable, or name another one: `cache` in the settings, or PROCTOR_CACHE."
        yield Diagnosis("cache", "problem", f"{folder} cannot be written: {error.strerror}", remedy)
        return
    made = "" if there == folder else "; it is made when it is needed"
    yield Diagnosis("cache", "ok", f"{folder} can be written{made}")
    if dead := left_behind(folder):
        told = f"{count(len(dead), 'work folder')} left behind by processes that are gone"
        yield Diagnosis("leftovers", "warning", told, "The next run removes them.")
    else:
        yield Diagnosis("leftovers", "ok", "no work folder was left behind")


def protection(_: Setup) -> Iterator[Diagnosis]:
    """Say what keeps tests and agents in bounds, and what does not."""
    limits = ProcessLimits()
    held = f"processes have a time limit and {_size(limits.output_bytes)} for output"
    if sys.platform == "linux":
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        wanted = limits.memory_bytes or 0
        memory = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        yield Diagnosis("limits", "ok", f"{held}, {_size(memory)} of memory")
    else:
        remedy = "Watch the memory of long runs, or run in a container."
        yield Diagnosis("limits", "warning", f"{held}; no memory limit on {platform.system()}", remedy)
    yield Diagnosis("sandbox", "ok", f"none: tests and agents may do what you may; {_bubblewrap()}")


def nearest(path: Path) -> Path:
    """Give the folder, or the nearest one above it that is there."""
    return next((each for each in (path, *path.parents) if each.is_dir()), Path("/"))


def answer(argv: list[str], folder: Path) -> str | None:
    """Give what a program says, in one line; None if it cannot be started, fails or does not answer."""
    try:
        done = subprocess.run(
            argv, cwd=nearest(folder), capture_output=True, text=True, errors="replace",
            stdin=subprocess.DEVNULL, timeout=ANSWER_S, check=False,
        )  # fmt: skip
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return None if done.returncode else first_line(done.stdout)


def _identity(word: str, folder: Path) -> str | None:
    """Find a part of the author's identity where a run does."""
    asked = (answer(["git", "config", "--get", f"{who}.{word}"], folder) for who in ("author", "user"))
    return os.environ.get(f"GIT_AUTHOR_{word.upper()}") or next((found for found in asked if found), None)


def _bubblewrap() -> str:
    """Say whether there is one that works. It is the user's to name in an agent's argv: Proctor starts none itself."""
    version = answer(["bwrap", "--version"], Path("/"))
    if version is None:
        return "no bubblewrap here"
    works = answer(["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"], Path("/")) is not None
    return f"{version} {'works' if works else 'does not work'} here, for an agent's argv"


def _size(number: int) -> str:
    for unit, size in (("GiB", 1024**3), ("MiB", 1024**2)):
        if number >= size:
            return f"{number / size:.0f} {unit}"
    return f"{number / 1024:.0f} KiB"
