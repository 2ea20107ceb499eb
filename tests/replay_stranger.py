"""Somebody else's distribution with a step that stands in the line of `context_testing`."""

from pathlib import Path

STEP = '''\
"""Counts the components before anything lands."""

from dataclasses import replace

from proctor import Command, Outcome, Step


class CountComponents(Step):
    """Says how many components have been tested."""

    name = "count_components"
    workflow = "context_testing"
    after = "spawn_component_testing_sessions"

    async def get_command(self, scope, session, options):
        """Nothing has to be executed."""
        if session.agent.name == "clumsy":
            raise ValueError("nothing can be counted")
        return Command("none", {"children": [child.key for child in session.children]})

    async def handle_result(self, scope, session, result, options):
        """Count."""
        if session.agent.name == "careless":
            raise ValueError("it was not counted")
        told = f"{len(session.children)} components were tested"
        return Outcome(replace(result, data={"told": told}), {"counted": len(session.children)})
'''


def install(site: Path) -> Path:
    """Lay the distribution out as an installer would."""
    info = site / "acme_components-2.1.dist-info"
    info.mkdir(parents=True)
    (site / "acme_components.py").write_text(STEP)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-components\nVersion: 2.1\n")
    (info / "entry_points.txt").write_text(
        "[proctor.steps]\ncontext_testing.count_components = acme_components:CountComponents\n"
    )
    return site
