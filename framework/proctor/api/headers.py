"""The headers of a request, read once."""

from collections.abc import Mapping
from typing import TypeAlias

from starlette.types import Scope

Headers: TypeAlias = Mapping[str, str]
"""Name in lower case -> value; several of one name are one list, divided by commas."""


def headers_of(scope: Scope) -> Headers:
    """Give the headers of a request."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
