import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from proctor.cli.runs.running import complaints, git_words, hints_of, interpreter, path_words
from proctor.cli.tree.summary import summarise
from proctor.domain.head import Birth, Head
from proctor.domain.scope import Scope


def head(subject):
    return Head(Birth("1", "1", "context_testing", Scope(), 1000.0, subject), version=1)


@pytest.mark.parametrize(("name", "word"), [("my larder", "'/srv/my larder'"), ("a;b", "'/srv/a;b'"), ("a", "/srv/a")])
def test_a_command_on_a_repository_can_be_pasted_into_a_shell(name, word):
    assert git_words(Path("/srv") / name) == f"git -C {word}"
    hints = hints_of(head({"repository": f"/srv/{name}", "path": "src/x"}), None, (), refused=False)
    assert hints.git == f"git -C {word}"
    assert hints.path == shlex.quote(f"/srv/{name}/src/x")


def test_inside_the_repository_git_needs_no_place(tmp_path, monkeypatch):
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path / "shop")
    assert git_words(tmp_path.resolve()) == "git"
    assert path_words(tmp_path.resolve(), "src/my shop") == "'../src/my shop'"


def test_what_landed_in_part_is_complained_of_by_name_when_asked_to(story, product):
    story.root()
    story.proven("larder.oven")
    story.end(story.child("larder.shelf"), outcome="none", product=product(tests=0))
    story.end(story.child("larder.clock"), outcome="partial", product=product())
    summary = summarise(story.view)
    assert complaints(summary, strict=True, require_tests=True) == []  # nothing has landed
    story.land()
    summary = summarise(story.view)
    assert complaints(summary, strict=False, require_tests=False) == []
    assert complaints(summary, strict=False, require_tests=True) == [
        "--require-tests makes this a failure: no tests for larder.shelf"
    ]
    assert complaints(summary, strict=True, require_tests=False) == [
        "--strict makes this a failure: not proven are larder.clock (partial), larder.shelf (none)"
    ]


def test_a_session_about_no_repository_names_none():
    hints = hints_of(head({}), None, (), refused=False)
    assert (hints.git, hints.path) == ("git", "PATH")


def test_an_interpreter_is_named_without_detours_but_by_its_own_links():
    python = {"executable": "/w/../venv/bin/python", "version": "3.11.7"}
    assert interpreter(replace(head({}), state={"python": python})) == "Python 3.11.7 (/venv/bin/python)"
