"""A plugin that a session was begun with is uninstalled: the run ends, says which, and goes on once it is back."""

import shutil
import signal
from pathlib import Path

from projects import Project, lay_out

STEP = '''\
"""A step that takes the whole process down, while it is told to."""

import os
import signal

from proctor import Command, Outcome, Step


class Approve(Step):
    """Stands between the survey and the components."""

    name = "approve"
    workflow = "context_testing"
    after = "initialize"

    async def get_command(self, scope, session, options):
        """Nothing has to be executed."""
        if os.path.exists(os.path.join(os.path.dirname(__file__), "kill")):
            signal.raise_signal(signal.SIGKILL)
        return Command("none")

    async def handle_result(self, scope, session, result, options):
        """Pass it on."""
        return Outcome(result)
'''
NAME = "context_testing.approve"


def install(site: Path) -> None:
    """Do what an installer would."""
    lay_out(site, "acme-approval", STEP, f"{NAME} = acme_approval:Approve")


def test_the_run_says_which_plugin_is_missing_and_goes_on_once_it_is_back(project: Project, tmp_path: Path) -> None:
    site = tmp_path / "site"
    install(site)
    (site / "kill").touch()
    project.environment = {"PYTHONPATH": str(site)}
    run = ("run", "shop/stock.py")
    assert project.proctor(*run).code == -signal.SIGKILL

    shutil.rmtree(site)
    stopped = project.proctor(*run)
    assert (stopped.code, stopped.err) == (1, "")
    blocked = f"cannot go on. The proctor.steps plugin {NAME} is not installed."
    assert f"Blocked: step approve of acme-approval 1.0 {blocked}" in " ".join(stopped.out.split())
    ended = project.proctor(*run, "--json").lines()[-1]
    assert (ended["kind"], ended["status"]) == ("ended", "active")
    assert NAME in ended["blocked"][0]

    install(site)
    landed = project.proctor(*run)
    assert landed.code == 0, landed.err
    assert "Landed on the branch" in landed.out
    assert f"The step {NAME} (acme-approval 1.0) took part" in " ".join(landed.out.split())
