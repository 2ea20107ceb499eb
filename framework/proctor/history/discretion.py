"""What is left out of a document: secrets, variables, whose home it was, and the bulk of long texts.

All of it is done to plain JSON, in the same way when a document is written and to what a replay gives, so that the two
can be compared.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REDACTED = "[redacted]"
OUTPUT = (1000, 3000)
"""Characters that are kept of a long output, from its beginning and from its end. Steps look at the end."""
OUTPUTS = ("stdout", "stderr")
FILE = 1000
"""Characters of a file that travels with a command. Of a longer one, unless it is JSON, only the digest is kept."""

_SECRET = re.compile(r"(?:^|_)(?:token|secret|password|passwd|api_?key|credential)s?(?:$|_)", re.IGNORECASE)
_LOGIN = re.compile(r"(?<=://)[^/\s@]+@")


@dataclass
class Discretion:
    """Goes through JSON and leaves things out; `shortened` and `redacted` name what it met."""

    home: Path | None = None
    """The folder whose owner is not told."""
    shortened: list[str] = field(default_factory=list)
    redacted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._mask = _mask(self.home)

    def applied(self, value: Any, place: str = "") -> Any:
        """Give the value as it may be told."""
        if isinstance(value, str):
            return self._text(value, place)
        if isinstance(value, list):
            return [self.applied(item, f"{place}[{number}]") for number, item in enumerate(value)]
        if isinstance(value, Mapping):
            return {self._mask(key): self._item(key, item, f"{place}.{key}") for key, item in value.items()}
        return value

    def _item(self, key: str, value: Any, place: str) -> Any:
        if isinstance(value, str) and value and _SECRET.search(key):
            self.redacted.append(place.removeprefix("."))
            return REDACTED
        if key == "environment" and isinstance(value, Mapping):
            return {name: self._variable(name, each, f"{place}.{name}") for name, each in value.items()}
        if key == "inputs" and isinstance(value, Mapping):
            return {name: self.applied(_file(item), f"{place}.{name}") for name, item in value.items()}
        if key in OUTPUTS and isinstance(value, str) and len(value) > sum(OUTPUT):
            self.shortened.append(place.removeprefix("."))
            value = f"{value[: OUTPUT[0]]}\n[{len(value) - sum(OUTPUT)} characters left out]\n{value[-OUTPUT[1] :]}"
        return self.applied(value, place)

    def _variable(self, name: str, value: Any, place: str) -> Any:
        """Give a variable of a process: nobody knows what is in those that are not ours."""
        if name.startswith("PROCTOR_"):
            return self._item(name, value, place)
        self.redacted.append(place.removeprefix("."))
        return REDACTED

    def _text(self, value: str, place: str) -> str:
        told = _LOGIN.sub(f"{REDACTED}@", value)
        if told != value:
            self.redacted.append(place.removeprefix("."))
        return self._mask(told)


def _file(content: Any) -> Any:
    """Give a file, or what tells it from another."""
    if not isinstance(content, str) or len(content) <= FILE or content.startswith("{"):
        return content
    return {"sha256": hashlib.sha256(content.encode(errors="replace")).hexdigest(), "characters": len(content)}


def _mask(home: Path | None) -> Callable[[str], str]:
    """Make a function that hides the name of a home folder, and keeps its length: a step may cut texts."""
    if home is None or not home.name:
        return lambda text: text
    found = re.compile(rf"{re.escape(str(home))}(?![\w.-])")
    hidden = str(home.parent / ("x" * len(home.name)))
    return lambda text: found.sub(hidden, text)
