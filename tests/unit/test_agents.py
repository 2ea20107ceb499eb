"""Agents are made from the settings, and whatever their own code does meanwhile is told with who brought it."""

from typing import Any

import pytest

from proctor.app.agents import Agents
from proctor.config import AgentSettings, Settings
from proctor.contracts.activity import Emit
from proctor.contracts.agent import Agent, AgentResult, Task
from proctor.errors import InvalidSetting, PluginBroken
from proctor.registry import Plugin


class Scribe(Agent):
    async def run(self, task: Task, emit: Emit) -> AgentResult:
        return AgentResult("ok")


class Exits(Scribe):
    def __init__(self, options: object) -> None:
        raise SystemExit(5)


class TakesNothing(Scribe):
    def __init__(self) -> None:
        """Make it."""


class One:
    """A registry with one agent."""

    def __init__(self, agent: type[Agent]) -> None:
        self._agent = agent

    def agent(self, _name: str) -> type[Agent]:
        return self._agent

    def plugins(self) -> tuple[Plugin, ...]:
        return (Plugin("proctor.agents", "scribe", "acme-agents", "1.2", "acme:Scribe"),)


def agents(agent: type[Agent], **options: object) -> Agents:
    registry: Any = One(agent)
    return Agents(Settings(agents={"scribe": AgentSettings(plugin="scribe", **options)}), registry)  # type: ignore[arg-type] # options of a plugin


def test_an_agent_is_made_with_its_options() -> None:
    assert isinstance(agents(Scribe).make("scribe"), Scribe)


def test_options_that_it_does_not_take_are_the_users_mistake() -> None:
    with pytest.raises(InvalidSetting, match=r"agents\.scribe\.model"):
        agents(Scribe, model="x").make("scribe")


@pytest.mark.parametrize(("agent", "says"), [(Exits, "raised SystemExit: 5"), (TakesNothing, "raised TypeError")])
def test_one_that_cannot_be_made_is_broken_and_named(agent: type[Agent], says: str) -> None:
    with pytest.raises(PluginBroken, match=f"scribe of acme-agents 1.2 .*{says}"):
        agents(agent).make("scribe")
