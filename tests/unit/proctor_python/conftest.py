"""Run the programs as an executor does: their texts in a folder outside the work tree, which is the working folder."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import BaseModel

from proctor_python.program import argv, inputs
from proctor_python.report import Target

Write = Callable[[Mapping[str, str]], Path]


class Execution:
    """A program that was run: its report, and the exit code."""

    def __init__(self, report: object, exit_code: int) -> None:
        self.report = report
        self.exit_code = exit_code


@pytest.fixture
def tree(tmp_path: Path) -> Write:
    """Write files into the work tree."""
    top = tmp_path / "tree"

    def write(texts: Mapping[str, str]) -> Path:
        for name, text in texts.items():
            path = top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return top

    return write


@pytest.fixture
def target() -> Target:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Target(executable=sys.executable, version=version)


@pytest.fixture
def start(tmp_path: Path) -> Callable[[str, BaseModel], subprocess.Popen[str]]:
    """Start a program in the work tree, in a target without plugins of its own."""

    def run(name: str, arguments: BaseModel) -> subprocess.Popen[str]:
        folder, report = tmp_path / "inputs", tmp_path / "report.json"
        folder.mkdir(exist_ok=True)
        for file, text in inputs(name, arguments).items():
            (folder / file).write_text(text, encoding="utf-8")
        filled = [part.format(proctor_python=sys.executable, inputs=folder) for part in argv(name)]
        env = {**os.environ, "PROCTOR_REPORT": str(report), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        return subprocess.Popen(filled, cwd=tmp_path / "tree", env=env, stderr=subprocess.PIPE, text=True)

    return run


@pytest.fixture
def execute(
    start: Callable[[str, BaseModel], subprocess.Popen[str]], tmp_path: Path
) -> Callable[[str, BaseModel], Execution]:
    """Run a program in the work tree to its end."""

    def run(name: str, arguments: BaseModel) -> Execution:
        with start(name, arguments) as process:
            _, errors = process.communicate(timeout=120)
        report = tmp_path / "report.json"
        assert report.exists(), errors
        return Execution(json.loads(report.read_text(encoding="utf-8")), process.returncode)

    return run


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Import a program's module, and forget it afterwards: its name is free for anybody."""
    monkeypatch.syspath_prepend(str(files("proctor_python").joinpath("programs")))
    before = set(sys.modules)
    yield import_module
    for name in set(sys.modules) - before:
        del sys.modules[name]
