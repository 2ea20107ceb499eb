"""A compiled query gives what graphql-core and strawberry give, faults included."""

import enum
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import pytest
import strawberry
from graphql import FragmentDefinitionNode, OperationDefinitionNode, execute, parse
from hypothesis import given
from hypothesis import strategies as st
from strawberry.execution import optimized_is_awaitable
from strawberry.scalars import JSON

from proctor.api.caller import Caller
from proctor.api.compiler import LARGEST, compiled
from proctor.api.documents import Prepared, Rejected
from proctor.api.execution import Execution, encode
from proctor.api.limits import Limits
from proctor.api.operation import Operation
from proctor.domain.scope import Scope


@strawberry.enum
class Colour(enum.Enum):
    RED = "r"


@strawberry.interface
class Named:
    name: str

    @strawberry.field
    def louder(self) -> str:
        return self.name.upper()


@strawberry.type
class Twig(Named):
    text: str
    data: JSON


@strawberry.type
class Leaf(Named):
    colour: Colour
    at: datetime


@strawberry.input
class Wish:
    text: str = "wish"
    colour: Colour = Colour.RED


Grown = Annotated[Twig | Leaf, strawberry.union("Grown")]


@strawberry.type
class Branch:
    id_: strawberry.ID = strawberry.field(name="id")
    text: str
    number: int | None
    share: float
    is_on: bool
    tags: list[str]
    twig: Twig | None
    twigs: list[Twig]
    below: strawberry.Private["list[Branch]"]

    @strawberry.field
    def times(self, count: int = 2) -> str:
        return self.text * count

    @strawberry.field
    async def branches(self, first: int | None = 2) -> "list[Branch]":
        return self.below[:first]

    @strawberry.field
    async def soon(self, text_back: str, wish: Wish | None = None) -> str | None:
        return f"{text_back} {wish}" if text_back else None

    @strawberry.field
    async def grown(self) -> list[Grown]:
        return [*self.twigs, Leaf(name="leaf", colour=Colour.RED, at=datetime(2026, 1, 2, 3, 4, 5, 60, tzinfo=UTC))]

    @strawberry.field
    def named(self) -> Named | None:
        return self.twig

    @strawberry.field
    def fails(self) -> str | None:
        raise LookupError(self.text)

    @strawberry.field
    async def fails_later(self) -> str:
        raise LookupError(self.text)


@strawberry.type
class Query:
    @strawberry.field
    def branch(self, info: strawberry.Info[Any, None]) -> Branch | None:
        return info.context.app  # type: ignore[no-any-return] # the test's own

    @strawberry.field
    async def later(self, info: strawberry.Info[Any, None]) -> Branch:
        return info.context.app  # type: ignore[no-any-return] # as above


@strawberry.type
class Mutation:
    @strawberry.mutation
    def cut(self, info: strawberry.Info[Any, None]) -> Branch:
        info.context.app.append("cut")
        return branch()


@dataclass
class Lacking:
    """Has none of the attributes."""


SCHEMA = strawberry.Schema(Query, Mutation, types=[Twig, Leaf])
EXECUTION = Execution(SCHEMA, Limits())


def branch(depth: int = 2, **changes: Any) -> Branch:
    twig = Twig(**{"name": "n", "text": "t", "data": JSON({"a": [1]})} | changes.pop("twig_with", {}))
    plain: dict[str, Any] = {
        "id_": strawberry.ID(f"b{depth}"),
        "text": "a",
        "number": 1,
        "share": 0.5,
        "is_on": True,
        "tags": ["x", "y"],
        "twig": twig,
        "twigs": [Twig(name="m", text="u", data=JSON([None])), twig],
        "below": [branch(depth - 1), branch(depth - 1)] if depth else [],
    }
    return Branch(**plain | changes)


async def both(text: str, source: object, variables: dict[str, Any]) -> tuple[bytes, bytes]:
    """Give what our execution answers, and what graphql-core with Strawberry does."""
    caller = Caller(source, Scope(), "viewer", "request")  # type: ignore[arg-type] # it only goes to the resolvers
    ours = await EXECUTION.run(EXECUTION.ready(Operation(text, None, variables)), caller)
    theirs: Any = execute(
        EXECUTION.schema,
        parse(text),
        context_value=caller,
        variable_values=variables,
        is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type] # see execution.py
        executor_class=SCHEMA.execution_context_class,
    )
    theirs = await theirs if optimized_is_awaitable(theirs) else theirs
    return encode(ours, caller), encode(theirs, caller)


PLAIN = ["id", "one: text", "number", "share", "isOn", "tags", "__typename", "times", "three: times(count: 3)"]
RESOLVED = [
    "n: times(count: $n)",
    'soon(textBack: "x")',
    "s: soon(textBack: $text)",
    'w: soon(textBack: "w", wish: {})',
]
TWIG = ["name", "text", "two: data", "__typename", "louder", "...named", "... on Named { name }"]
GROWN = ["__typename", "... on Named { louder }", "... on Leaf { colour at }", "...named", "... on Twig { data }"]
USES = "uses: branch { times(count: $n) soon(textBack: $text) named { ...named } }"


