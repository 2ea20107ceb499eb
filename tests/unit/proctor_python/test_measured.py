import pytest

from proctor_python.measured import Gain, Measured, adding_nothing, gained, percent_after, percent_before

BEFORE = Measured(executed_lines=(1, 2), missing_lines=(3, 4), executed_arcs=((2, 3),), missing_arcs=((2, 4),))
NOW = Measured(executed_lines=(1, 3), missing_lines=(2, 4), executed_arcs=(), missing_arcs=((2, 3), (2, 4)))


def test_percent_counts_lines_and_arcs_together():
    assert percent_before(BEFORE) == 50
    assert percent_after(BEFORE, NOW) == pytest.approx(100 * 4 / 6)
    assert Measured().percent == 100


def test_what_was_not_measured_has_no_percent():
    assert percent_before(None) is None
    assert percent_after(BEFORE, None) is None
    assert percent_after(None, NOW) == pytest.approx(100 * 2 / 6)


def test_gained_is_what_was_open_before():
    assert gained(BEFORE, NOW) == Gain(lines=(3,))
    assert not gained(BEFORE, BEFORE)


def test_a_test_adds_nothing_if_others_execute_the_same():
    per_test = {"a": Gain(lines=(1, 3)), "b": Gain(lines=(3, 4)), "c": Gain(lines=(1,)), "d": Gain(arcs=((2, 3),))}

    assert adding_nothing(per_test, BEFORE) == ["a", "c", "d"]
