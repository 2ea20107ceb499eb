"""What is installed: the entry points for Proctor, and the distributions that bring them. Nothing is imported."""

import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions

OWN = "proctor"
"""The distribution whose plugins always load."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """An entry point and the distribution that brings it."""

    group: str
    name: str
    distribution: str
    version: str
    value: str
    """Where it is found: `module:attribute`."""
    error: str | None = None
    """Why it cannot be used. Broken ones are only known once they were loaded."""


def installed() -> Iterator[Plugin]:
    """Read every entry point for Proctor, by name of the distribution."""
    importlib.invalidate_caches()
    for name in sorted({normalised(name) for name in map(_name_of, distributions()) if name}):
        with suppress(PackageNotFoundError):  # a half removed one: its folder bears another name
            yield from _plugins_of(distribution(name))  # the one that imports see, if it is there twice


def _name_of(each: Distribution) -> str | None:
    """Give the name of a distribution that may have plugins."""
    with suppress(OSError, ValueError):  # unreadable, or not UTF-8
        return _facts(each).get("Name") if "[proctor." in (each.read_text("entry_points.txt") or "") else None
    return None


def _plugins_of(each: Distribution) -> Sequence[Plugin]:
    with suppress(OSError, TypeError, ValueError):  # as above, or not of the form name = value
        entry_points = [found for found in each.entry_points if found.group.startswith("proctor.")]
        if entry_points and (facts := _facts(each)).get("Name"):
            owner = facts["Name"], facts.get("Version", "")
            return [Plugin(found.group, found.name, *owner, found.value) for found in entry_points]
    return ()


def _facts(each: Distribution) -> Mapping[str, str]:
    """Read name and version. importlib.metadata would parse the whole file each time that it is asked."""
    written = each.read_text("METADATA") or each.read_text("PKG-INFO") or ""
    return dict(re.findall(r"^(Name|Version):[ \t]*(.*?)[ \t\r]*$", written.partition("\n\n")[0], re.MULTILINE))


def normalised(distribution_name: str) -> str:
    """Give a distribution's name in the one form in which names are compared."""
    return re.sub(r"[-_.]+", "-", distribution_name).lower()
