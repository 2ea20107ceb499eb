"""One limit bounds every page, whether its length is asked for, left out, or given by a variable."""

import pytest
from graphql import GraphQLError, GraphQLObjectType

from proctor.api.cost import check_cost
from proctor.api.documents import Documents
from proctor.api.limits import Limits
from proctor.api.pages import bound_pages
from proctor.api.schema import build_schema


def turns(arguments: str) -> str:
    variables = "($n: Int)" if "$n" in arguments else ""
    return f'query {variables} {{ session(id: "x") {{ interactions({arguments}) {{ nodes {{ sequence }} }} }} }}'


def check(text: str, limits: Limits, **variables: object) -> bool:
    """Check a document, and tell whether it has to be checked again with other variables."""
    schema = build_schema()
    bound_pages(schema, limits.page)
    prepared = Documents(schema._schema, limits).prepare(text)
    check_cost(schema._schema, prepared, prepared.operation(None), variables, limits)
    return prepared.has_pages_by_variable


def refused(text: str, limits: Limits, **variables: object) -> object:
    with pytest.raises(GraphQLError) as caught:
        check(text, limits, **variables)
    assert caught.value.extensions is not None
    return caught.value.extensions["limit"]


@pytest.mark.parametrize("name", ["first", "last"])
def test_a_page_may_be_as_long_as_the_setting_says(name: str) -> None:
    check(turns(f"{name}: 500"), Limits(page=500))
    assert refused(turns(f"{name}: 501"), Limits(page=500)) == "page"


@pytest.mark.parametrize("name", ["first", "last"])
def test_a_variable_counts_each_time(name: str) -> None:
    text = turns(f"{name}: $n")
    assert check(text, Limits(), n=100)
    assert refused(text, Limits(), n=101) == "page"


@pytest.mark.parametrize("name", ["first", "last"])
def test_the_length_of_a_page_is_part_of_the_cost(name: str) -> None:
    text = turns(f"{name}: 90")
    check(text, Limits(cost=200))
    assert refused(text, Limits(cost=100)) == "cost"


@pytest.mark.parametrize("arguments", ["after: null", "last: null", "first: $n", "last: 10"])
def test_a_list_without_a_length_is_as_long_as_is_allowed(arguments: str) -> None:
    check(turns(arguments), Limits(page=10, cost=30))


def test_null_stands_for_the_usual_length() -> None:
    check(turns("first: $n"), Limits(page=20), n=None)
    assert refused(turns("first: $n"), Limits(page=10), n=None) == "page"


def test_the_schema_says_how_long_a_page_may_be() -> None:
    schema = build_schema()
    bound_pages(schema, 10)
    kind = schema._schema.type_map["Session"]
    assert isinstance(kind, GraphQLObjectType)
    first, last = (kind.fields["interactions"].args[name] for name in ("first", "last"))
    assert (first.default_value, last.default_value) == (10, None)
    assert first.description == "How many entries to give, from 1 to 10."
    assert str(last.description).endswith("up to 10.")
    untouched = build_schema()._schema.type_map["Session"]
    assert isinstance(untouched, GraphQLObjectType)
    assert untouched.fields["interactions"].args["first"].default_value == 20
