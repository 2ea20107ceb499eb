"""Differences name the place and show where two values part."""

from typing import Any

import pytest

from proctor.history.differences import Difference, differences


@pytest.mark.parametrize(
    ("recorded", "now", "expected"),
    [
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, [("a.b[1]", "2", "3")]),
        ({"a": 1}, {"b": 1}, [("a", "1", "nothing"), ("b", "nothing", "1")]),
        ([1], [1, 2], [("[1]", "nothing", "2")]),
        ({"a": 1}, {"a": True}, [("a", "1", "true")]),
        ("x", {"y": 1}, [("", '"x"', '{"y":1}')]),
        ({"a": [1.0]}, {"a": (1,)}, []),
    ],
)
def test_each_place_is_named(recorded: Any, now: Any, expected: list[tuple[str, str, str]]) -> None:
    assert [(each.place, each.recorded, each.now) for each in differences(recorded, now)] == expected


def test_long_texts_are_shown_from_shortly_before_they_part() -> None:
    found = next(differences("a" * 500 + "here" + "b" * 500, "a" * 500 + "there" + "b" * 500))
    assert found.recorded.startswith("…aaa")
    assert "ahere" in found.recorded
    assert "athere" in found.now
    assert len(found.recorded) < 170


def test_a_digest_that_differs_is_marked() -> None:
    one, other = ({"sha256": digest, "characters": 9} for digest in "ab")
    assert list(differences({"f": one}, {"f": one})) == []
    assert [each.only_digest for each in differences({"f": one}, {"f": other})] == [True]
    assert isinstance(next(differences(one, other)), Difference)
