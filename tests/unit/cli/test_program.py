"""The commands in hints can be pasted, however the program was called."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from proctor.cli import program

Call = pytest.MonkeyPatch


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    """An environment with an interpreter and our script, that is not on PATH, and nothing else."""
    for place in ("env", "other"):
        (tmp_path / place).mkdir()
        for name in ("python", "proctor"):
            (tmp_path / place / name).touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "env/python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    return monkeypatch


def by(call: Call, *words: str) -> str:
    """Call it with these words, of which Python makes its own."""
    script = "/site/proctor/__main__.py" if "-m" in words else words[0]
    call.setattr(sys, "argv", [script, "run"])
    call.setattr(sys, "orig_argv", [*words, "run"])
    return program.called()


def test_a_script_that_is_on_path_is_called_by_its_name(call: Call, tmp_path: Path) -> None:
    call.setenv("PATH", str(tmp_path / "env"))
    assert by(call, str(tmp_path / "env/proctor")) == "proctor"
    assert by(call, "python", "-m", "proctor") == "proctor"


def test_a_link_on_path_to_the_script_counts_as_the_script(call: Call, tmp_path: Path) -> None:
    (tmp_path / "proctor").symlink_to(tmp_path / "env/proctor")
    assert by(call, str(tmp_path / "env/proctor")) == "proctor"


def test_a_script_that_is_not_on_path_or_is_another_one_is_called_as_it_was(call: Call, tmp_path: Path) -> None:
    assert by(call, "env/proctor") == "env/proctor"
    call.setenv("PATH", str(tmp_path / "other"))
    assert by(call, "env/proctor") == "env/proctor"
    (tmp_path / "env").rename(tmp_path / "my env")
    assert by(call, "my env/proctor") == "'my env/proctor'"


def test_a_folder_on_path_is_no_script(call: Call, tmp_path: Path) -> None:
    (tmp_path / "proctor").mkdir()
    call.setenv("PATH", f"{tmp_path}:{tmp_path / 'env'}")
    assert by(call, str(tmp_path / "env/proctor")) == "proctor"


def test_the_module_is_called_by_the_interpreter_as_it_was_typed_if_that_is_found(call: Call, tmp_path: Path) -> None:
    assert by(call, "env/python", "-m", "proctor") == "env/python -m proctor"
    assert by(call, "python", "-m", "proctor") == f"{tmp_path}/env/python -m proctor"
    (tmp_path / "env/proctor").unlink()
    call.setenv("PATH", str(tmp_path / "env"))
    assert by(call, "python", "-m", "proctor") == "python -m proctor"


def test_a_hint_of_a_real_process_can_be_pasted(tmp_path: Path) -> None:
    database, nowhere = f"sqlite:///{tmp_path / 'proctor.db'}", {"PATH": str(tmp_path), "HOME": str(tmp_path)}

    def given(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(words, env=nowhere, cwd=tmp_path, capture_output=True, text=True, check=False)

    refused = given(sys.executable, "-m", "proctor", "sessions", "show", "abcdef12", "--database", database)
    hint = refused.stderr.split("`")[1]
    assert hint.endswith(f"-m proctor sessions list --database {database}")
    listed = given(*shlex.split(hint))
    assert listed.stdout.startswith(f"No session yet. `{shlex.quote(sys.executable)} -m proctor run PATH` makes one")


def test_a_shell_can_ask_for_completions_however_it_was_called(tmp_path: Path) -> None:
    asking = {"PATH": str(tmp_path), "_PROCTOR_COMPLETE": "zsh_source"}
    argv = [sys.executable, "-m", "proctor"]
    assert "#compdef" in subprocess.run(argv, env=asking, capture_output=True, text=True, check=True).stdout


def test_what_is_installed_beside_a_program_that_no_shell_finds_is_a_module_of_its_interpreter(call: Call) -> None:
    assert program.module("pip install x") == "pip install x"
    call.setattr(program, "_called", by(call, "my env/python", "-m", "proctor"))
    assert program.module("pip install x") == "'my env/python' -m pip install x"


def test_nothing_but_commands_of_ours_is_rewritten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "_called", "python -m proctor")
    assert program.pastable("proctor: `proctor run` and `git x`") == "proctor: `python -m proctor run` and `git x`"
    assert program.command("sessions list") == "python -m proctor sessions list"
