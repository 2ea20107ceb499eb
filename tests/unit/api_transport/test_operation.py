"""What a client asks has one shape."""

import pytest

from proctor.api.operation import DEPTH, VALUES, Malformed, Operation


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


@pytest.mark.parametrize("item", [1, [], {"a": 1}], ids=str)
def test_variables_may_hold_so_many_values_and_no_more(item: object) -> None:
    few, many = [item] * (VALUES // 2 - 1), [item] * VALUES
    assert Operation.read({"query": "{ a }", "variables": {"a": few}}).variables == {"a": few}
    with pytest.raises(Malformed, match=str(VALUES)):
        Operation.read({"query": "{ a }", "variables": {"a": many}})
