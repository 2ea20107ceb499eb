"""Compares two folders by content, without asking git."""

import os
from pathlib import Path


def differences(before: Path, after: Path) -> tuple[set[str], set[str]]:
    """Give the files that only `after` has, and those of `before` that are changed or gone."""
    old, new = _files(before), _files(after)
    return new.keys() - old.keys(), {name for name in old if not _same(old[name], new.get(name))}


def _files(root: Path) -> dict[str, Path]:
    """Find the files and links below a folder, without what git and Python keep for themselves."""
    found = {}
    for parent, folders, files in os.walk(root):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        folders[:] = [name for name in folders if name not in {".git", "__pycache__", *links}]
        for name in [*files, *links]:
            path = Path(parent, name)
            if name != ".git" and (path.is_symlink() or path.is_file()):
                found[path.relative_to(root).as_posix()] = path
    return found


def _same(before: Path, after: Path | None) -> bool:
    if after is None or before.is_symlink() != after.is_symlink():
        return False
    if before.is_symlink():
        return before.readlink() == after.readlink()
    return before.stat().st_size == after.stat().st_size and before.read_bytes() == after.read_bytes()
