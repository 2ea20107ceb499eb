import json
from pathlib import Path

import pytest

from proctor.cli.reports.terminal import Hints
from proctor.cli.runs.about import About, StrangerStep
from proctor.cli.runs.screen import JsonScreen, PlainScreen, screen_for
from proctor.cli.tree.summary import summarise
from proctor.cli.tree.view import TreeView


def about(**more):
    facts = {
        "session_id": "0123456789abcdef", "name": "larder", "repository": Path("/srv/larder"), "base": "c0ffee" * 7,
        "agent": "builtin", "branch": None, "continued": False, "attached": False, "dirty": False, "strangers": (),
        "lines": {}, "past": 0,
    }  # fmt: skip
    return About(**{**facts, **more})


def shown(story, screen):
    screen.begin()
    for event in story.events:
        screen.tell(event, screen.view.apply(event))
    screen.end(summarise(screen.view), Hints())


@pytest.fixture
def landed(story):
    story.root()
    story.proven("larder.shelf")
    story.land()
    return story


def test_json_is_one_versioned_object_a_line_from_begun_to_ended(landed, capsys):
    shown(landed, JsonScreen(TreeView(), about()))
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {each["v"] for each in told} == {1}
    assert (told[0]["kind"], told[0]["session"]) == ("begun", "0123456789abcdef")
    assert (told[-1]["kind"], told[-1]["status"], told[-1]["branch"]) == ("ended", "complete", "tests-for-larder")
    assert [each["sequence"] for each in told[1:-1]] == [event.sequence for event in landed.events]
    assert told[1]["data"]["subject"] == {"name": "larder"}


def test_plain_lines_bring_no_control_characters(landed, capsys):
    shown(landed, PlainScreen(TreeView(), about()))
    out = capsys.readouterr().out
    assert "larder.shelf: proven, 3 tests" in out
    assert "Landed on the branch tests-for-larder" in out
    assert all(character.isprintable() or character == "\n" for character in out)


def test_what_happened_before_a_run_was_continued_is_not_told_again(landed, capsys):
    shown(landed, PlainScreen(TreeView(), about(continued=True, past=len(landed.events) - 1)))
    out = capsys.readouterr().out
    assert out.startswith("Continuing larder with the agent builtin, session 01234567\n")
    assert "larder.shelf: started" not in out
    assert "larder: complete" in out


def test_it_says_at_once_what_it_is_about():
    told = "\n".join(
        about(dirty=True, branch="b", strangers=(StrangerStep("component_testing", "lint", "acme", "1.0"),)).told()
    )
    for part in (
        "Testing larder",
        "session 01234567",
        "agent builtin",
        "branch b",
        "commit c0ffeec0ff of /srv/larder",
        "lint (acme 1.0)",
        "uncommitted",
        "component_testing.lint (acme 1.0)",
    ):
        assert part in told
    assert "Running release_notes on larder with" in about(lines={"release_notes": ()}).told()[0]
    assert "Testing larder with" in about(lines={"context_testing": (), "component_testing": ()}).told()[0]
    assert "Ctrl-C here stops only the watching" in "\n".join(about(attached=True).told())


def test_without_a_terminal_lines_are_plain_and_json_is_json():
    assert isinstance(screen_for(TreeView(), about(), as_json=False), PlainScreen)
    assert isinstance(screen_for(TreeView(), about(), as_json=True), JsonScreen)
