"""Plugins installed by pip, found by a Python process of their own."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from textwrap import dedent

import pytest

PROGRAM = """
    import json, sys
    from dataclasses import asdict
    from proctor.registry import Registry

    registry = Registry()
    plugins = [asdict(plugin) for plugin in registry.plugins(check=True) if plugin.distribution != "proctor"]
    line = {step: flow.steps[step].distribution for flow in registry.pin("flow") for step in flow.main}
    json.dump([plugins, line], sys.stdout)
"""
SOURCE = """
    from proctor import Step, Workflow

    WORKFLOW = Workflow("flow", ("first", "last"))

    class Plain(Step):
        workflow = "flow"
        async def get_command(self, scope, session, options): ...
        async def handle_result(self, scope, session, result, options): ...

    class First(Plain):
        name = "first"

    class Last(Plain):
        name = "last"

    class Audit(Plain):
        name, before = "audit", "last"

    class Measure(Plain):
        name, after = "measure", "audit"
"""
OWNER = """
    [proctor.workflows]
    flow = owner_plugin:WORKFLOW
    [proctor.steps]
    flow.first = owner_plugin:First
    flow.last = owner_plugin:Last
"""
AUDIT = "[proctor.steps]\nflow.audit = stranger_plugin:Audit\n"
MEASURE = "flow.measure = stranger_plugin:Measure\n"


def wheel(folder: Path, name: str, version: str, entry_points: str, source: str = SOURCE) -> Path:
    """Write a wheel with one module, `<name>_plugin`."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}_plugin.py": dedent(source),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": dedent(entry_points),
    }
    record = "".join(f"{file},,\n" for file in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(file, text)
    return path


class Machine:
    """A home, a working directory and a folder that pip installs into."""

    def __init__(self, folder: Path) -> None:
        self.site, self.home, self.work, self.wheels = (folder / name for name in ("site", "home", "work", "wheels"))
        for each in (self.site, self.home, self.work, self.wheels):
            each.mkdir()

    def install(self, *wheels: Path) -> None:
        options = ["--quiet", "--no-index", "--no-deps", "--no-compile", "--upgrade", "--target", str(self.site)]
        self.python("-m", "pip", "--isolated", "--disable-pip-version-check", "install", *options, *map(str, wheels))

    def registry(self, *, home: str | None = None) -> tuple[list[dict[str, str]], dict[str, str]]:
        """Give the plugins as listed and, of each step in the pinned line, the distribution."""
        plugins, line = json.loads(self.python("-c", dedent(PROGRAM), home=home))
        return plugins, line

    def python(self, *arguments: str, home: str | None = None) -> str:
        names = {"HOME": home or str(self.home), "PYTHONPATH": str(self.site), "PYTHONDONTWRITEBYTECODE": "1"}
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "PIP_"))} | names
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=self.work, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def written(self) -> list[str]:
        return sorted(str(path) for folder in (self.home, self.work) for path in folder.rglob("*"))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_what_is_installed_anew_is_seen_at_once(machine: Machine) -> None:
    owner = wheel(machine.wheels, "owner", "1.0", OWNER)
    machine.install(owner, wheel(machine.wheels, "stranger", "1.0", AUDIT))
    assert list(machine.registry()[1].items()) == [("first", "owner"), ("audit", "stranger"), ("last", "owner")]
    machine.install(wheel(machine.wheels, "stranger", "1.0", AUDIT + MEASURE))
    assert list(machine.registry()[1]) == ["first", "audit", "measure", "last"]


@pytest.mark.parametrize("home", [None, os.devnull + "/nowhere"])
def test_nothing_is_written_to_home_or_working_directory(machine: Machine, home: str | None) -> None:
    machine.install(wheel(machine.wheels, "owner", "1.0", OWNER))
    before = machine.written()
    assert list(machine.registry(home=home)[1]) == ["first", "last"]
    assert machine.written() == before


def test_whatever_a_broken_plugin_does_every_other_one_still_works(machine: Machine) -> None:
    sources = {
        "imports": "import no_such_module_anywhere",
        "asserts": "assert False, 'never here'",
        "exits": "raise SystemExit('good bye')",
        "lacks": "",
        "differs": "Audit = 'text'",
    }
    strangers = [
        wheel(machine.wheels, name, "3.2", f"[proctor.steps]\nflow.{name} = {name}_plugin:Audit\n", source)
        for name, source in sources.items()
    ]
    machine.install(wheel(machine.wheels, "owner", "1.0", OWNER), *strangers)
    plugins, line = machine.registry()
    causes = {plugin["distribution"]: plugin["error"] for plugin in plugins if plugin["error"]}
    assert causes == {
        "imports": "it raised ModuleNotFoundError: No module named 'no_such_module_anywhere', at imports_plugin.py:1",
        "asserts": "it raised AssertionError: never here, at asserts_plugin.py:1",
        "exits": "it raised SystemExit: good bye, at exits_plugin.py:1",
        "lacks": "it raised AttributeError: module 'lacks_plugin' has no attribute 'Audit'",
        "differs": "it is no subclass of Step or Wrapper",
    }
    assert list(line) == ["first", "last"]
