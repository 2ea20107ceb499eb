import ast
import errno
import tomllib
from pathlib import Path

import pytest

import proctor
from proctor.domain.workflow import NEXT, OK, PinnedStep, Workflow, pin
from proctor.scaffold.choices import KINDS
from proctor.scaffold.draft import NAME, Draft
from proctor.scaffold.place import Place

FLOW = pin(Workflow("flow", ("first", "last")), [PinnedStep("first"), PinnedStep("last", {OK: NEXT, "*": "first"})])
DRAFTS = {
    "step": Draft("step", "try_out", Place(FLOW, "after", "first")),
    "wrapper": Draft("step", "try_out", Place(FLOW, "wraps", "last")),
    "replacement": Draft("step", "try_out", Place(FLOW, "replaces", "last", "acme.steps:Kinds.Last", "acme-flow")),
    **{kind: Draft(kind, "try_out") for kind in KINDS if kind != "step"},
}


@pytest.mark.parametrize("draft", DRAFTS.values(), ids=DRAFTS)
def test_it_is_python_that_defines_what_is_registered(draft):
    files = draft.files()
    defined = {node.name for node in ast.walk(ast.parse(files["proctor_try_out.py"])) if isinstance(node, ast.ClassDef)}
    project = tomllib.loads(files["pyproject.toml"])["project"]
    assert project["entry-points"] == draft.entry_points
    for names in draft.entry_points.values():
        for value in names.values():
            assert value.removeprefix("proctor_try_out:") in {*defined, "WORKFLOW"}
    assert "proctor_try_out" in files["test_try_out.py"]
    ast.parse(files["test_try_out.py"])
    assert not [name for name, text in files.items() if "$" in text or not text.endswith("\n")]


def test_a_wrapper_is_tried_around_the_step_that_is_installed():
    (kit,) = [
        each
        for each in ast.walk(ast.parse(DRAFTS["wrapper"].files()["test_try_out.py"]))
        if isinstance(each, ast.ClassDef)
    ]
    assert [ast.unparse(said) for said in kit.body] == ["wrapper = TryOut"]


def test_a_step_that_replaces_another_begins_as_that_one():
    files = DRAFTS["replacement"].files()
    assert "from acme.steps import Kinds\n" in files["proctor_try_out.py"]
    assert "class TryOut(Kinds.Last):" in files["proctor_try_out.py"]
    assert tomllib.loads(files["pyproject.toml"])["project"]["dependencies"] == ["proctor", "acme-flow"]
    assert "other steps rely on" in " ".join(files["README.md"].split())


@pytest.mark.parametrize("name", ["a", "check_names", "zz_top"])
def test_a_name_is_small_letters(name):
    assert NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["", "1a", "Check", "check-names", "_a", "a_", "a__b", "straße", "a b", "../a", "a2"])
def test_nothing_else_is_a_name(name):
    assert not NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["step", "command", "none", "true", "finding"])
def test_a_class_never_takes_a_name_that_its_module_needs(name):
    taken = Draft("step", name, Place(FLOW, "after", "first")).class_name
    assert taken not in proctor.__all__
    assert taken.isidentifier()
    assert taken.endswith("Step")


@pytest.mark.parametrize(
    ("kind", "name", "called"),
    [
        ("agent", "mine", "MineAgent"),
        ("agent", "my_agent", "MyAgent"),
        ("agent", "agent", "AgentAgent"),
        ("executor", "my_executor", "MyExecutor"),
        ("workflow", "my_workflow", "MyWorkflow"),
    ],
)
def test_what_a_class_is_stands_once_in_its_name(kind, name, called):
    assert Draft(kind, name).class_name == called


def test_the_page_of_an_executor_says_how_a_step_uses_it():
    assert '`Command("try_out", {"glob": "*.py"}, workspace)`' in DRAFTS["executor"].files()["README.md"]


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path):
    (tmp_path / "mine").mkdir()
    with pytest.raises(FileExistsError):
        DRAFTS["agent"].write(tmp_path / "mine")
    assert [*tmp_path.rglob("*")] == [tmp_path / "mine"]


def test_when_the_disk_is_full_nothing_is_left(tmp_path, monkeypatch):
    write = Path.write_text

    def fail(path, *arguments, **more):
        if path.name.startswith("test_"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, *arguments, **more)

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(OSError, match="No space"):
        DRAFTS["agent"].write(tmp_path / "mine")
    assert not [*tmp_path.iterdir()]
