import ast

import pytest

from proctor_agents.inputs import MOST, calls, candidates
from proctor_agents.recordable import Parameter, Recordable, recordables


def only(source: str) -> Recordable:
    return recordables(ast.parse(source), ())[0]


def first(signature: str, body: str = "return 1") -> str:
    return calls(only(f"def f({signature}):\n    {body}\n"), (), frozenset({"Till"}))[0]


@pytest.mark.parametrize(
    ("signature", "arguments"),
    [
        ("", ""),
        ("x: int", "3"),
        ("x: str, y: float", "'abc', 2.5"),
        ("x: 'int | None'", "3"),
        ("x: Optional[str]", "'abc'"),
        ("x: Literal['b', 'a']", "'b'"),
        ("x: list[int]", "[3, 0, 1]"),
        ("x: Iterable[str]", "['abc', '', 'Hello World']"),
        ("x: typing.Callable[[], int]", "len"),
        ("x: Till", "__new_Till__"),
        ("x=3", ""),
        ("*, key: str", "key='abc'"),
        ("text", "'abc'"),
        ("max_width", "3"),
        ("predicate", "len"),
        ("unheard_of", "[1, 2, 3]"),
    ],
)
def test_the_first_try_is_what_the_signature_says(signature: str, arguments: str) -> None:
    assert first(signature) == arguments


def test_calls_seen_elsewhere_come_first_and_none_comes_twice() -> None:
    lists = calls(only("def f(x: int): return x\n"), ["7", "3"], frozenset())
    assert lists[:3] == ("7", "3", "0")
    assert len(set(lists)) == len(lists)


def test_defaults_are_left_out_and_then_varied_by_name() -> None:
    lists = calls(only("def f(x: int, y: int = 1, z: bool = False): return x\n"), (), frozenset())
    assert {"3", "3, 0", "3, z=True"} <= set(lists)


def test_there_is_an_end_to_it() -> None:
    assert len(calls(only("def f(a, b, c, d, e, g): return a\n"), (), frozenset())) <= MOST


def test_instances_hold_something_if_they_can() -> None:
    till = only("class Till:\n    def __init__(self, items=()): self.items = items\n")
    assert calls(till, ["", "[]", "[1]", "[1, 2, 3]"], frozenset())[:3] == ("[1]", "[1, 2, 3]", "")


def test_what_a_parameter_is_compared_with_is_tried() -> None:
    node = ast.parse("mode in ('fast', 'slow') or mode == 3 or isinstance(mode, bytes)")
    assert {"'fast'", "'slow'", "3", "b'abc'"} <= set(candidates(Parameter("mode"), node, frozenset()))
