"""What a plugin raised is told in one line, with the line of its own where it happened."""

import json
import re
from pathlib import Path

from proctor.contracts.answers import TEXT, raised


def test_the_line_is_the_plugins_own_and_not_one_of_what_it_called() -> None:
    try:
        json.loads("{")
    except ValueError as error:
        said = raised(error)
    assert re.fullmatch(rf"raised JSONDecodeError: .+, at {re.escape(Path(__file__).name)}:\d+", said)


def test_what_has_no_line_is_told_without() -> None:
    assert raised(SystemExit()) == "raised SystemExit"


def test_a_long_text_is_cut() -> None:
    assert raised(ValueError("x" * 10_000)) == f"raised ValueError: {'x' * 10_000}"[:TEXT]
