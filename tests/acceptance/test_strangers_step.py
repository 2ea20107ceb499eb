"""A step from somebody else's distribution stands in the line, runs there, and is in the report."""

from pathlib import Path

from projects import Project

STEP = '''\
"""Counts the children before anything lands."""

from dataclasses import replace

from proctor import Command, Outcome, Step


class CountChildren(Step):
    """Says how many components have been tested."""

    name = "count_children"
    workflow = "context_testing"
    after = "spawn_component_testing_sessions"

    async def get_command(self, scope, session, options):
        """Nothing has to be executed."""
        return Command("none")

    async def handle_result(self, scope, session, result, options):
        """Count."""
        told = f"{len(session.children)} components were tested"
        return Outcome(replace(result, data={"told": told}), {"counted": len(session.children)})
'''


def install(site: Path) -> None:
    """Lay a distribution out as an installer would."""
    info = site / "acme_counting-2.1.dist-info"
    info.mkdir(parents=True)
    (site / "acme_counting.py").write_text(STEP)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-counting\nVersion: 2.1\n")
    (info / "entry_points.txt").write_text(
        "[proctor.steps]\ncontext_testing.count_children = acme_counting:CountChildren\n"
    )


def test_it_runs_in_its_place_and_stands_in_the_report(project: Project, tmp_path: Path) -> None:
    install(tmp_path / "site")
    project.environment = {"PYTHONPATH": str(tmp_path / "site")}
    finished = project.proctor("run", "shop", "--json")
    assert finished.code == 0, finished.err
    lines = finished.lines()
    root = lines[0]["session"]
    steps = [
        line["data"]["step"] for line in lines if line["kind"] == "interaction_completed" and line["session"] == root
    ]
    assert steps == ["initialize", "spawn_component_testing_sessions", "count_children", "finalize"]
    assert "acme-counting" in str(lines[0]["strangers"])
    project.git("branch", "-D", "test-context-testing-session-for-shop")
    shown = project.proctor("run", "shop", "--new")
    assert "count_children" in shown.out
    assert "acme-counting" in shown.out
