"""A user's project of twenty modules, a home, and `proctor run` on it. It can be put back to how it was."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.projects import Project
from tests.torture import cheap_steps

ROOT = Path(__file__).parents[2]
AGENT = """\
#!/bin/sh
echo "$PROCTOR_TARGET" >> "$ASKED"
sleep "$THINKING"
part=$(basename "$PROCTOR_COMPONENT" .py)
mkdir -p "$(dirname "$PROCTOR_TARGET")"
cat > "$PROCTOR_TARGET" <<TEST
from sample.$part import doubled


def test_doubled():
    assert doubled(2) == 4
TEST
"""
MODULE = "def doubled(number):\n    return 2 * number\n"
SECONDS = 120.0
"""A run that takes longer hangs."""
COMMAND = ("run", "sample", "--agent", "scripted", "--jobs", "4", "--json")


@dataclass(frozen=True)
class Stand:
    """Everything lies in one folder: the project, the home with database and cache, and how both were at first."""

    folder: Path
    parts: int = 20
    """Components of the package."""
    thinking: float = 0.0
    """Seconds that the agent takes for each."""
    planted: tuple[str, ...] = ()
    """Words for `tests.torture.planted`: what is wrong with the proctor that runs here."""

    @classmethod
    def make(cls, folder: Path, parts: int = 20, thinking: float = 0.0) -> "Stand":
        """Make the project and the home, with an empty database."""
        stand = cls(folder, parts, thinking)
        for place in (stand.top, stand.home, stand.temporary):
            place.mkdir(parents=True)
        project = stand.project
        project.git("init", "-q", "-b", "main")
        project.git("config", "user.name", "Somebody")
        project.git("config", "user.email", "somebody@example.org")
        project.write({"sample/__init__.py": "", **{f"sample/part{n}.py": MODULE for n in range(parts)}})
        project.commit()
        project.write({"unsaved.txt": "the user's own\n"})
        stand._configure()
        assert project.proctor("sessions", "list").code == 0
        shutil.copytree(folder / "now", folder / "at first")
        return stand

    def _configure(self) -> None:
        agent = self.home / "agent.sh"
        agent.write_text(AGENT)
        agent.chmod(0o755)
        told = f'[agents.scripted.environment]\nASKED = "{self.asked}"\nTHINKING = "{self.thinking}"\n'
        self.project.configure(f'[agents.scripted]\nplugin = "command"\nargv = ["{agent}"]\n{told}')
        cheap_steps.install(self.folder / "plugins")

    @property
    def top(self) -> Path:
        return self.folder / "now" / "project"

    @property
    def home(self) -> Path:
        return self.folder / "now" / "home"

    @property
    def temporary(self) -> Path:
        return self.home / "tmp"

    @property
    def database(self) -> Path:
        return self.home / "proctor.db"

    @property
    def asked(self) -> Path:
        """Where the agent writes a line each time it is asked."""
        return self.home / "asked"

    @property
    def project(self) -> Project:
        """Give the project; every process that works on it has the folder's name in its environment."""
        path = [str(self.folder / "plugins"), str(ROOT), *os.environ.get("PYTHONPATH", "").split(":")]
        ours = {
            "TMPDIR": str(self.temporary),
            "TORTURE_PARTS": str(self.parts),
            "PYTHONPATH": ":".join(path).strip(":"),
        }
        return Project(self.top, self.home, Path(sys.executable), ours)

    def put_back(self) -> None:
        """Have everything as it was at first."""
        shutil.rmtree(self.folder / "now")
        shutil.copytree(self.folder / "at first", self.folder / "now")

    def start(self, *planted: str) -> "subprocess.Popen[str]":
        """Start `proctor run`, its output in a file, so that it never waits for a reader."""
        with (self.home / "out").open("a") as out, (self.home / "err").open("a") as err:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.torture.planted", *planted, *self.planted, "--", *COMMAND],
                cwd=self.top, env=self.project._environment(), stdout=out, stderr=err, text=True,
            )  # fmt: skip

    def finish(self) -> list[str]:
        """Run to the end, and say what is wrong with how it ended."""
        process = self.start()
        try:
            code = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return [f"the run did not end within {SECONDS:.0f} s"]
        return [f"the run ended with exit code {code}: {self.said()}"] if code else []

    def undisturbed(self, *planted: str) -> tuple[str, float]:
        """Run to the end; give the tree of the commit, and the seconds that it took."""
        begun = time.monotonic()
        assert self.start(*planted).wait() == 0, self.said()
        return self.project.git("rev-parse", "test-sample^{tree}").strip(), time.monotonic() - begun

    def said(self) -> str:
        """Give the last words on standard error and output."""
        return (self.home / "err").read_text()[-2000:] + (self.home / "out").read_text()[-1000:]
