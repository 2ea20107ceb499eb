"""How two JSON values differ, in a few lines that a person can read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import orjson

LONGEST = 160
"""Characters of a value that are shown, from around the first difference."""
BEFORE = 40
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where what was recorded and what came now are not the same."""

    place: str
    recorded: str
    now: str
    only_digest: bool = False
    """Only the digest of a long text is known, and that differs."""


def differences(recorded: Any, now: Any, place: str = "") -> Iterator[Difference]:
    """Go through two JSON values and give where they differ."""
    if isinstance(recorded, Mapping) and isinstance(now, Mapping):
        if _is_digest(recorded) and _is_digest(now):
            if recorded != now:
                yield Difference(place, _text(recorded), _text(now), only_digest=True)
            return
        for key in [*recorded, *(key for key in now if key not in recorded)]:
            inner = f"{place}.{key}" if place else key
            yield from differences(recorded.get(key, _NOTHING), now.get(key, _NOTHING), inner)
    elif _is_list(recorded) and _is_list(now):
        for number, (before, after) in enumerate(zip_longest(recorded, now, fillvalue=_NOTHING)):
            yield from differences(before, after, f"{place}[{number}]")
    elif recorded is _NOTHING or now is _NOTHING or not _same(recorded, now):
        yield Difference(place, *_shown(recorded, now))


def _same(recorded: Any, now: Any) -> bool:
    return bool(recorded == now) and isinstance(recorded, bool) == isinstance(now, bool)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_digest(value: Mapping[str, Any]) -> bool:
    return value.keys() == {"sha256", "characters"}


def _shown(recorded: Any, now: Any) -> tuple[str, str]:
    """Write both, from shortly before the place where they part."""
    before, after = _text(recorded), _text(now)
    same = next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), 0)
    start = max(0, same - BEFORE) if max(len(before), len(after)) > LONGEST else 0
    return _cut(before, start), _cut(after, start)


def _cut(text: str, start: int) -> str:
    end = start + LONGEST
    return ("…" if start else "") + text[start:end] + ("…" if len(text) > end else "")


def _text(value: Any) -> str:
    return "nothing" if value is _NOTHING else orjson.dumps(value).decode()
