import ast

import pytest

from proctor_agents.evidence import named
from proctor_agents.inputs import MOST, calls, candidates, is_guessed
from proctor_agents.recordable import Parameter, Recordable, recordables, values_of


def only(source: str) -> Recordable:
    return recordables(ast.parse(source), ())[0]


def first(signature: str, body: str = "return 1") -> str:
    return calls(only(f"def f({signature}):\n    {body}\n"), (), {"Till": ("__new_Till__",)})[0]


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
        ("x: Tuple[str, ...]", "('abc',)"),
        ("x: list[tuple[str, int]]", "[('abc', 3)]"),
        ("x: Iterable[str]", "['abc', '', 'Hello World']"),
        ("x: typing.Callable[[], int]", "len"),
        ("x: Till", "__new_Till__"),
        ("x: type[Till]", "Till"),
        ("x: type[str]", "str"),
        ("x: type[Other] | None", "None"),
        ("x=3", ""),
        ("*, key: str", "key='abc'"),
        ("text", "'abc'"),
        ("max_width", "3"),
        ("predicate", "len"),
        ("unheard_of", "[1, 2, 3]"),
        ("endpos", "3"),
        ("tdate", "datetime.datetime(2024, 1, 31, 12, 30)"),
        ("basename", "'abc'"),
        ("maxdepth", "3"),
        ("types", "(int, str)"),
        ("names", "['a', 'b', 'a']"),
        ("base_url", "'https://example.org/a?b=1#c'"),
        ("base_url: str", "'https://example.org/a?b=1#c'"),
        ("base_url: int", "3"),
        ("encoding", "'utf-8'"),
        ("filename", "'a/b.txt'"),
    ],
)
def test_the_first_try_is_what_the_signature_says(signature: str, arguments: str) -> None:
    assert first(signature) == arguments


@pytest.mark.parametrize(
    "word", ["asset", "candidate", "context", "mimetype", "profile", "report", "transport", "update", "validate"]
)
def test_a_word_says_nothing_by_how_it_ends(word: str) -> None:
    assert named(word) == named(f"some_{word}") == ()


@pytest.mark.parametrize(
    ("body", "arguments"),
    [
        ("return thing.upper()", "'abc'"),
        ("return sorted(thing.items())", "{'a': 1, 'b': 2}"),
        ("return thing.total_seconds()", "datetime.timedelta(days=1, seconds=30)"),
        ("return list(range(thing))", "3"),
        ("return thing(1)", "len"),
        ("return other.upper()", "[1, 2, 3]"),
        ('"""F.\n\n    :param str thing: it\n    """', "'abc'"),
        ('"""F.\n\n    :type thing: dict of str\n    """', "{'a': 1, 'b': 2}"),
        ('"""F.\n\n    Args:\n        thing (int, optional): it\n    """', "3"),
        ('"""F.\n\n    Parameters\n    ----------\n    thing : string\n        It.\n    """', "'abc'"),
        ('"""F.\n\n    :param thing: nothing that has a type\n    """', "[1, 2, 3]"),
    ],
)
def test_what_nobody_could_tell_by_its_name_is_told_by_its_use_or_the_documentation(body: str, arguments: str) -> None:
    assert first("thing", body) == arguments


@pytest.mark.parametrize(
    ("bases", "tried"),
    [
        ("", ("",)),
        ("(object)", ("",)),
        ("(Generic[T])", ("",)),
        ("(dict)", ("{'a': 1, 'b': 2}", "")),
        ("(collections.OrderedDict)", ("{'a': 1, 'b': 2}", "")),
        ("(ValueError)", ("'abc'", "")),
        ("(tzinfo)", ("",)),
    ],
)
def test_a_class_without_a_constructor_gets_what_its_base_takes(bases: str, tried: tuple[str, ...]) -> None:
    assert calls(only(f"class Till{bases}:\n    def f(self): return 1\n"), (), {})[: len(tried)] == tried


def test_what_a_constructor_may_leave_out_and_nobody_knows_is_left_out() -> None:
    till = only("class Till:\n    def __init__(self, thing=None, size: int = 3): self.thing = thing\n")
    assert not any("thing" in arguments or "[" in arguments for arguments in calls(till, (), {}))


def test_a_class_that_expires_is_taken_for_an_exception() -> None:
    assert calls(only("class TillExpired(Closed): pass\n"), (), {})[0] == "'abc'"


@pytest.mark.parametrize(
    ("signature", "guessed"),
    [("thing", True), ("thing: Any", True), ("thing=None", False), ("name", False), ("thing: int", False)],
)
def test_a_constructor_is_guessed_if_nothing_says_what_it_needs(signature: str, guessed: bool) -> None:
    till = only(f"class Till:\n    def __init__(self, {signature}): self.thing = thing\n")
    assert is_guessed(till, {}) is guessed
    assert not is_guessed(only(f"def f({signature}): return thing\n"), {})


def test_the_first_instance_is_not_one_of_nothing() -> None:
    till = only("class Till:\n    def __init__(self, items): self.items = items\n")
    assert calls(till, ["0", "7", "None"], {})[0] == "7"


def test_calls_seen_elsewhere_come_first_and_none_comes_twice() -> None:
    lists = calls(only("def f(x: int): return x\n"), ["7", "3"], {})
    assert lists[:3] == ("7", "3", "0")
    assert len(set(lists)) == len(lists)


def test_defaults_are_left_out_and_then_varied_by_name() -> None:
    lists = calls(only("def f(x: int, y: int = 1, z: bool = False): return x\n"), (), {})
    assert {"3", "3, 0", "3, z=True"} <= set(lists)


def test_there_is_an_end_to_it() -> None:
    assert len(calls(only("def f(a, b, c, d, e, g): return a\n"), (), {})) <= MOST


def test_instances_hold_something_if_they_can() -> None:
    till = only("class Till:\n    def __init__(self, items=()): self.items = items\n")
    assert calls(till, ["", "[]", "[1]", "[1, 2, 3]"], {})[:3] == ("[1]", "[1, 2, 3]", "")


def test_what_a_parameter_is_compared_with_is_tried() -> None:
    node = ast.parse("mode in ('fast', 'slow') or mode == 3 or isinstance(mode, bytes)")
    assert {"'fast'", "'slow'", "3", "b'abc'"} <= set(candidates(Parameter("mode"), node, {}))


def test_overloads_are_not_tried() -> None:
    source = "@overload\ndef f(x: int) -> int: ...\n@typing.overload\ndef f(x: str) -> str: ...\ndef f(x): return x\n"
    assert [thing.node.lineno for thing in recordables(ast.parse(source), ())] == [5]


def test_a_member_is_tried_for_an_enum() -> None:
    source = "class Way(Enum):\n    _ignore_ = []\n    UP = 1\n    DOWN = 2\n\ndef f(way: Way): return way\n"
    enum = ast.parse(source).body[0]
    assert isinstance(enum, ast.ClassDef)
    function = next(thing for thing in recordables(ast.parse(source), ()) if thing.kind == "function")
    assert calls(function, (), {"Way": values_of(enum)}) == ("Way.UP", "Way.DOWN")
