"""What a session has to show for itself, read from JSON that a plugin wrote: nothing in it is taken for granted."""

from collections.abc import Sequence
from dataclasses import dataclass

from proctor.cli.wording import clean
from proctor.domain.json import EMPTY, Json, JsonObject


@dataclass(frozen=True, slots=True)
class SuspectedBug:
    """A test that failed because the code, or what is written about it, looks wrong."""

    test: str
    message: str
    example: str | None = None
    expected: str | None = None
    line: int | None = None

    @classmethod
    def read(cls, value: JsonObject) -> "SuspectedBug":
        """Read one entry of a product's `suspected_bugs`."""
        return cls(
            test=text(value.get("test")) or "",
            message=text(value.get("message")) or "",
            example=text(value.get("example")),
            expected=text(value.get("expected")),
            line=whole(value.get("line")) or None,
        )


@dataclass(frozen=True, slots=True)
class Product:
    """What came of one component."""

    tests: int = 0
    dropped: int = 0
    before: float | None = None
    """Coverage in percent; None is not measured."""
    after: float | None = None
    reason: str | None = None
    """Why there is no test, or not every one."""
    bugs: tuple[SuspectedBug, ...] = ()

    @classmethod
    def read(cls, value: JsonObject) -> "Product":
        """Read a child's product, or an entry of the root's `components`."""
        coverage = mapping(value.get("coverage"))
        return cls(
            tests=whole(value.get("tests")),
            dropped=whole(value.get("dropped")),
            before=_number(coverage.get("before")),
            after=_number(coverage.get("after")),
            reason=text(value.get("reason")),
            bugs=tuple(SuspectedBug.read(bug) for bug in mappings(value.get("suspected_bugs"))),
        )


def text(value: Json) -> str | None:
    """Give the value if it is a text that says something, without control characters."""
    return clean(value).strip() or None if isinstance(value, str) else None


def whole(value: Json) -> int:
    """Give the value if it is a whole number, else 0."""
    return value if isinstance(value, int) else 0


def mapping(value: Json) -> JsonObject:
    """Give the value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else EMPTY


def mappings(value: Json) -> Sequence[JsonObject]:
    """Give the objects in a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, (list, tuple)) else []


def _number(value: Json) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
