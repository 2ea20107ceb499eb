"""Makes agents from the user's settings."""

from pydantic import ValidationError

from proctor.config import AgentSettings, Settings
from proctor.contracts.agent import Agent
from proctor.domain.session import AgentChoice
from proctor.errors import InvalidSetting, PluginMissing, UnknownAgent
from proctor.registry import Plugin, Registry
from proctor.registry.loading import asked
from proctor.settings_file import settings_file


class Agents:
    """The agents that a user may name: those of the settings and those of plugins."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self._settings = settings
        self._registry = registry

    def choice(self, name: str) -> AgentChoice:
        """Choose an agent for a session. Raises what `make` does, before any work is done."""
        return AgentChoice(name, deterministic=self.make(name).deterministic)

    def make(self, name: str) -> Agent:
        """Make the agent of that name, with the user's options. Raises UnknownAgent, InvalidSetting or PluginBroken."""
        kind, plugin, given = self._class(name), self.brought_by(name), self._settings_of(name).options()
        assert plugin is not None
        try:
            return asked(
                plugin, lambda: kind(kind.Options.model_validate(given)), doing="being made", lets=(ValueError,)
            )
        except ValueError as error:
            raise InvalidSetting(reason=f"agents.{name}{_first(error)}", where=settings_file()) from error

    def brought_by(self, name: str) -> Plugin | None:
        """Give the plugin that an agent of that name is made from."""
        wanted = ("proctor.agents", self._settings_of(name).plugin)
        return next((plugin for plugin in self._registry.plugins() if (plugin.group, plugin.name) == wanted), None)

    def _settings_of(self, name: str) -> AgentSettings:
        return self._settings.agents.get(name) or AgentSettings(plugin=name)

    def _class(self, name: str) -> type[Agent]:
        try:
            return self._registry.agent(self._settings_of(name).plugin)
        except PluginMissing:
            known = {plugin.name for plugin in self._registry.plugins() if plugin.group == "proctor.agents"}
            names = ", ".join(sorted((known | self._settings.agents.keys()) - {"command"}))
            raise UnknownAgent(name=name, known=names, file=settings_file()) from None


def _first(error: ValueError) -> str:
    """Give the first thing that is wrong with a plugin's options, and where it stands."""
    if not isinstance(error, ValidationError):
        return f": {error}"
    found = error.errors()[0]
    return "".join(f".{part}" for part in found["loc"]) + f": {found['msg']}"
