"""Write values as literals, and tell what can be seen of those that are none.

Only what reads back as an equal value of the same types has a literal. Sets are written in the order of their members'
text, so that the text does not hang on a hash seed.
"""

from __future__ import annotations

import ast
import re
from collections import abc
from typing import Any, Iterator, Optional

LONGEST = 200
_MOST_DIGITS = 40
_DEPTH = 5
# What shows where an object lies, or where the program runs: another process shows something else.
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{4,}")
_DYADIC = 2**20


def literal(value: object) -> Optional[str]:
    """Return the literal of a plain value, None if there is none that is short and reads back equal."""
    text = _text(value, _DEPTH)
    if text is None or len(text) > LONGEST or _ADDRESS.search(text):
        return None
    try:
        return text if ast.literal_eval(text) == value else None
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _text(value: object, depth: int) -> Optional[str]:
    kind = type(value)
    if value is None or kind is bool:
        return repr(value)
    if kind is int:
        return repr(value) if abs(value) < 10**_MOST_DIGITS else None  # type: ignore[arg-type]  # an int, see left
    if kind in (str, bytes):
        return _quoted(value)  # type: ignore[arg-type]  # see above
    if kind is float:
        return _float(value, depth)  # type: ignore[arg-type]  # a float, see left
    return _container(value, kind, depth - 1) if depth else None


def _quoted(value: Any) -> Optional[str]:
    text = repr(value) if len(value) <= LONGEST else None
    return None if text and "\\ud" in text else text  # a lone surrogate cannot stand in a file


def _float(value: float, depth: int) -> Optional[str]:
    """Write a float; one that lies deep in a container must be exact, for nobody compares it approximately there."""
    if value != value or value in (float("inf"), float("-inf")):
        return None
    exact = abs(value) < _DYADIC and (value * _DYADIC).is_integer()
    return repr(value) if exact or depth >= _DEPTH - 1 else None


def _container(value: Any, kind: type, depth: int) -> Optional[str]:
    if kind not in (list, tuple, set, dict) or len(value) > LONGEST:
        return None
    if kind is dict:
        items = [(_text(key, depth), _text(item, depth)) for key, item in value.items()]
        return None if any(None in pair for pair in items) else "{" + ", ".join(f"{k}: {v}" for k, v in items) + "}"
    parts = [_text(item, depth) for item in value]
    texts = [part for part in parts if part is not None]
    if len(texts) < len(parts):
        return None
    if kind is set:
        return "{" + ", ".join(sorted(texts)) + "}" if texts else "set()"
    if kind is list:
        return "[" + ", ".join(texts) + "]"
    return "(" + ", ".join(texts) + ("," if len(texts) == 1 else "") + ")"


def views(value: Any, code: str) -> Iterator[str]:
    """Give expressions over `code` that show something plain of its value, best first; they need not work."""
    kind = type(value)
    plain = _plain(value)
    if plain:
        yield f"{plain.__name__}({code})"
    elif kind.__repr__ is not object.__repr__ and not repr(value).startswith("<"):
        yield f"repr({code})"
    if isinstance(value, abc.Iterable) and not plain:
        yield f"list({code})"
    if kind.__str__ is not object.__str__ and kind.__repr__ is object.__repr__:
        yield f"str({code})"
    if callable(value) and not isinstance(value, type):
        yield from (f"{code}({argument})" for argument in ("", "3", "'abc'", "[1, 2, 3]", "{'a': 1}", "2, 3"))
    for name in getattr(value, "__dict__", {}):
        if not name.startswith("_") and name.isidentifier():
            yield f"{code}.{name}"


def _plain(value: object) -> Optional[type]:
    """Return the plain type that a value is a variety of."""
    if isinstance(value, abc.Set):
        return set
    return next((plain for plain in (dict, tuple, str, bytes, int, float) if isinstance(value, plain)), None)
