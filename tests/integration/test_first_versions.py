"""What `plugins new` writes passes its own tests wherever a step can stand."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from proctor.registry import Registry
from proctor.scaffold.choices import RELATIONS
from proctor.scaffold.draft import Draft
from proctor.scaffold.place import Place, anchors
from proctor.testing import Kit

REGISTRY = Registry(allowed=[])
WORKFLOWS = REGISTRY.pin("context_testing")
CODE = {plugin.name: plugin.value for plugin in REGISTRY.plugins() if plugin.group == "proctor.steps"}
PLACES = [
    Place(workflow, relation, anchor, CODE[f"{workflow.name}.{anchor}"])
    for workflow in WORKFLOWS
    for relation in RELATIONS
    for anchor in anchors(workflow, relation)
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(sys, "path", [str(tmp_path / "made"), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path / "made"
    for name in ("proctor_try_out", "test_try_out"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.workflow.name}-{place.relation}-{place.anchor}")
def test_a_step_keeps_its_promises_wherever_it_stands(place: Place, folder: Path) -> None:
    Draft("step", "try_out", place).write(folder)
    importlib.invalidate_caches()
    tests = importlib.import_module("test_try_out")
    (kit,) = [each for name, each in vars(tests).items() if name.startswith("Test") and issubclass(each, Kit)]
    assert [str(broken) for broken in kit.broken()] == []
    for name in [name for name in vars(kit) if name.startswith("test_") and name not in kit.rules()]:
        getattr(kit(), name)()
