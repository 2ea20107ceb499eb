"""Branches in the user's repository: created, never moved."""

import os
import re
from collections.abc import Iterator, Mapping
from itertools import chain, count
from pathlib import Path

from proctor.errors import BranchExists, GitFailed, InvalidBranchName
from proctor.workspace.git import Git

HEADS = "refs/heads/"

LONGEST = 200
"""Bytes of a branch's name: it is a file's too, and a number may be put behind it."""


async def check_branch_name(name: str) -> None:
    """Raise InvalidBranchName unless git takes it, literally, as a branch's name."""
    if len(os.fsencode(name)) > LONGEST:
        raise InvalidBranchName(branch=f"{name[:50]}… of {len(name)} characters")
    answer = await Git.on(Path(os.devnull)).ask("check-ref-format", "--branch", name)
    if answer.exit_code or answer.text != name:
        raise InvalidBranchName(branch=name)


async def branch_exists(top: str, name: str) -> bool:
    """Say whether the name is taken, by a branch of that name or by one that leaves no room for it."""
    return _is_taken(name, await _branches(Git.on_checkout(top)))


async def published_as(top: str, commit: str, name: str, *, explicit: bool) -> str | None:
    """Give the branch that already is at this commit."""
    return already_at(commit, name, await _branches(Git.on_checkout(top)), explicit=explicit)


async def create_branch(top: str, commit: str, name: str, *, explicit: bool) -> str:
    """Create a branch under the first free one of its names, and give that name. Raises BranchExists.

    If another process publishes the same commit at the same moment, it is that one's branch.
    """
    git = Git.on_checkout(top)
    while True:
        branches = await _branches(git)
        if found := already_at(commit, name, branches, explicit=explicit):
            return found
        free = next(candidate for candidate in _candidates(name) if not _is_taken(candidate, branches))
        if explicit and free != name:
            raise BranchExists(branch=name, repository=top)
        try:
            await git.run("update-ref", "--no-deref", "--", HEADS + free, commit, "0" * len(commit))
        except GitFailed:
            if not _is_taken(free, await _branches(git)):
                raise
            continue  # somebody else took the name at the same moment
        return free


def already_at(commit: str, name: str, branches: Mapping[str, str], *, explicit: bool) -> str | None:
    """Find the branch that is at this commit: `name` or, unless explicit, a numbered one."""
    pattern = re.compile(re.escape(name) + ("" if explicit else r"(-\d+)?"))
    found = (branch for branch, at in branches.items() if at == commit and pattern.fullmatch(branch))
    return min(found, key=lambda branch: (len(branch), branch), default=None)


async def _branches(git: Git) -> dict[str, str]:
    lines = (await git.run("for-each-ref", "--format=%(objectname) %(refname)", "--", HEADS)).splitlines()
    return {ref.removeprefix(HEADS): commit for commit, _, ref in (line.partition(" ") for line in lines)}


def _candidates(name: str) -> Iterator[str]:
    return chain([name], (f"{name}-{number}" for number in count(2)))


def _is_taken(name: str, branches: Mapping[str, str]) -> bool:
    """Refs are files: where `a` is a branch, `a/b` cannot be one, and the other way round."""
    return any(other == name or other.startswith(f"{name}/") or name.startswith(f"{other}/") for other in branches)
