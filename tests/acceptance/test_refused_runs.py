"""Runs that cannot be: each is refused in one clear line, and leaves nothing."""

import os
import subprocess
from pathlib import Path

import pytest
from projects import Project


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["nowhere"], 2, "nowhere"),
        (["shop", "--agent", "nobody"], 2, "nobody"),
        (["shop", "--branch", "main"], 2, "main"),
        (["shop", "--branch", "two words"], 2, "two words"),
        (["shop", "--only", "nothing.*"], 1, "no module with code"),
        (["broken"], 1, "does not import"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line_and_leaves_nothing(
    project: Project, argv: list[str], code: int, said: str
) -> None:
    project.write({"broken/__init__.py": "import not_installed_anywhere\n\n\ndef f():\n    return 1\n"})
    project.commit("a package that does not import")
    finished = project.proctor("run", *argv)
    assert finished.code == code, finished.out + finished.err
    assert said in finished.out + finished.err
    assert "Traceback (most recent call last)" not in finished.err
    assert not project.git("branch", "--list", "test-*")


def test_a_folder_outside_any_repository_is_named(project: Project, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    finished = project.proctor("run", tmp_path / "plain")
    assert finished.code == 2
    assert "not inside a git repository" in finished.err
    assert len(finished.err.strip().splitlines()) == 1


def test_an_interpreter_without_pytest_is_named(project: Project, tmp_path: Path) -> None:
    subprocess.run([os.fspath(project.python), "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    finished = project.proctor("run", "shop", "--python", tmp_path / "bare" / "bin" / "python")
    assert finished.code == 1
    assert "has no pytest" in finished.out + finished.err
