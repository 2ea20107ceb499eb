"""What a plugin raised is told in one line, with the line of its own where it happened."""

import json
import re
from pathlib import Path

from proctor.contracts.answers import TEXT, raised, told


def test_the_line_is_the_plugins_own_and_not_one_of_what_it_called() -> None:
    try:
        json.loads("{")
    except ValueError as error:
        said = raised(error)
    assert re.fullmatch(rf"raised JSONDecodeError: .+, at {re.escape(Path(__file__).name)}:\d+", said)


def test_a_full_stop_does_not_stand_before_the_line() -> None:
    try:
        raise ValueError("out of paper.")
    except ValueError as error:
        said = raised(error)
    assert re.fullmatch(r"raised ValueError: out of paper, at \S+:\d+", said)


class Worded(str):
    __slots__ = ()

    def __format__(self, form: str) -> str:
        raise ValueError(form)


class WordsBadly(Exception):
    def __str__(self) -> str:
        return Worded("out of paper")


def test_a_text_that_cannot_be_worked_with_is_told_as_plain_text() -> None:
    assert raised(WordsBadly()) == "raised WordsBadly: out of paper"
    assert type(told(WordsBadly())) is str


def test_what_has_no_line_is_told_without() -> None:
    assert raised(SystemExit()) == "raised SystemExit"


def test_a_long_text_is_cut() -> None:
    assert raised(ValueError("x" * 10_000)) == f"raised ValueError: {'x' * 10_000}"[:TEXT]
