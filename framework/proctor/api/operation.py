"""What a client asks, in the shape that GraphQL over HTTP, SSE and WebSocket share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

DEPTH = 64
"""How deep variables may be nested."""
VALUES = 200_000
"""How many values they may hold, those in objects and lists counted."""


class Malformed(Exception):
    """The request has not the shape of one."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A document's text, which of its operations is meant, and its variables."""

    text: str
    name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)  # whatever JSON the client sent

    @classmethod
    def read(cls, value: object) -> "Operation":
        """Read a decoded JSON body or payload. Raises Malformed."""
        if not isinstance(value, dict):
            raise Malformed("The request has to be one JSON object with the key query.")
        text, name = value.get("query"), value.get("operationName")
        variables, extensions = value.get("variables"), value.get("extensions")
        if not isinstance(text, str) or not text.strip():
            raise Malformed("query has to be a text: the GraphQL document.")
        if not isinstance(name, str | None):
            raise Malformed("operationName has to be a text or null.")
        if not isinstance(variables, dict | None):
            raise Malformed("variables has to be an object or null.")
        if not isinstance(extensions, dict | None):
            raise Malformed("extensions has to be an object or null.")
        _check_size(variables)
        return cls(text, name or None, variables or {})

    @classmethod
    def read_query(cls, parameters: Mapping[str, str]) -> "Operation":
        """Read the parameters of a URL, in which objects are JSON. Raises Malformed."""
        value: dict[str, object] = {**parameters}
        for name in ("variables", "extensions"):
            if encoded := parameters.get(name):
                value[name] = decode(encoded)
            else:
                value.pop(name, None)
        return cls.read(value)


def _check_size(variables: dict[str, object] | None) -> None:
    """Let only that pass which functions that call themselves can walk through, and soon. Raises Malformed."""
    level: list[dict[str, object] | list[object]] = [variables or {}]
    values = 0
    for _ in range(DEPTH):
        values += sum(map(len, level))
        if values > VALUES:
            raise Malformed(f"variables may hold {VALUES} values at most. Send less at once.")
        level = [item for each in level for item in _items(each) if isinstance(item, dict | list)]
        if not level:
            return
    raise Malformed(f"variables may have {DEPTH} objects and lists inside each other at most.")


def _items(value: dict[str, object] | list[object]) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else value


def decode(encoded: bytes | str) -> object:
    """Decode JSON. Raises Malformed, also for what is nested too deeply."""
    try:
        value: object = orjson.loads(encoded)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"This is not JSON: {error}.") from None
    return value
