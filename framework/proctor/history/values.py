"""Frozen dataclasses as JSON and back. What a field holds by default is left out, and what is not known passed over."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

from proctor.domain.json import Json, JsonObject

T = TypeVar("T")


def to_json(value: object) -> Any:
    """Give a value as JSON."""
    if is_dataclass(value):
        held = ((field, getattr(value, field.name)) for field in fields(value))
        return {field.name: to_json(item) for field, item in held if not _is_default(field, item)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    return value


def from_json(kind: type[T], value: Json) -> T:
    """Read what `to_json` wrote of a dataclass. Raises ValueError or TypeError."""
    if not isinstance(value, Mapping):
        raise TypeError(f"a {kind.__name__} was expected, not {_named(value)}")
    return kind(**_arguments(kind, value))


def _arguments(kind: type, value: JsonObject) -> dict[str, object]:
    known = {field.name: field for field in fields(kind)}
    lacking = [name for name, field in known.items() if _is_required(field) and name not in value]
    if lacking:
        raise ValueError(f"{kind.__name__} lacks {', '.join(lacking)}")
    return {
        name: _read(_resolved(field.type, kind), value[name], kind) for name, field in known.items() if name in value
    }


def _read(annotation: Any, value: Json, inside: type) -> object:
    """Read a value as the type that its field names."""
    annotation, origin, arguments = _resolved(annotation, inside), get_origin(annotation), get_args(annotation)
    if isinstance(annotation, UnionType):
        return None if value is None else _read(arguments[0], value, inside)
    if is_dataclass(annotation) and isinstance(annotation, type):
        return from_json(annotation, value)
    if origin is tuple:
        return tuple(_read(arguments[0], item, inside) for item in _checked(value, Sequence))
    if origin is Mapping:
        made = _resolved(arguments[1], inside)
        items = _checked(value, Mapping).items()
        return {key: _read(made, item, inside) for key, item in items} if is_dataclass(made) else value
    return _checked(value, (int, float) if annotation is float else annotation)


def _checked(value: Json, kind: Any) -> Any:
    plain = kind in (str, int, bool, Sequence, Mapping) or isinstance(kind, tuple)
    if plain and (not isinstance(value, kind) or (kind is Sequence and isinstance(value, str))):
        raise TypeError(f"{_named(value)} stands where something else was expected")
    return value


def _resolved(annotation: Any, inside: type) -> Any:
    return getattr(sys.modules[inside.__module__], annotation, None) if isinstance(annotation, str) else annotation


def _is_default(field: "Field[Any]", value: object) -> bool:
    if field.default_factory is not MISSING:
        return bool(value == field.default_factory())
    return field.default is not MISSING and bool(value == field.default)


def _is_required(field: "Field[Any]") -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _named(value: object) -> str:
    text = repr(value)
    return text if len(text) < 60 else f"{text[:57]}…"
