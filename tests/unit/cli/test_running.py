from pathlib import Path

import pytest

from proctor.cli import showing
from proctor.cli.running import git_words
from proctor.domain.head import Birth, Head
from proctor.domain.scope import Scope


def head(subject):
    return Head(Birth("1", "1", "context_testing", Scope(), 1000.0, subject), version=1)


@pytest.mark.parametrize(("name", "word"), [("my larder", "'/srv/my larder'"), ("a;b", "'/srv/a;b'"), ("a", "/srv/a")])
def test_a_command_on_a_repository_can_be_pasted_into_a_shell(name, word):
    assert git_words(Path("/srv") / name) == f"git -C {word}"
    assert showing._git_on(head({"repository": f"/srv/{name}"})) == f"git -C {word}"


def test_inside_the_repository_git_needs_no_place(tmp_path, monkeypatch):
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path / "shop")
    assert git_words(tmp_path.resolve()) == "git"


def test_a_session_about_no_repository_names_none():
    assert showing._git_on(head({})) == "git"
