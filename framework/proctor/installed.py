"""What is installed: the entry points for Proctor, and the distributions that bring them. Nothing is imported."""

import importlib
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import Distribution, distributions
from pathlib import PurePath

from proctor.errors import PluginClash

OWN = "proctor"
"""The distribution whose plugins always load."""
GROUPS = ("proctor.workflows", "proctor.steps", "proctor.agents", "proctor.executors", "proctor.engines")
"""The entry-point groups, in the order in which they are told."""
LEFT_OUT = "is left out by the setting `plugins.only`"
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


class Installed:
    """The plugins that are installed, as they were when this was first asked.

    With `allowed`, distributions that it does not name are passed over as if they were not installed.
    """

    def __init__(self, allowed: Collection[str] | None = None) -> None:
        self._allowed = None if allowed is None else {OWN, *map(normalised, allowed)}

    def plugins(self) -> tuple[Plugin, ...]:
        """List what is installed, by group and name; of several that claim one name, with that as their error."""
        return tuple(plugin for group in GROUPS for plugin in self._listed(group))

    def nameless(self) -> tuple[Plugin, ...]:
        """List what distributions without a name bring: with the reason, and their path in the place of the name."""
        return tuple(each for each in self._found if each.error and self._may_load(each))

    def left_out(self) -> tuple[Plugin, ...]:
        """List what is installed, and passed over because of what is `allowed`."""
        return tuple(each for each in self._found if not self._may_load(each))

    def claimants(self, group: str) -> Mapping[str, Sequence[Plugin]]:
        """Give those of a group that can be used, by name: more than one where several claim it."""
        return self._index.get(group, {})

    def _listed(self, group: str) -> Iterator[Plugin]:
        for claimants in self.claimants(group).values():
            error = str(clash(claimants)) if len(claimants) > 1 else None
            yield from (replace(each, error=error) for each in claimants) if error else claimants

    def _may_load(self, plugin: Plugin) -> bool:
        return self._allowed is None or owner(plugin) in self._allowed

    @cached_property
    def _found(self) -> Sequence[Plugin]:
        return [*installed()]

    @cached_property
    def _index(self) -> Mapping[str, Mapping[str, Sequence[Plugin]]]:
        index: defaultdict[str, defaultdict[str, list[Plugin]]] = defaultdict(lambda: defaultdict(list))
        for plugin in sorted(self._found, key=lambda each: each.name):
            if not plugin.error and self._may_load(plugin):
                index[plugin.group][plugin.name].append(plugin)
        return index


def clash(claimants: Sequence[Plugin]) -> PluginClash:
    """Make the error of several plugins that claim one name."""
    first, owners = claimants[0], " and ".join(dict.fromkeys(each.distribution for each in claimants))
    return PluginClash(name=first.name, group=first.group, distributions=owners)


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
