"""A disk that is full for a while: a run says so in one line, and the same command goes on when there is room."""

import json
import os
import shutil
from pathlib import Path

import pytest
from projects import Project, processes_of, script

GIT = """\
#!/bin/sh
case "$*" in
*"{work}"*init*|*"{work}"*index-pack*|*"{work}"*read-tree*|*"{work}"*checkout-index*)
  if [ -e "{full}" ]; then
    echo "error: unable to write file: No space left on device" >&2
    exit 128
  fi
esac
exec "{git}" "$@"
"""
"""Says that the disk of the work folders is full, where the real one would write, while the file `full` is there."""

AGENT = """\
#!/bin/sh
echo "$PROCTOR_TARGET" >> "{asked}"
cat > "$PROCTOR_TARGET" <<PY
from shop import prices, stock


def test_both():
    assert prices.gross(100) == 120.0
    assert stock.missing(5, 3) == 2
PY
if [ -e "{fills}" ] && [ "$(wc -l < "{asked}")" -eq 2 ]; then mv "{fills}" "{full}"; fi
"""
"""Writes good tests. While the second ones are being written, the disk becomes full."""

TWO_LOOKS = '{"component_testing.check_stability": {"runs": 2}}'
RUN = ("run", "shop", "--agent", "own", "--jobs", "1", "--json")


class Disk:
    """The disk that the work folders lie on; who was asked to work on it is written down elsewhere."""

    def __init__(self, project: Project) -> None:
        home = project.home
        self.full, self.fills, self._asked, self._work = (home / name for name in ("full", "fills", "asked", "cache"))
        (home / "bin").mkdir()
        git = home / "bin" / "git"
        git.write_text(GIT.format(work=self._work, full=self.full, git=shutil.which("git")))
        git.chmod(0o755)
        project.environment = {"PATH": f"{git.parent}:{os.environ['PATH']}", "PROCTOR_STEPS": TWO_LOOKS}
        agent = script(home, AGENT.format(asked=self._asked, fills=self.fills, full=self.full))
        project.configure(f'[agents.own]\nargv = ["{agent}"]\n')

    @property
    def asked(self) -> list[str]:
        """Say for which files an agent was asked, in order."""
        return self._asked.read_text().split()

    @property
    def left(self) -> list[Path]:
        """List what was left in the work folders."""
        return [*self._work.glob("work/*"), *self._work.rglob("tmp_*"), *self._work.rglob("*.half")]


@pytest.fixture
def disk(project: Project) -> Disk:
    return Disk(project)


def test_a_disk_that_fills_ends_the_run_in_one_line_and_what_was_delivered_is_kept(
    project: Project, disk: Disk
) -> None:
    def held_up(*command: str) -> None:
        ended = project.proctor(*command)
        assert ended.code == 1, ended.out + ended.err
        (line,) = ended.err.splitlines()
        assert line.startswith(f"proctor: The disk of {project.home}/cache cannot be used: ")
        assert line.endswith("name another folder with the setting `cache`, and give the same command again.")
        assert (disk.left, processes_of(project.home)) == ([], [])

    disk.fills.touch()
    held_up(*RUN)
    session = json.loads(project.proctor("sessions", "list", "--json").out)
    assert session["status"] == "active"
    held_up("sessions", "continue", session["session"])
    disk.full.unlink()
    landed = project.proctor(*RUN)
    assert landed.code == 0, landed.out + landed.err
    assert landed.product()["branch"] in project.git("branch", "--list")
    first, second, again = disk.asked
    assert first != second == again
    assert disk.left == []
