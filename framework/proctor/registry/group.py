"""The plugins of one entry-point group."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from proctor.errors import PluginBroken, PluginClash, PluginMissing
from proctor.installed import LEFT_OUT, OWN, Installed, Plugin, clash, normalised
from proctor.registry.loading import asked, broken, load

_FORM = re.compile(r"\w+(\.\w+)*\s*:\s*\w+(\.\w+)*\s*(\[.*\]\s*)?")

T = TypeVar("T")


class Group(Generic[T]):
    """The plugins of one entry-point group: listed first, loaded on demand, each once."""

    def __init__(self, group: str, installed: Installed, check: Callable[[str, object], T]) -> None:
        self._group = group
        self._installed = installed
        self._check = check
        self._loaded: dict[Plugin, T] = {}

    def names(self) -> Collection[str]:
        """Give the names that are registered."""
        return self._by_name.keys()

    def checked(self) -> Iterator[Plugin]:
        """List the plugins, with the reason of those that cannot be used: each is loaded to find that out."""
        for name, claimants in self._by_name.items():
            error = self._error(name)
            for plugin in claimants:
                yield replace(plugin, error=error)

    def plugin(self, name: str, wanted: Collection[str] | None = None) -> Plugin:
        """Give the plugin of that name; where several distributions claim it, the one that is wanted."""
        claimants = self._by_name.get(name, ())
        if not claimants:
            raise self._missing(name)
        if len(claimants) > 1:
            chosen = [each for each in claimants if wanted is not None and normalised(each.distribution) in wanted]
            if len(chosen) == 1:
                return chosen[0]
            raise clash(claimants)
        return claimants[0]

    def claimants(self, name: str) -> Collection[str]:
        """Give the distributions that register a name."""
        return [each.distribution for each in self._by_name.get(name, ())]

    def broken(self, name: str, cause: str) -> PluginBroken:
        """Make the error of a plugin that cannot be used."""
        return broken(self.plugin(name), cause)

    def sound(self, name: str, wanted: Collection[str] | None = None) -> bool:
        """Whether it was loaded and found to be in order."""
        return self.plugin(name, wanted) in self._loaded

    def sound_ones(self) -> Mapping[str, T]:
        """Give what was loaded and found to be in order, by name."""
        return {plugin.name: value for plugin, value in self._loaded.items()}

    def load(self, name: str, wanted: Collection[str] | None = None) -> T:
        """Give what is registered, loaded once. Raises PluginMissing, PluginClash or PluginBroken."""
        plugin = self.plugin(name, wanted)
        if (loaded := self._loaded.get(plugin)) is None:
            loaded = self._loaded[plugin] = self._load(plugin)
        return loaded

    def load_own(self) -> None:
        """Load what we bring ourselves. Raises as `load` does."""
        for name, claimants in self._by_name.items():
            if any(each.distribution == OWN for each in claimants):
                self.load(name)

    def _load(self, plugin: Plugin) -> T:
        if not _FORM.fullmatch(plugin.value):
            raise broken(plugin, f"its entry point {plugin.value!r} is not of the form module:attribute")
        return asked(plugin, lambda: self._check(plugin.name, load(plugin)), doing="being imported")

    def _missing(self, name: str) -> PluginMissing:
        """Make the error of what is not there, or is and may not load."""
        owners = {
            each.distribution for each in self._installed.left_out() if (each.group, each.name) == (self._group, name)
        }
        if not owners:
            return PluginMissing(group=self._group, name=name)
        cause = f"of {' and '.join(sorted(owners))} {LEFT_OUT}. Name its distribution there"
        return PluginMissing(group=self._group, name=name, cause=cause)

    def _error(self, name: str) -> str | None:
        try:
            self.load(name)
        except PluginBroken as error:
            return str(error.facts["cause"])
        except PluginClash as error:
            return str(error)
        return None

    @property
    def _by_name(self) -> Mapping[str, Sequence[Plugin]]:
        return self._installed.claimants(self._group)
