"""What a user wants done, and the session that does it."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from proctor.domain.head import Head
from proctor.domain.json import Json, JsonObject
from proctor.domain.session import ExecutionMode


@dataclass(frozen=True, slots=True)
class Order:
    """What a user wants done."""

    path: Path
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    branch: str | None = None
    agent: str | None = None
    """None: the one in the settings."""
    execution_mode: ExecutionMode = "auto"
    workflow: str | None = None
    """What kind of session; None: the one in the settings, which tests a package."""
    new: bool = False
    """Begin again: an unfinished session about the same is cancelled."""
    require_tests: bool = False
    """A component for which nothing can be proven fails."""
    carry: tuple[Path, ...] = ()
    """Files of the checkout that git does not have and commands need."""
    lands: bool = True
    """Its end is a commit, of which git must know the author."""

    def wish(self) -> list[Json]:
        """Give what is asked for as JSON, to tell one order from another."""
        names = [self.workflow, self.branch, self.agent, self.execution_mode]
        more: list[Json] = [self.require_tests, [str(file) for file in self.carry]]
        return [str(self.path), [*self.only], [*self.exclude], *names, *(more if any(more) else [])]


def active_environment() -> str | None:
    """Give the virtual environment that the user has activated; the one that runs us says nothing of the package."""
    home = os.environ.get("VIRTUAL_ENV")
    return home if home and Path(home).resolve() != Path(sys.prefix).resolve() else None


def carried_along(subject: JsonObject) -> Mapping[str, str]:
    """Give the files that a tree carries along, as its root's subject names them: path -> id of a blob."""
    named = subject.get("carried")
    return {path: str(blob) for path, blob in named.items()} if isinstance(named, Mapping) else {}


@dataclass(frozen=True, slots=True)
class Begun:
    """The session that does it."""

    session_id: str
    continued: bool
    """It had been begun before."""
    attached: bool = False
    """Another living process drives it; this one only watches."""
    dirty: bool = False
    """The checkout has changes that are not in the commit."""
    authorless: bool = False
    """git does not know whose commits are made there."""


@dataclass(frozen=True, slots=True)
class Created:
    """A session that was made for somebody."""

    head: Head
    continued: bool
    """It had been begun before, under another key or none."""
