"""What a session has to show for itself, read from JSON that a plugin wrote: nothing in it is taken for granted."""

from collections.abc import Sequence
from dataclasses import dataclass

from proctor.cli.wording import change, clean
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

    def told(self) -> dict[str, str]:
        """Give what is known by its label, which is as wide as the others: the example has none."""
        values = {"": self.example, "expected  ": self.expected, "found     ": self.message}
        return {label: value for label, value in values.items() if value}


@dataclass(frozen=True, slots=True)
class DroppedTest:
    """A test that was written and does not land."""

    test: str
    """Its name in pytest; empty if it is the file as a whole."""
    reason: str

    @property
    def own_name(self) -> str:
        """Its name in its file."""
        return self.test.rpartition("::")[2]

    @classmethod
    def read(cls, value: JsonObject) -> "DroppedTest":
        """Read one entry of a product's `dropped_tests` or `removed`."""
        return cls(text(value.get("test")) or "", text(value.get("reason")) or "")


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
    dropped_tests: tuple[DroppedTest, ...] = ()
    """Those of which the names are known; of very many only the first."""
    files: tuple[str, ...] = ()
    """Of tests, as paths in the repository."""
    notices: tuple[str, ...] = ()

    @property
    def coverage(self) -> str:
        """Write what became of coverage. Where no test came, nothing did, whatever was measured."""
        return change(self.before, self.after) if self.tests else "–"

    @property
    def merely_dropped(self) -> tuple[DroppedTest, ...]:
        """Those that are not told as suspected bugs already."""
        return tuple(each for each in self.dropped_tests if not self.suspects(each))

    @property
    def only_bugs(self) -> bool:
        """Whether every test that was written is a suspected bug."""
        told = len(self.dropped_tests) == self.dropped and not self.merely_dropped
        return bool(self.bugs) and not self.tests and told

    def suspects(self, dropped: DroppedTest) -> bool:
        """Tell whether a dropped test is a suspected bug."""
        return dropped.own_name in {bug.test.rpartition("::")[2] for bug in self.bugs}

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
            dropped_tests=tuple(DroppedTest.read(each) for each in mappings(value.get("dropped_tests"))),
            files=tuple(mapping(value.get("files"))),
            notices=texts(value.get("notices")),
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


def texts(value: Json) -> tuple[str, ...]:
    """Give the texts in a list that say something."""
    found = map(text, value) if isinstance(value, (list, tuple)) else ()
    return tuple(each for each in found if each)


def _number(value: Json) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
