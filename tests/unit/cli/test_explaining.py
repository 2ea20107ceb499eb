"""What else than its steps changed a session's way."""

from proctor.cli.sessions.explaining import turnings


def changes(story, *changes):
    for data in changes:
        story.tell("root", "session_changed", **data)
    return [each.what for each in turnings(story.events)]


def test_pauses_and_their_ends_are_told(story):
    story.root()
    assert changes(
        story,
        {"status": "active", "paused": True},
        {"status": "active", "paused": False},
    ) == ["paused", "resumed"]


def test_a_block_is_told_with_its_reason(story):
    assert changes(story, {"status": "active", "blocked": "the plugin x is not installed\nInstall it."}) == [
        "blocked: the plugin x is not installed"
    ]


def test_the_end_and_what_opened_it_again_are_told(story):
    assert changes(story, {"status": "failed"}, {"status": "active"}, {"status": "complete"}) == [
        "the session ended: failed",
        "opened again, to be tried once more",
        "the session ended: complete",
    ]


def test_what_changes_nothing_of_its_way_is_passed_over(story):
    story.root()
    assert changes(story, {"status": "active"}) == []
