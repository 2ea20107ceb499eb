"""How numbers, times and foreign text are written. Text of others never brings control characters along."""

import re

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)?", re.DOTALL)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_COUNT = re.compile(r"\d+ \w+")
SHORT_ID = 8
"""Digits of a session's id that are shown."""
SHORT_COMMIT = 10
_PLACE = re.compile(r", at [^\s:]+:\d+\W*$")
"""Where a fault happened, at the end of its message."""
LINE = 200
"""Characters of a foreign line that are shown; the rest is in the session."""


def clean(text: str) -> str:
    """Remove terminal escapes and control characters; lines and tabs stay."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text.replace("\r\n", "\n")))


def first_line(text: str | None) -> str:
    """Give the first line that says something."""
    return next((line.strip() for line in clean(text or "").splitlines() if line.strip()), "")


def gist(text: str | None) -> str:
    """Give the first line; if that only counts what follows (`2 findings`), the second as well."""
    lines = [line.strip() for line in clean(text or "").splitlines() if line.strip()]
    return ": ".join(lines[:2] if lines and _COUNT.fullmatch(lines[0]) else lines[:1])


def clipped(line: str, seen: int = 0) -> str:
    """Cut a line, so that one of others never fills the screen; the place of a fault and the character `seen` stay."""
    if len(line) > LINE and seen > LINE // 2:
        line = f"…{line[seen - LINE // 4 :]}"
    if len(line) <= LINE:
        return line
    place = found[0][-LINE // 2 :] if (found := _PLACE.search(line)) else ""
    return f"{line[: LINE - 1 - len(place)]}…{place}"


def clock(seconds: float) -> str:
    """Write a time as on a stopwatch: 0:07, 12:30, 1:02:03."""
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration(seconds: float) -> str:
    """Write how long something took: 0.4 s, 12 s, 3:05."""
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    return f"{seconds:.0f} s" if seconds < 99.5 else clock(seconds)


def age(seconds: float) -> str:
    """Write how long ago something was: 5 s, 12 min, 3 h, 9 days."""
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length * (2 if unit == "days" else 1):
            return f"{int(seconds // length)} {unit}"
    return f"{int(max(0.0, seconds))} s"


def count(number: int, noun: str) -> str:
    """Write a number of things: 1 test, 3 tests."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def percent(share: float | None) -> str:
    """Write a percentage; a dash where nothing was measured. 100 is only said of what is complete."""
    if share is None:
        return "–"
    return f"{min(round(share), 99) if share < 100 else 100}"


def change(before: float | None, after: float | None) -> str:
    """Write what became of a percentage: 41 → 88 %."""
    return "–" if before is None and after is None else f"{percent(before)} → {percent(after)} %"


def shortened(name: str, width: int) -> str:
    """Cut a dotted name at its front to `width` columns, for its end tells it apart."""
    from rich.cells import cell_len

    if cell_len(name) <= width:
        return name
    begin = next(at for at in range(len(name) + 1) if cell_len(name[at:]) < width)
    return f"…{name[begin:]}"
