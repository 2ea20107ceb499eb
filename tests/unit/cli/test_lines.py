import re

import pytest

from proctor.cli.runs.lines import lines_of


def told(story):
    """Tell the whole story again, as lines without their times."""
    view = type(story.view)(story.view.lines)
    lines = []
    for event in story.events:
        session = view.apply(event)
        if session is not None:
            lines += lines_of(view, event, session)
    return [re.sub(r"^ *\d+:\d\d  ", "", line) for line in lines]


def test_a_component_that_is_looped_back_says_why_and_how_often(story, product):
    story.root()
    session = story.child("larder.labels")
    story.done(session, "generate_tests")
    story.done(session, "check_stability", "error", "2 findings\ntest_label: failed in run 2", sequence=2)
    story.done(session, "fix_tests", "warning", "nothing more can be repaired", sequence=3)
    story.done(session, "drop_tests", "ok", "1 dropped, 4 left", sequence=4)
    story.end(session, outcome="partial", product=product(tests=4, dropped=1))
    *before, ended = told(story)[1:]
    assert before == [
        "larder.labels: started",
        "larder.labels: fix round 1: 2 findings: test_label: failed in run 2",
        "larder.labels: fix_tests: warning: nothing more can be repaired",
        "larder.labels: dropping tests: 2 findings: test_label: failed in run 2",
        "larder.labels: drop_tests: done: 1 dropped, 4 left",
    ]
    assert ended.startswith("larder.labels: partial, 4 tests, 1 dropped, coverage 40 → 88 %, 8.0 s · 1 of 1 done")
    assert ended.endswith("(proctor sessions show larder.l)")


def test_the_root_tells_its_steps_and_how_many_components_there_are(story):
    story.root()
    story.child("larder.oven")
    story.tell("root", "interaction_parked", waits_for="children")
    story.tell("root", "interaction_completed", step="spawn_component_testing_sessions", status="ok", message=None)
    story.land()
    assert told(story) == [
        "larder: initialize: done",
        "larder: spawn_component_testing_sessions: 1 component",
        "larder: spawn_component_testing_sessions: done",
        "larder: finalize: done",
        "larder: complete",
    ]


def test_whoever_is_to_answer_reads_what_and_how(story):
    story.root()
    story.begin("root", "approve", sequence=3)
    session = story.tell("root", "interaction_parked", waits_for="external", question="Land 12 tests?")
    assert told(story)[-1] == "larder: approve waits for an answer: Land 12 tests? (proctor sessions answer root)"
    assert session.doing == "waits for an answer"


def test_suspected_bugs_and_reasons_are_told(story, product):
    story.root()
    bug = {"test": "test_fahrenheit", "message": "assert 356 == 350\nmore", "line": 11}
    story.end(
        story.child("larder.oven"),
        outcome="proven",
        product=product(tests=0, suspected_bugs=[bug], reason="no examples"),
    )
    assert told(story)[1:] == [
        "larder.oven: suspected bug: test_fahrenheit (line 11): assert 356 == 350",
        "larder.oven: proven: no examples · 1 of 1 done",
    ]


@pytest.mark.parametrize(
    ("expected", "message", "said"),
    [
        ("350", "356", "expected 350, found 356"),
        ("row 0\nrow 1", "row 0\nrow 2", "expected row 1, found row 2"),
        ("row 0", "row 0\nrow 1", "expected row 0, found row 0"),
        ("x" * 500, "3", f"expected {'x' * 199}…, found 3"),
        ("x" * 300 + "4", "x" * 300 + "5", f"expected …{'x' * 50}4, found …{'x' * 50}5"),
    ],
)
def test_a_suspected_bug_is_told_by_the_first_line_that_differs(story, product, expected, message, said):
    story.root()
    bug = {"test": "test_f", "message": message, "expected": expected}
    story.end(story.child("larder.oven"), outcome="proven", product=product(suspected_bugs=[bug]))
    assert f"larder.oven: suspected bug: test_f: {said}" in told(story)


def test_the_same_fault_is_told_once(story):
    story.root()
    session = story.child("larder.oven")
    for number in (2, 3, 4):
        story.done(session, "generate_tests", "fault", "the disk is full", sequence=number)
    story.end(session, "failed", error="generate_tests failed 3 times")
    assert told(story)[1:] == [
        "larder.oven: generate_tests: fault: the disk is full",
        "larder.oven: failed: generate_tests failed 3 times (proctor sessions show larder.o)",
    ]


def test_a_pause_of_the_whole_tree_is_told_once(story):
    story.root()
    session = story.child("larder.oven")
    for each in ("root", session):
        story.tell(each, "session_changed", status="active", paused=True)
    assert told(story)[1:] == ["larder: paused (proctor sessions resume root)"]


def test_a_pause_of_one_component_is_told(story):
    story.root()
    story.tell(story.child("larder.oven"), "session_changed", status="active", paused=True)
    assert told(story)[1:] == ["larder.oven: paused (proctor sessions resume larder.o)"]


def test_commands_name_the_database_if_it_is_not_the_usual_one(story):
    story.root()
    story.end(story.child("larder.oven"), "failed", error="no agent")
    (line,) = lines_of(story.view, *story.heard[-1], " --database sqlite:///x.db")
    assert line.endswith("(proctor sessions show larder.o --database sqlite:///x.db)")


def test_what_others_say_at_length_is_cut(story):
    story.root()
    story.end(story.child("larder.oven"), "failed", error="x" * 5000)
    assert len(told(story)[-1]) < 300


def test_a_new_attempt_is_told(story):
    story.root()
    story.end(story.child("larder.oven"), "failed", error="lost")
    story.begin(story.child("larder.oven", attempt=2), "initialize")
    assert told(story)[-1] == "larder.oven: started again, attempt 2"


def test_control_characters_of_others_never_get_out(story):
    story.root()
    session = story.child("larder.\x1b[2Joven")
    story.done(session, "generate_tests", "fault", "\x1b]0;title\x07\x1b[31mred\x1b[0m\r\x00 end", sequence=2)
    assert told(story)[-1] == "larder.oven: generate_tests: fault: red end"


def test_lines_begin_with_the_time_since_the_session_began(story):
    story.root()
    (line,) = lines_of(story.view, story.events[2], story.view.root)
    assert line == "   0:02  larder: initialize: done"
