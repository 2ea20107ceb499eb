"""The shorter way for plain fields gives what graphql-core and strawberry give, faults included."""

import enum
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult, execute, parse

from proctor.api.execution import Execution
from proctor.api.leaves import LeafExecutor, leaves
from proctor.api.limits import Limits


@strawberry.enum
class Colour(enum.Enum):
    RED = "r"


@strawberry.type
class Plain:
    text: str
    number: int | None
    share: float
    is_on: bool
    at: datetime
    colour: Colour
    id_: strawberry.ID = strawberry.field(name="id")
    renamed_here: str = strawberry.field(name="other")
    tags: list[str] = strawberry.field(default_factory=list)

    @strawberry.field
    def made(self, times: int = 1) -> str:
        return self.text * times


GOOD: dict[str, Any] = {
    "text": "a",
    "number": 1,
    "share": 0.5,
    "is_on": True,
    "at": datetime(2026, 1, 2, tzinfo=UTC),
    "colour": Colour.RED,
    "id_": "i",
    "renamed_here": "o",
}


@dataclass
class Lacking:
    """Has none of the attributes."""


@strawberry.type
class Query:
    @strawberry.field
    def plain(self, info: strawberry.Info[Any, None]) -> Plain | None:
        return info.context


SCHEMA = strawberry.Schema(Query)
CORE = Execution(SCHEMA, Limits()).schema
ALL = "text number share isOn at colour id other"


@pytest.mark.parametrize(
    "fields",
    [
        ALL,
        "text",
        "a: text b: text",
        "__typename text",
        "text made(times: 2)",
        "text tags",
        "... on Plain { text } number",
        "text @skip(if: true) number",
    ],
)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"number": None},
        {"text": None},
        {"number": 2**40},
        {"number": 1.0},
        {"number": "x"},
        {"share": float("nan")},
        {"share": True},
        {"colour": "nonsense"},
        {"text": ValueError("a value that is a fault")},
        {"text": 5},
        {"at": "no time"},
    ],
    ids=str,
)
def test_it_gives_the_same(fields: str, changes: dict[str, Any]) -> None:
    source = Plain(**GOOD | changes)
    document = parse(f"{{ plain {{ {fields} }} }}")
    strawberrys = SCHEMA.execution_context_class
    expected = execute(CORE, document, context_value=source, executor_class=strawberrys)
    found = execute(CORE, document, context_value=source, executor_class=LeafExecutor, leaves=leaves(CORE))
    assert isinstance(expected, ExecutionResult)
    assert isinstance(found, ExecutionResult)
    assert told(found) == told(expected)


def told(result: ExecutionResult) -> tuple[object, object]:
    return result.data, [error.formatted for error in result.errors or ()]


def test_plain_fields_are_taken_and_others_not() -> None:
    found = leaves(CORE)["Plain"]
    assert set(found) == {"text", "number", "share", "isOn", "at", "colour", "id", "other"}
    assert leaves(CORE)["Query"] == {}
