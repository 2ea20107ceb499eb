"""What many plugins cost: CPU seconds of commands with hundreds of strangers' distributions, one of them broken.

    python tests/benchmarks/plugins.py [DISTRIBUTIONS [ROUNDS]]

Each brings one step and a README of 100 lines, as an installer would lay it out. The same commands without them take
their turn. At the end the broken one is looked for, and a workflow is pinned with all the others in it.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from measuring import Meter, alternated, report

COMMANDS = {
    "proctor --version": ("--version",),
    "proctor plugins list": ("plugins", "list"),
    "proctor plugins list --json": ("plugins", "list", "--json"),
    "proctor plugins list --check": ("plugins", "list", "--check"),
}
STEP = """\
from proctor import Command, Outcome, Step


class Stranger(Step):
    name, workflow, after = "{name}", "component_testing", "run_tests"

    async def get_command(self, scope, session, options):
        return Command("none")

    async def handle_result(self, scope, session, result, options):
        return Outcome(result)
"""
BROKEN = "import nothing_of_that_name\n"


def install(site: Path, count: int) -> str:
    """Lay out so many distributions, and give the name of the broken one's step."""
    broken = named(count // 2)
    for number in range(count):
        name, module = named(number), f"acme_{named(number)}"
        info = site / f"{module}-1.0.dist-info"
        info.mkdir()
        head = f"Metadata-Version: 2.4\nName: {module.replace('_', '-')}\nVersion: 1.0\nRequires-Dist: proctor\n"
        (info / "METADATA").write_text(head + "\n" + "One line of a README that nobody reads.\n" * 100)
        (info / "entry_points.txt").write_text(f"[proctor.steps]\ncomponent_testing.{name} = {module}:Stranger\n")
        (site / f"{module}.py").write_text(BROKEN if name == broken else STEP.format(name=name))
    return broken


def named(number: int) -> str:
    """Spell a number in letters: the names of steps have no digits."""
    return "step_" + "".join(chr(ord("a") + int(digit)) for digit in str(number))


def _run(arguments: tuple[str, ...], site: Path | None) -> Meter:
    before, begun = _children(), time.perf_counter()
    argv = [sys.executable, "-m", "proctor", *arguments]
    subprocess.run(argv, env=_environment(site), stdout=subprocess.DEVNULL, check=False)
    return Meter(_children() - before, time.perf_counter() - begun)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _environment(site: Path | None) -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return others if site is None else {**others, "PYTHONPATH": str(site)}


def _printed(site: Path, *arguments: str) -> str:
    argv = [sys.executable, "-m", "proctor", *arguments]
    return subprocess.run(argv, env=_environment(site), capture_output=True, text=True, check=False).stdout


def _main(count: int = 500, rounds: int = 5) -> None:
    with tempfile.TemporaryDirectory(prefix="proctor-plugins-") as folder:
        site = Path(folder)
        broken = install(site, count)
        sides = [partial(_run, arguments, where) for arguments in COMMANDS.values() for where in (None, site)]
        meters = alternated(rounds, *sides)
        rows = [
            {"what": what, "strangers": strangers, "CPU s": meter.cpu, "wall s": meter.wall}
            for (what, strangers), meter in zip(
                [(what, strangers) for what in COMMANDS for strangers in (0, count)], meters, strict=True
            )
        ]
        report("plugins", rows)
        told = [line for line in _printed(site, "plugins", "list", "--check").splitlines() if line.startswith("broken")]
        taking_part = _printed(site, "workflows", "list").count("(acme-")
        print(f"{len(told)} broken, and named: {broken in ''.join(told)}; {taking_part} strangers' steps take part")


if __name__ == "__main__":
    _main(*map(int, sys.argv[1:]))
