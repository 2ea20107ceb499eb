"""What `proctor plugins` looks at: all that is registered, and what cannot be, for its distribution has no name."""

import re
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from importlib.metadata import Distribution
from itertools import chain
from pathlib import Path

from proctor.registry import Plugin, Registry
from proctor.registry.installed import normalised

_KINDS = ("dist-info", "egg-info")
_NAMELESS = "its metadata has no Name, so nothing of it can be used. Install it again"


def found(registry: Registry, allowed: Collection[str] | None, *, check: bool = False) -> Sequence[Plugin]:
    """List the plugins; those of a distribution without a name bear its path in the place of that, and are broken."""
    return (*registry.plugins(check=check), *_unnamed(allowed))


def _unnamed(allowed: Collection[str] | None) -> Iterator[Plugin]:
    wanted = None if allowed is None else {*map(normalised, allowed)}
    folders = (Path(each).glob(f"*.{kind}") for each in dict.fromkeys(sys.path) for kind in _KINDS)
    for folder in sorted(chain.from_iterable(folders)):
        if wanted is None or normalised(folder.name.partition("-")[0]) in wanted:
            yield from _of(folder)


def _of(folder: Path) -> Iterator[Plugin]:
    """Give the plugins of a distribution, if it has no name. Half written files are none."""
    each = Distribution.at(folder)
    with suppress(OSError, TypeError, ValueError):
        if "[proctor." in (each.read_text("entry_points.txt") or "") and not _has_name(each):
            for point in each.entry_points:
                if point.group.startswith("proctor."):
                    yield Plugin(point.group, point.name, str(folder), "", point.value, f"{folder}: {_NAMELESS}.")


def _has_name(each: Distribution) -> bool:
    written = each.read_text("METADATA") or each.read_text("PKG-INFO") or ""
    return re.search(r"^Name:[ \t]*\S", written.partition("\n\n")[0], re.MULTILINE) is not None
