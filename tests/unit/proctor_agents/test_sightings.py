from pathlib import Path

import pytest

from proctor_agents.sightings import sightings


def seen(folder: Path, test: str) -> list[str]:
    (folder / "test_it.py").write_text(test)
    return [*sightings(folder, folder / "nothing", frozenset({"f"}), frozenset({"Till"})).get("f", ())]


@pytest.mark.parametrize(
    ("test", "lists"),
    [
        ("def test():\n    assert f(1, b='x') == 2", ["1, b='x'"]),
        ("def test():\n    assert shop.f([1]) == 2", ["[1]"]),
        ("def test():\n    x = 'a'\n    assert f(x) == 2", ["'a'"]),
        ("ROWS = [1, 2]\ndef test():\n    for row in ROWS:\n        f(row)", ["1", "2"]),
        (
            "@pytest.mark.parametrize('a, b', [(1, 2), pytest.param(3, 4)])\ndef test(a, b):\n    f(a, b)",
            ["1, 2", "3, 4"],
        ),
        ("def test():\n    f(Till(2), lambda x: x)", ["Till(2), lambda x: x"]),
        ("def test():\n    f(datetime.date(2024, 1, 1))", ["datetime.date(2024, 1, 1)"]),
    ],
)
def test_a_call_is_seen(tmp_path: Path, test: str, lists: list[str]) -> None:
    assert seen(tmp_path, test) == lists


@pytest.mark.parametrize(
    "call",
    [
        "f(tmp_path)",
        "f(open('x'))",
        "f(*rest)",
        "f(**more)",
        "f(a._b)",
        "f(range(1000000))",
        f"f('{'x' * 200}')",
        "g(1)",
    ],
)
def test_a_call_that_means_nothing_elsewhere_is_not(tmp_path: Path, call: str) -> None:
    assert seen(tmp_path, f"def test(tmp_path, a):\n    {call}") == []


def test_a_variable_that_changes_stands_for_nothing(tmp_path: Path) -> None:
    assert seen(tmp_path, "def test():\n    x = 1\n    x = 2\n    f(x)") == []


def test_a_file_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    assert seen(tmp_path, "def broken(:\n") == []


def test_calls_in_the_examples_of_the_package_are_seen(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text('def other():\n    """\n    >>> f(5)\n    6\n    """\n')
    assert sightings(tmp_path, tmp_path / "shop.py", frozenset({"f"}), frozenset()) == {"f": ["5"]}