def selections(fields: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(fields), min_size=1, max_size=4).map(joined)


def joined(fields: list[str]) -> str:
    return f"{{ {' '.join(fields)} }}"


def branches(below: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    deep = {
        "twig": selections(TWIG),
        "twigs": selections(TWIG),
        "grown": selections(GROWN),
        "named": selections(["name", "louder", "...named"]),
        "branches": below,
        "first: branches(first: 1)": below,
        "some: branches(first: $n)": below,
        "... on Branch": below,
    }
    fields = [selection.map(f"{name} {{}}".format) for name, selection in deep.items()]
    return st.lists(st.sampled_from(PLAIN + RESOLVED) | st.one_of(fields), min_size=1, max_size=5).map(joined)


def query(root: str, selection: str) -> str:
    head = 'query ($n: Int = 1, $text: String! = "t")'
    return f"{head} {{ {root} {selection} {USES} }} fragment named on Named {{ name louder }}"


@given(
    root=st.sampled_from(["branch", "later"]),
    selection=st.recursive(st.just("{ text }"), branches, max_leaves=4),
    variables=st.sampled_from([{}, {"n": 2}, {"n": None}, {"n": "x"}, {"text": ""}, {"n": 1.0, "text": "v"}]),
    changes=st.sampled_from([{}, {"number": None}, {"text": None}, {"twig": None}, {"twigs": []}, {"share": "x"}]),
)
async def test_it_gives_the_same_for_any_query(
    root: str, selection: str, variables: dict[str, Any], changes: dict[str, Any]
) -> None:
    try:
        ours, theirs = await both(query(root, selection), branch(**changes), variables)
    except Rejected:  # for its variables: nothing was executed
        return
    assert ours == theirs


@pytest.mark.parametrize(
    "fields",
    [
        "text",
        "__typename",
        "id number share isOn tags",
        "twig { name data }",
        "twigs { __typename }",
        "twigs { louder text }",
        "named { __typename name }",
        "grown { ...on Twig { text } ... on Leaf { at colour } }",
        "id grown { ... on Leaf { at } }",
        "fails",
        "text failsLater",
        "branches { text fails }",
        "text @skip(if: true) number",
        "twigs { text @include(if: false) name }",
    ],
)
@pytest.mark.parametrize(
    "source",
    [
        branch(),
        branch(number=None, twig=None),
        branch(text=None),
        branch(text=5, number="x"),
        branch(number=2**40),
        branch(text=ValueError("a value that is a fault")),
        branch(share=float("nan"), is_on="maybe"),
        branch(id_="\udc00"),
        branch(tags=["x", None]),
        branch(tags=("x",)),
        branch(tags=None, twigs=None),
        branch(twig=ValueError("an object that is a fault")),
        branch(twigs=[ValueError("an item that is a fault")]),
        branch(twig=Lacking(), twigs=[Lacking()]),
        branch(twig_with={"data": JSON(ValueError("a value that is a fault"))}),
        branch(twig_with={"text": None, "name": None}),
        Lacking(),
        ValueError("no branch at all"),
        None,
    ],
)
@pytest.mark.parametrize("root", ["branch", "later"])
async def test_it_gives_the_same_for_what_is_not_as_the_schema_says(fields: str, source: object, root: str) -> None:
    ours, theirs = await both(f"{{ {root} {{ {fields} }} }}", source, {})
    assert ours == theirs


@pytest.mark.parametrize(
    ("text", "is_compiled"),
    [
        ("{ branch { text twigs { louder } } }", True),
        ("query ($n: Int) { later { times(count: $n) ...b } } fragment b on Branch { text }", True),
        ("{ branch { text @skip(if: true) } }", False),
        ("{ branch { text ...b @skip(if: true) } } fragment b on Branch { id }", False),
        ("{ branch { text } __schema { types { name } } }", False),
        ("mutation { cut { text } }", False),
        (f"{{ branch {{ {' '.join(f'a{number}: text' for number in range(LARGEST))} }} }}", False),
    ],
)
def test_only_plain_queries_are_compiled(text: str, is_compiled: bool) -> None:
    document = parse(text)
    operation, *rest = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    fragments = {each.name.value: each for each in rest if isinstance(each, FragmentDefinitionNode)}
    prepared = Prepared(text, document, (operation,), fragments, has_pages_by_variable=False)
    assert (compiled(EXECUTION.schema, prepared, operation) is not None) == is_compiled


async def test_a_mutation_is_never_begun_twice() -> None:
    cuts: list[str] = []
    caller = Caller(cuts, Scope(), "viewer", "request")  # type: ignore[arg-type] # it only goes to the resolvers
    result = await EXECUTION.run(EXECUTION.ready(Operation("mutation { cut { text fails } }")), caller)
    assert (len(cuts), len(result.errors or ())) == (1, 1)
