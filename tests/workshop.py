"""A place to write plugins in: a virtual environment where Proctor and what it needs are installed."""

import subprocess
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

from projects import Finished, Project

SCRIPT = "#!{python}\nimport runpy, sys\nsys.argv[0] = {name!r}\nrunpy.run_module({name!r}, run_name='__main__')\n"
COMMANDS = ("pip", "proctor", "pytest")


@dataclass(frozen=True)
class Workshop:
    """A folder, and commands that are on PATH there. pip builds with what is installed, and asks no index."""

    folder: Path
    environment: dict[str, str]

    @classmethod
    def make(cls, project: Project, folder: Path) -> "Workshop":
        """Make one beside a project, whose home and settings it uses."""
        venv.create(folder / ".venv", symlinks=True)
        programs, site = folder / ".venv" / "bin", next((folder / ".venv" / "lib").glob("python*/site-packages"))
        (site / "ours.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
        for name in COMMANDS:
            (programs / name).write_text(SCRIPT.format(python=programs / "python", name=name))
            (programs / name).chmod(0o755)
        known = project._environment()
        pip = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        strict = "error,ignore:pkg_resources is deprecated:DeprecationWarning"  # says an older pip of itself
        plain = {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONWARNINGS": strict}
        return cls(folder, {**known, **pip, **plain, "PATH": f"{programs}:{known['PATH']}"})

    def run(self, *argv: str | Path, cwd: Path | None = None, seconds: float = 600.0) -> Finished:
        """Run a command to its end."""
        done = subprocess.run(
            [*map(str, argv)], cwd=cwd or self.folder, env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip
        return Finished(done.returncode, done.stdout, done.stderr)

    def must(self, *argv: str | Path, cwd: Path | None = None) -> str:
        """Run a command that has to go well, and give what it printed."""
        done = self.run(*argv, cwd=cwd)
        assert done.code == 0, done.out + done.err
        return done.out
