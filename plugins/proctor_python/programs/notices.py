"""Say what a fresh clone lacks because nothing is fetched: contents of Git LFS, and submodules."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Iterator, List, Sequence

_POINTER = b"version https://git-lfs.github.com/spec/"
_POINTER_BYTES = 1024
_FILTERED = b"filter=lfs"
_SUBMODULE = re.compile(r"^\s*path\s*=\s*(\S.*?)\s*$", re.MULTILINE)
_NAMED = 3


def notices() -> List[str]:
    """Return a sentence for each kind of thing that is missing in the work tree."""
    found = []
    pointers = list(_pointers()) if _uses_lfs() else []
    if pointers:
        found.append(f"Nothing is fetched from Git LFS, so only pointers are there: {_few(pointers)}")
    submodules = [path for path in _submodules() if not _has_content(Path(path))]
    if submodules:
        found.append(f"Submodules are not fetched, so they are empty: {_few(submodules)}")
    return found


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _files() -> Iterator[Path]:
    for folder, folders, files in os.walk("."):
        folders.sort()
        for name in sorted(files):
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _uses_lfs() -> bool:
    return any(_FILTERED in path.read_bytes() for path in _files() if path.name == ".gitattributes")


def _pointers() -> Iterator[str]:
    for path in _files():
        if path.stat().st_size <= _POINTER_BYTES and path.read_bytes().startswith(_POINTER):
            yield path.as_posix()


def _submodules() -> List[str]:
    try:
        return _SUBMODULE.findall(Path(".gitmodules").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return []


def _has_content(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())
