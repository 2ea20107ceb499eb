"""A document is parsed, validated and held against the limits once; and what the limits count."""

import pytest
from api_server import SCHEMA

from proctor.api import documents as module
from proctor.api.documents import Documents, Rejected
from proctor.api.execution import Execution
from proctor.api.limits import Limits
from proctor.api.operation import Operation

FLOOD = " ".join(f"a{number}: hello" for number in range(31))


@pytest.fixture
def validations(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    seen: list[object] = []
    validate = module.validate

    def counted(schema: object, document: object, *rest: object, **options: object) -> object:
        seen.append(document)
        return validate(schema, document, *rest, **options)  # type: ignore[arg-type] # passed on as it came

    monkeypatch.setattr(module, "validate", counted)
    return seen


def documents(**limits: float) -> Documents:
    return Documents(Execution(SCHEMA, Limits()).schema, Limits.model_validate(limits))


def test_a_text_is_validated_once(validations: list[object]) -> None:
    kept = documents()
    assert kept.prepare("{ hello }") is kept.prepare("{ hello }")
    for _ in range(2):
        with pytest.raises(Rejected, match="nope"):
            kept.prepare("{ nope }")
    assert len(validations) == 2


def test_the_documents_used_last_are_kept(validations: list[object]) -> None:
    kept = documents(documents=2)
    for text in ("{ a: hello }", "{ b: hello }", "{ a: hello }", "{ c: hello }", "{ a: hello }", "{ b: hello }"):
        kept.prepare(text)
    assert len(validations) == 4


def test_a_huge_text_is_not_kept(validations: list[object]) -> None:
    kept = documents()
    for _ in range(2):
        kept.prepare("{ hello }" + " " * module.LONGEST_KEPT)
    assert len(validations) == 2


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("{ items { items { items { number } } } }", {"depth": 3}),
        ("{ items { ...f } } fragment f on Item { items { items { number } } }", {"depth": 3}),
        ("{ items { ... on Item { items { items { number } } } } }", {"depth": 3}),
        ("{ a: hello b: hello }", {"aliases": 1}),
        ("{ items { ...f ...f } } fragment f on Item { a: number }", {"aliases": 1}),
        ("{ hello @skip(if: false) @include(if: true) }", {"directives": 1}),
        ("{ ...f @skip(if: false) } fragment f on Query { hello @include(if: true) }", {"directives": 1}),
    ],
)
def test_what_goes_beyond_a_limit_is_refused_before_it_is_validated(
    text: str, limit: dict[str, float], validations: list[object]
) -> None:
    with pytest.raises(Rejected, match="goes beyond the limit"):
        documents(**limit).prepare(text)
    assert validations == []
    documents(**{name: value + 1 for name, value in limit.items()}).prepare(text)


def test_tokens_are_limited() -> None:
    with pytest.raises(Rejected, match="tokens"):
        documents(tokens=20).prepare("{" + " hello" * 20 + "}")


def test_a_name_of_its_own_is_no_alias() -> None:
    documents(aliases=0).prepare("{ hello: hello }")


def test_introspection_does_not_count_as_depth() -> None:
    documents(depth=1).prepare("{ __schema { types { fields { type { name } } } } }")


@pytest.mark.parametrize(
    ("query", "variables", "cost"),
    [
        ("{ hello }", {}, 1),
        ("{ items { number } }", {}, 21),
        ("{ items(first: 3) { number } }", {}, 4),
        ("query ($n: Int) { items(first: $n) { number } }", {"n": 7}, 8),
        ("query ($n: Int = 5) { items(first: $n) { number } }", {}, 6),
        ("query ($n: Int = 5) { items(first: $n) { number } }", {"n": 7}, 8),
        ("query ($n: Int) { items(first: $n) { number } }", {"n": 7.0}, 8),
        ("query ($n: Int) { items(first: $n) { number } }", {}, 21),
        ("query ($n: Int) { items(first: $n) { number } }", {"n": None}, 21),
        ("{ items(first: 3) { items(first: 4) { number } } }", {}, 1 + 3 * (1 + 4)),
        ("{ items(first: 3) { ...f } } fragment f on Item { items(first: 4) { number } }", {}, 1 + 3 * (1 + 4)),
        ("{ items(first: -3) { number } }", {}, 1),
    ],
)
def test_the_cost_is_what_full_pages_would_hold(query: str, variables: dict[str, object], cost: int) -> None:
    operation = Operation(query, variables=variables)
    Execution(SCHEMA, Limits(cost=cost)).ready(operation)
    if cost > 1:
        with pytest.raises(Rejected, match="cost"):
            Execution(SCHEMA, Limits(cost=cost - 1)).ready(operation)


def test_the_operation_is_the_one_that_is_named() -> None:
    prepared = documents().prepare('query A { hello } mutation B { shout(word: "") }')
    assert prepared.kind("A").value == "query"
    assert prepared.kind("B").value == "mutation"
    for name in (None, "C", ""):
        with pytest.raises(Rejected, match="operation"):
            prepared.operation(name)
