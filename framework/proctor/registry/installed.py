"""What is installed: the entry points for Proctor, and the distributions that bring them. Nothing is imported."""

import importlib
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import PurePath

OWN = "proctor"
"""The distribution whose plugins always load."""
_NAMELESS = "its metadata has no Name, so nothing of it can be used. Install it again"


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
    """Why it cannot be used. Of most, that is only known once they were loaded."""


def installed() -> Iterator[Plugin]:
    """Read every entry point for Proctor, by name of the distribution.

    Those of a distribution without a name are broken, and bear its path in the place of that.
    """
    importlib.invalidate_caches()
    found: dict[str, Sequence[Plugin]] = {}
    for each in distributions():
        name = _known_as(each)
        if name not in found:  # the one that imports see, if it is there twice
            found[name] = [plugin for plugin in _plugins_of(each) if owner(plugin) == name]
    plugins = [plugin for name in sorted(found) for plugin in found[name]]
    return iter(sorted(plugins, key=lambda plugin: plugin.error is not None))


def owner(plugin: Plugin) -> str:
    """Give the name by which settings mean a plugin's distribution, in the form in which names are compared."""
    return _name_in(plugin.distribution) if plugin.error else normalised(plugin.distribution)


def _plugins_of(each: Distribution) -> Sequence[Plugin]:
    with suppress(OSError, TypeError, ValueError):  # unreadable, not UTF-8, or not of the form name = value
        if "[proctor." in (each.read_text("entry_points.txt") or ""):
            entry_points = [found for found in each.entry_points if found.group.startswith("proctor.")]
            name, version, error = _described(each)
            return [Plugin(found.group, found.name, name, version, found.value, error) for found in entry_points]
    return ()


def _described(each: Distribution) -> tuple[str, str, str | None]:
    """Give the name and version, and what is wrong. importlib.metadata would parse the whole file for each."""
    written = each.read_text("METADATA") or each.read_text("PKG-INFO") or ""
    head = written.partition("\n\n")[0]
    facts = dict(re.findall(r"^(Name|Version):[ \t]*(.*?)[ \t\r]*$", head, re.MULTILINE))
    if facts.get("Name"):
        return facts["Name"], facts.get("Version", ""), None
    return _folder(each), "", f"{_folder(each)}: {_NAMELESS}."


def _known_as(each: Distribution) -> str:
    """Give the name by which a distribution is found; one that is half removed bears another than it says."""
    return _name_in(_folder(each)) or normalised(each.metadata["Name"] or "")


def _name_in(folder: str) -> str:
    """Read the name of a distribution from the folder of its metadata: `name-1.0.dist-info`, `name.egg-info`."""
    path = PurePath(folder)
    return normalised((path.parent if path.name == "EGG-INFO" else path).stem.partition("-")[0])


def _folder(each: Distribution) -> str:
    """Give the path of a distribution's metadata, for which importlib.metadata has no public name; empty if none."""
    return str(getattr(each, "_path", ""))


def normalised(distribution_name: str) -> str:
    """Give a distribution's name in the one form in which names are compared."""
    return re.sub(r"[-_.]+", "-", distribution_name).lower()
