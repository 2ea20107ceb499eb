import pytest

from proctor.cli import wording


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (7.9, "0:07"), (750, "12:30"), (3723, "1:02:03"), (-1, "0:00")]
)
def test_a_clock(seconds, text):
    assert wording.clock(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.44, "0.4 s"), (12.2, "12 s"), (185, "3:05")])
def test_a_duration(seconds, text):
    assert wording.duration(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(5, "5 s"), (720, "12 min"), (90000, "25 h"), (800000, "9 days")])
def test_an_age(seconds, text):
    assert wording.age(seconds) == text


@pytest.mark.parametrize(("share", "text"), [(None, "–"), (0.0, "0"), (61.5, "62"), (99.9, "99"), (100.0, "100")])
def test_only_what_is_complete_is_called_100_percent(share, text):
    assert wording.percent(share) == text


def test_a_change_of_what_was_never_measured_is_a_dash():
    assert wording.change(None, None) == "–"
    assert wording.change(None, 50.0) == "– → 50 %"


def test_the_gist_of_a_message_that_begins_with_a_count_names_the_first():
    assert wording.gist("2 findings\ntest_a: wrong\ntest_b: wrong") == "2 findings: test_a: wrong"
    assert wording.gist("\n it failed\nlater") == "it failed"
    assert wording.gist(None) == ""


def test_direction_marks_and_escapes_are_removed():
    assert wording.clean("a\u202eb\x1b[1;31mc\x9b\x08d\te\nf") == "abcd\te\nf"


def test_a_foreign_line_is_cut_at_its_end():
    assert wording.clipped("short") == "short"
    assert wording.clipped("x" * 5000) == "x" * (wording.LINE - 1) + "…"


def test_a_name_of_wide_letters_is_cut_by_columns():
    assert wording.shortened("倉庫.在庫", 6) == "….在庫"
    assert wording.shortened("倉庫.在庫", 9) == "倉庫.在庫"
