"""Everything that is installed keeps its contract: Proctor's own plugins, and strangers' that happen to be there."""

from pathlib import Path

import pytest

from proctor.registry import Plugin, Registry
from proctor.testing import check

REGISTRY = Registry()


@pytest.mark.parametrize("plugin", REGISTRY.plugins(), ids=lambda plugin: f"{plugin.group}:{plugin.name}")
def test_an_installed_plugin_breaks_no_rule(plugin: Plugin) -> None:
    assert [str(broken) for broken in check(plugin.group, plugin.name, REGISTRY)] == []


def test_a_plugin_that_cannot_be_loaded_is_said_to_be_so() -> None:
    [broken] = check("proctor.agents", "nobody")
    assert broken.rule == "An installed plugin can be loaded, and is what its entry-point group asks for."
    assert "nobody" in broken.reason


def test_a_group_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no group of plugins proctor\.step$"):
        check("proctor.step", "component_testing.run_tests")


STRANGER = """
from proctor import Agent, AgentResult, Command, Outcome, Step, Wrapper

class Trusting(Step):
    name, workflow, after = "trusting", "component_testing", "run_tests"
    async def get_command(self, scope, session, options):
        return Command("none")
    async def handle_result(self, scope, session, result, options):
        return Outcome(result, {"report": result.data["report"]})

class Around(Wrapper):
    name, workflow, wraps = "around", "component_testing", "trusting"

class Costly(Agent):
    async def run(self, task, emit):
        raise AssertionError("it costs money")

class Broken(Costly):
    run = None
    deterministic = True
"""
ENTRY_POINTS = """
[proctor.steps]
component_testing.trusting = made_up_stranger:Trusting
component_testing.around = made_up_stranger:Around
[proctor.agents]
costly = made_up_stranger:Costly
broken = made_up_stranger:Broken
gone = made_up_stranger:Gone
"""


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Install a stranger's distribution; name what `check` finds of each of its plugins."""
    info = tmp_path / "made_up_stranger-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: made-up-stranger\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "made_up_stranger.py").write_text(STRANGER)
    monkeypatch.syspath_prepend(tmp_path)
    registry = Registry()
    strangers = [plugin for plugin in registry.plugins() if plugin.distribution == "made-up-stranger"]
    return {each.name: [broken.reason for broken in check(each.group, each.name, registry)] for each in strangers}


def test_strangers_are_looked_at_as_far_as_that_is_harmless(found: dict[str, list[str]]) -> None:
    raised = "handle_result, for status warning without data, raised KeyError: 'report' (made_up_stranger.py:9)."
    assert found["component_testing.trusting"] == found["component_testing.around"] == [raised]
    assert found["costly"] == []
    assert "It raised TypeError" in found["broken"][0]
    assert "gone" in found["gone"][0]
