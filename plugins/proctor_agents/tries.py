"""How something recordable is called, as the search program wants it: expressions with `__it__` for the instance."""

import builtins
import keyword
from collections.abc import Collection, Iterator, Sequence

from pydantic import JsonValue

from proctor_agents.naming import snake
from proctor_agents.recordable import Recordable
from proctor_agents.resolution import RESERVED

_UNARY = {
    "__len__": "len(__it__)", "__iter__": "list(__it__)", "__reversed__": "list(reversed(__it__))",
    "__bool__": "bool(__it__)", "__repr__": "repr(__it__)", "__str__": "str(__it__)", "__neg__": "-__it__",
    "__int__": "int(__it__)", "__float__": "float(__it__)", "__abs__": "abs(__it__)", "__invert__": "~__it__",
}  # fmt: skip
_BINARY = {
    "__eq__": "==", "__ne__": "!=", "__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">=", "__add__": "+",
    "__sub__": "-", "__mul__": "*", "__truediv__": "/", "__floordiv__": "//", "__mod__": "%", "__pow__": "**",
    "__and__": "&", "__or__": "|", "__xor__": "^",
}  # fmt: skip
_CHANGING = {"__iadd__": "+=", "__ior__": "|=", "__iand__": "&=", "__isub__": "-=", "__ixor__": "^="}
_REFLECTED = {"__radd__": "+", "__rsub__": "-"}
_KEYS = ("'a'", "0", "1", "-1", "3", "'abc'", "'b'", "slice(1, 3)", "None", "'nothing'", "100")
_OTHERS = ("[1, 2]", "3", "'abc'", "{'a': 1}", "{1, 2}", "[]", "None")


def tries_of(thing: Recordable, arguments: Sequence[str], passed_over: Collection[str]) -> dict[str, JsonValue]:
    """Say how to try a thing with each argument list; what is passed over gets no tests itself."""
    owner = thing.name if thing.kind == "class" else thing.owner
    instance = thing.kind in ("method", "property")
    return {
        "name": thing.name,
        "kind": thing.kind,
        "wanted": thing.name not in passed_over,
        "owner": owner if instance else "",
        "variable": variable(owner),
        "answers": thing.answers,
        "effect": _is_effect(thing),
        "tries": [*dict.fromkeys(_tries(thing, arguments))],
    }


def variable(owner: str) -> str:
    """Name an instance after its class."""
    name = snake(owner.rpartition(".")[2])
    taken = keyword.iskeyword(name) or hasattr(builtins, name) or name in RESERVED or name == owner
    return f"{name}_" if taken else name or "it"


def _is_effect(thing: Recordable) -> bool:
    changes = thing.last in _CHANGING or thing.last in ("__setitem__", "__delitem__")
    plain = not thing.last.startswith("__") or thing.last == "__call__"
    return thing.kind == "method" and (changes or (plain and not thing.answers))


def _tries(thing: Recordable, arguments: Sequence[str]) -> Iterator[str]:
    name = thing.last
    match thing.kind:
        case "enum":
            yield from (f"[each.{what} for each in {name}]" for what in ("name", "value"))
        case "property":
            yield f"__it__.{name}"
        case "function" | "class" | "static":
            yield from (f"{thing.name}({each})" for each in arguments)
        case "method" if name.startswith("__"):
            yield from _operations(thing, arguments)
        case "method":
            yield from (f"__it__.{name}({each})" for each in arguments)


def _operations(thing: Recordable, arguments: Sequence[str]) -> Iterator[str]:
    name, others = thing.last, (f"__new_{thing.owner}__", *_OTHERS)
    if name in _UNARY:
        yield _UNARY[name]
    elif name in _REFLECTED:
        yield from (f"{other} {_REFLECTED[name]} __it__" for other in others)
    elif sign := {**_BINARY, **_CHANGING}.get(name):
        yield from (f"__it__ {sign} {other}" for other in others)
    elif name == "__call__":
        yield from (f"__it__({each})" for each in arguments)
    else:
        yield from _of_items(name)


def _of_items(name: str) -> Iterator[str]:
    match name:
        case "__contains__":
            yield from (f"{key} in __it__" for key in _KEYS)
        case "__getitem__":
            yield from (f"__it__[{key}]" for key in (*_KEYS, "1:3"))
        case "__setitem__":
            yield from (f"__it__[{key}] = {value}" for key in _KEYS[:6] for value in ("9", "'new'"))
        case "__delitem__":
            yield from (f"del __it__[{key}]" for key in _KEYS[:6])
        case "__format__":
            yield from (f"format(__it__{each})" for each in ("", ", '>10'"))
