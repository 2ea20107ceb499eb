"""What `proctor run` takes for a context of 24 components: its own peak memory and CPU, and the time by the clock.

    python tests/benchmarks/whole_run.py [COMPONENTS] [JOBS]

The agent is a command of 2 seconds that writes one test. The checks are the real ones. Only the process of
`proctor run` itself is measured, not the agents and the tests that it starts. Linux only: it reads /proc.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring import report

AGENT_S = 2.0
AGENT = f"""
import os, pathlib, time
time.sleep({AGENT_S})
module = pathlib.Path(os.environ["PROCTOR_COMPONENT"]).stem
pathlib.Path(os.environ["PROCTOR_TARGET"]).write_text(
    f"from sample.{{module}} import doubled\\n\\n\\ndef test_doubled():\\n    assert doubled(2) == 4\\n"
)
"""
MODULE = "def doubled(number):\n    return 2 * number\n"
LEAN = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""The plugins of whoever develops Proctor would cost more than all the rest."""
GIT = ("git", "-c", "user.name=Sample", "-c", "user.email=sample@example.org")


def _repository(folder: Path, components: int) -> Path:
    package = folder / "repository" / "sample"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    for number in range(components):
        (package / f"part{number}.py").write_text(MODULE)
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Begin"]):
        subprocess.run([*GIT, *arguments], cwd=package.parent, check=True)
    subprocess.run(["git", "config", "user.name", "Sample"], cwd=package.parent, check=True)
    subprocess.run(["git", "config", "user.email", "sample@example.org"], cwd=package.parent, check=True)
    return package


def _settings(folder: Path) -> dict[str, str]:
    """Give an environment in which the agent is known and everything is kept inside `folder`."""
    script, settings = folder / "agent.py", folder / "config.toml"
    script.write_text(AGENT)
    settings.write_text(
        f"environment = {json.dumps([*LEAN])}\n[agents.quick]\nargv = {json.dumps([sys.executable, str(script)])}\n"
    )
    return {**os.environ, **LEAN, "PROCTOR_CONFIG": str(settings), "PROCTOR_CACHE": str(folder / "cache")}


def _main(components: int = 24, jobs: int = 8) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options = ["--agent", "quick", "--jobs", str(jobs), "--database", f"sqlite:///{folder}/proctor.db"]
        argv = [sys.executable, "-m", "proctor", "run", *options, str(_repository(folder, components))]
        begun = time.perf_counter()
        with (folder / "output").open("wb") as output:
            process = subprocess.Popen(argv, env=_settings(folder), stdout=output, stderr=output)
            peak, cpu = _watched(process)
        wall = time.perf_counter() - begun
        if process.returncode:
            sys.exit((folder / "output").read_text())
    ideal = AGENT_S * -(-components // jobs)
    row = {"components": components, "jobs": jobs, "peak RSS MiB": peak, "own CPU s": cpu, "wall s": wall}
    report("whole run", [{**row, "agents alone, wall s": ideal, "own CPU s a component": cpu / components}])


def _watched(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Look at a process until it ends, and give the peak of its memory in MiB and its CPU seconds."""
    peak = cpu = 0.0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
            spent = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        except ProcessLookupError:
            continue
        if "VmHWM" in status:
            peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
            cpu = (int(spent[11]) + int(spent[12])) / os.sysconf("SC_CLK_TCK")
        time.sleep(0.02)
    return peak, cpu


if __name__ == "__main__":
    _main(*map(int, sys.argv[1:]))
