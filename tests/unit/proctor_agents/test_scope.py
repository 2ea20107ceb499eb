import pytest

from proctor_agents.scope import bindings_of, names_of


@pytest.mark.parametrize(
    ("source", "read", "bound"),
    [
        ("x = f(y)", {"f", "y"}, {"x"}),
        ("x += 1", {"x"}, {"x"}),
        ("[n for n in xs]", {"xs"}, set()),
        ("lambda a: a + b", {"b"}, set()),
        ("def f(a):\n    i = 0\n    i += a\n    return g(i)", {"g"}, {"f"}),
        ("def f():\n    global n\n    n = 1", {"n"}, {"f", "n"}),
        ("import a.b, c as d", set(), {"a", "d"}),
        ("(w := f())", {"f"}, {"w"}),
    ],
)
def test_names_are_those_of_the_outermost_scope(source: str, read: set[str], bound: set[str]) -> None:
    names = names_of(source)
    assert (set(names.read), set(names.bound)) == (read, bound)


@pytest.mark.parametrize(
    ("source", "surely", "perhaps", "open_ended"),
    [
        ("import os\nclass A: x = 1\ndef f(): y = 2", {"os", "A", "f"}, set(), False),
        ("if a:\n    b = c = 1\nelse:\n    b = 2", {"b"}, {"c"}, False),
        ("try:\n    from a import b\nexcept ImportError:\n    b = None", {"b"}, set(), False),
        ("try:\n    from a import b\nexcept ImportError:\n    raise", {"b"}, set(), False),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a", {"TYPE_CHECKING"}, set(), False),
        ("a = b = 1\ndel a", {"b"}, set(), False),
        ("for i in []: pass", set(), {"i"}, False),
        ("from a import *", set(), set(), True),
        ("def __getattr__(name): ...", {"__getattr__"}, set(), True),
        ("globals()['a'] = 1", set(), set(), True),
    ],
)
def test_bindings_of_a_module(source: str, surely: set[str], perhaps: set[str], open_ended: bool) -> None:
    found = bindings_of(source)
    assert (set(found.surely), set(found.perhaps), found.open_ended) == (surely, perhaps, open_ended)
