"""The shorter way for plain fields gives what graphql-core and strawberry give, faults included."""

import enum
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult, execute, parse
from strawberry.execution import optimized_is_awaitable
from strawberry.scalars import JSON

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


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Twig(Named):
    text: str
    data: JSON


@strawberry.type
class Branch:
    twig: Twig | None
    twigs: list[Twig]

    @strawberry.field
    async def soon(self) -> str:
        return "soon"


def branch(**changes: Any) -> Branch:
    twig = Twig(**{"name": "n", "text": "t", "data": JSON({"a": [1]})} | changes)
    return Branch(twig=twig, twigs=[Twig(name="m", text="u", data=JSON(None)), twig])


@strawberry.type
class Query:
    @strawberry.field
    def branch(self, info: strawberry.Info[Any, None]) -> Branch | None:
        return info.context

    @strawberry.field
    def branches(self, info: strawberry.Info[Any, None]) -> list[Branch]:
        return [info.context, info.context]

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


@pytest.mark.parametrize(
    "fields",
    [
        "twig { name } twigs { text }",
        "__typename twigs { __typename text data }",
        "twig { text } twig { name }",
        "twigs { ... on Named { name } ...f } soon",
        "first: twigs { name } soon twig { a: data b: data }",
        "twigs { text @include(if: false) name }",
    ],
)
@pytest.mark.parametrize(
    "source",
    [
        branch(),
        branch(text=None),
        branch(data=JSON(ValueError("a value that is a fault"))),
        Branch(twig=None, twigs=[]),
        Branch(twig=None, twigs=[Lacking()]),  # type: ignore[list-item] # another class than the schema says
        Branch(twig=Lacking(), twigs=()),  # type: ignore[arg-type] # as above
        Branch(twig=None, twigs=None),  # type: ignore[arg-type] # as above
        Lacking(),
    ],
    ids=str,
)
@pytest.mark.parametrize("root", ["branch", "branches"])
async def test_it_gives_the_same_for_objects_and_lists(fields: str, source: object, root: str) -> None:
    text = f"{{ {root} {{ {fields} }} }}" + (" fragment f on Twig { text }" if "...f" in fields else "")
    found, expected = [
        await maybe(execute(CORE, parse(text), context_value=source, is_awaitable=optimized_is_awaitable, **how))  # type: ignore[arg-type] # see execution.py
        for how in (
            {"executor_class": LeafExecutor, "leaves": leaves(CORE)},
            {"executor_class": SCHEMA.execution_context_class},
        )
    ]
    assert told(found) == told(expected)
    assert str(found.data) == str(expected.data)  # in the same order, too


async def maybe(result: Any) -> ExecutionResult:
    found = await result if optimized_is_awaitable(result) else result
    assert isinstance(found, ExecutionResult)
    return found


def test_an_event_leaves_nothing_behind_in_what_executes_the_next() -> None:
    executor = LeafExecutor.build(CORE, parse("{ branch { twigs { name } } }"), None, branch(), leaves=leaves(CORE))
    assert isinstance(executor, LeafExecutor)
    before = {name: len(value) for name, value in vars(executor).items() if isinstance(value, dict)}
    for _ in range(3):
        executor.build_per_event_executor(None).execute_operation()
    assert {name: len(value) for name, value in vars(executor).items() if isinstance(value, dict)} == before


def told(result: ExecutionResult) -> tuple[object, object]:
    return result.data, [error.formatted for error in result.errors or ()]


def test_plain_fields_are_taken_and_others_not() -> None:
    found = leaves(CORE)["Plain"]
    assert set(found) == {"text", "number", "share", "isOn", "at", "colour", "id", "other"}
    assert leaves(CORE)["Query"] == {}
