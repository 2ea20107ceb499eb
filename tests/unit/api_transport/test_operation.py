"""What a client asks has one shape."""

import pytest

from proctor.api.operation import DEPTH, Malformed, Operation


def nested(depth: int) -> dict[str, object]:
    value: object = 1
    for number in range(depth - 1):
        value = [value] if number % 2 else {"a": value}
    return {"a": value}


def test_what_is_null_or_left_out_is_the_same() -> None:
    asked = {"query": "{ a }", "operationName": None, "variables": None, "extensions": None, "more": 1}
    assert Operation.read(asked) == Operation.read({"query": "{ a }"}) == Operation("{ a }")


def test_variables_may_be_nested_so_deep_and_no_deeper() -> None:
    assert Operation.read({"query": "{ a }", "variables": nested(DEPTH)}).variables == nested(DEPTH)
    with pytest.raises(Malformed, match=str(DEPTH)):
        Operation.read({"query": "{ a }", "variables": nested(DEPTH + 1)})


def test_objects_are_json_in_a_url() -> None:
    parameters = {"query": "{ a }", "variables": '{"a": [1]}', "operationName": ""}
    assert Operation.read_query(parameters) == Operation("{ a }", None, {"a": [1]})
    with pytest.raises(Malformed, match="JSON"):
        Operation.read_query({"query": "{ a }", "variables": "{"})
