"""A session's history reads in order, and fits the window without a cut word."""

import pytest
from rich.console import Console

from proctor.cli.sessions.story import Decision, Turning, print_story

FIRST = "nothing was completed yet: the first step"
LONG = "1 finding\ntest_label: The test is not green in 4 of 5 runs (shuffled, with different hash seeds)."
HISTORY = [
    Decision(1.0, 1, "initialize", FIRST, "ok"),
    Decision(2.0, 2, "check_stability", "interaction 1, initialize, ended ok: go on", "error", LONG),
    Turning(2.5, "paused"),
    Decision(3.0, 3, "fix_tests", "interaction 2, check_stability, ended error: its table leads to fix_tests", "ok"),
]


def told(history: list[Decision | Turning], width: int = 80) -> list[str]:
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        print_story(console, history)
    return capture.get().splitlines()


def test_each_step_is_followed_by_what_came_of_it_and_the_rule_that_chose_the_next() -> None:
    assert told(HISTORY) == [
        "     → nothing was completed yet: the first step",
        "1  initialize       ok     → go on",
        "2  check_stability  error",
        "     1 finding: test_label: The test is not green in 4 of 5 runs (shuffled, with",
        "     different hash seeds).",
        "     → its table leads to fix_tests",
        "   paused",
        "3  fix_tests        ok",
    ]


@pytest.mark.parametrize("width", [40, 60, 80])
def test_no_line_is_wider_than_the_window_and_no_word_is_cut(width: int) -> None:
    lines = told(HISTORY, width)
    assert max(map(len, lines)) <= width
    assert LONG.replace("finding\n", "finding: ") in " ".join(" ".join(lines).split())


def test_from_what_was_abandoned_nothing_follows() -> None:
    lost = Decision(1.5, 2, "check_stability", HISTORY[1].reason, "abandoned")
    assert told([HISTORY[0], lost, Decision(2.0, 3, "check_stability", lost.reason, "pending")])[2:] == [
        "2  check_stability  abandoned",
        "3  check_stability  pending",
    ]


def test_without_a_step_there_is_nothing_to_tell() -> None:
    assert told([]) == []
