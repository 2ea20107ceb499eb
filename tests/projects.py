"""A user's project and home, and the command line run in them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PACKAGE = {
    "shop/__init__.py": '"""A shop."""\n',
    "shop/prices.py": '''"""Prices."""


def gross(net: float, rate: float = 0.2) -> float:
    """Add tax.

    >>> gross(100)
    120.0
    >>> gross(100, rate=0.5)
    150.0
    """
    if rate < 0:
        raise ValueError("a rate is not negative")
    return net * (1 + rate)
''',
    "shop/stock.py": '''"""Stock."""


def missing(wanted: int, there: int) -> int:
    """Count what has to be ordered.

    >>> missing(5, 3)
    2
    >>> missing(3, 5)
    0
    """
    return max(wanted - there, 0)
''',
}

SLOW_AGENT = """\
#!/bin/sh
if [ -e "$SLOW" ]; then sleep 60; fi
cat > "$PROCTOR_TARGET" <<PY
from shop import prices, stock


def test_both():
    assert prices.gross(100) == 120.0
    assert stock.missing(5, 3) == 2
PY
"""
"""Writes good tests, and takes its time while the file that $SLOW names is there."""


@dataclass
class Project:
    """A user's repository, and a home of their own."""

    top: Path
    home: Path
    python: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path, python: Path) -> "Project":
        """Make a repository with a small package, committed, and an empty home."""
        project = cls(folder / "project", folder / "home", python)
        project.top.mkdir()
        project.home.mkdir()
        project.git("init", "-q", "-b", "main")
        project.git("config", "user.name", "Somebody")
        project.git("config", "user.email", "somebody@example.org")
        project.write(PACKAGE)
        project.commit()
        return project

    def write(self, files: Mapping[str, str]) -> None:
        """Write files into the checkout."""
        for name, text in files.items():
            (self.top / name).parent.mkdir(parents=True, exist_ok=True)
            (self.top / name).write_text(text, encoding="utf-8")

    def git(self, *argv: str) -> str:
        """Run git there."""
        return subprocess.run(
            ["git", *argv], cwd=self.top, env=self._environment(), capture_output=True, text=True, check=True
        ).stdout

    def commit(self, message: str = "as it was") -> None:
        """Commit everything."""
        self.git("add", "-f", "-A")
        self.git("commit", "-q", "-m", message)

    def configure(self, text: str) -> None:
        """Write the user's settings."""
        self.home.joinpath("config.toml").write_text(text, encoding="utf-8")

    def start(self, *argv: str | Path, **options: Any) -> "subprocess.Popen[str]":
        """Start the command line."""
        return subprocess.Popen(
            [sys.executable, "-m", "proctor", *map(str, argv)],
            cwd=self.top,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def proctor(self, *argv: str | Path, seconds: float = 600.0) -> "Finished":
        """Run the command line to its end."""
        process = self.start(*argv)
        out, err = process.communicate(timeout=seconds)
        return Finished(process.returncode, out, err)

    def _environment(self) -> dict[str, str]:
        config = self.home / "config.toml"
        config.touch()
        return {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),  # hints say `proctor`
            "HOME": str(self.home),
            "PROCTOR_CONFIG": str(config),
            "PROCTOR_PYTHON": str(self.python),
            "PROCTOR_CACHE": str(self.home / "cache"),
            "PROCTOR_DATABASE": f"sqlite:///{self.home}/proctor.db",
            "GIT_CONFIG_NOSYSTEM": "1",
            **self.environment,
        }


@dataclass(frozen=True)
class Finished:
    """How a command line ended."""

    code: int
    out: str
    err: str

    def lines(self) -> list[dict[str, Any]]:
        """Read the lines of --json."""
        return [json.loads(line) for line in self.out.splitlines()]

    def product(self) -> dict[str, Any]:
        """Give what the root session produced."""
        found: dict[str, Any] = next(
            line["data"]["product"] for line in reversed(self.lines()) if line.get("data", {}).get("product")
        )
        return found


def processes_of(folder: Path) -> list[int]:
    """Find the processes whose environment or working folder names this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                named = str(folder).encode() in (entry / "environ").read_bytes()
            except OSError:
                continue
            if named:
                found.append(int(entry.name))
    return found


def end(process: "subprocess.Popen[str]") -> None:
    """Kill a process at once, as a power cut or the kernel would."""
    process.send_signal(signal.SIGKILL)
    process.communicate()


def script(folder: Path, text: str) -> Path:
    """Write a shell script that an agent can be."""
    path = folder / "agent.sh"
    path.write_text(text)
    path.chmod(0o755)
    return path


def lay_out(site: Path, name: str, source: str, step: str, version: str = "1.0") -> None:
    """Do what an installer would with a distribution of one module; `step` is its line among the entry points."""
    module = name.replace("-", "_")
    info = site / f"{module}-{version}.dist-info"
    info.mkdir(parents=True)
    (site / f"{module}.py").write_text(source)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[proctor.steps]\n{step}\n")


def state_of(top: Path) -> dict[str, bytes]:
    """Give every file of the checkout and of .git, but for objects and the branch that a run adds."""
    return {
        path.relative_to(top).as_posix(): path.read_bytes()
        for path in top.rglob("*")
        if path.is_file() and not path.relative_to(top).as_posix().startswith((".git/objects", ".git/refs/heads/test-"))
    }
