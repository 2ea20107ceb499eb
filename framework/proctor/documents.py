"""Values as JSON documents, and back: as they are stored, and as they go to another process."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints

import orjson

from proctor.domain import json
from proctor.store.codec import document

T = TypeVar("T")


def written(value: object) -> bytes:
    """Write a value. Raises TypeError or ValueError for what is no JSON, or is nested too deeply."""
    return document(value).encode()


def read(kind: type[T], text: bytes) -> T:
    """Read what `written` wrote: a tuple is a list by then, a date a text, a NaN nothing.

    Raises ValueError, TypeError or AttributeError if it did not."""
    return _made(kind, orjson.loads(text))


def _made(kind: type[T], fields: Any) -> T:  # freshly read: it may be anything
    for name, part in _parts(kind).items():  # type: ignore[arg-type] # a class can be hashed
        if (value := fields.get(name)) is not None:
            fields[name] = tuple(_made(part, each) for each in value) if isinstance(value, list) else _made(part, value)
    return kind(**fields)


@cache
def _parts(kind: type[object]) -> Mapping[str, Any]:
    """Find the fields that are made of another value, or of several."""
    hints = get_type_hints(kind, localns=vars(json)).items()  # the type of JSON values names itself
    return {name: part for name, hint in hints for part in (hint, *get_args(hint)) if is_dataclass(part)}
