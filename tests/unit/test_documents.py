"""What a plugin said is at once what whoever reads it later finds."""

from collections import defaultdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest

from proctor import ChildSpec, Command, Outcome, Result, Usage
from proctor.documents import read, written
from proctor.domain.interaction import Workspace


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ((1, 2), [1, 2]),
        (float("nan"), None),
        ({1: "one"}, {"1": "one"}),
        ("\ud800", "\ufffd"),
        (2**70, str(2**70)),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        (UUID(int=0), "00000000-0000-0000-0000-000000000000"),
        (Colour.RED, "red"),
        (defaultdict(list, a=[]), {"a": []}),
        (True, True),
        (1.0, 1.0),
    ],
)
def test_what_is_no_plain_json_is_plain_afterwards(given: Any, stored: Any) -> None:
    outcome = read(Outcome, written(Outcome(Result("ok", {"x": given}), {"x": given})))
    for value in (outcome.state["x"], outcome.result.data["x"]):
        assert (value, type(value)) == (stored, type(stored))


def test_all_else_stays_as_it_is() -> None:
    command = Command("odd", {"a": 1}, Workspace("r", "b", {"f": "g"}), (ChildSpec("k", "w", {"s": 1}),), {"m": None})
    outcome = Outcome(
        Result("ok", {"d": [1]}, 3, "e", "o", "r", {"f": "g"}, Usage(1, 2, 0.5), 1.5), {"s": {}}, {"p": 1}
    )
    assert read(Command, written(command)) == command
    assert read(Outcome, written(outcome)) == outcome
