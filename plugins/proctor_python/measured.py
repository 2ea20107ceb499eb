"""Coverage of one component: what was executed, what was not, and what tests add."""

from collections import Counter
from collections.abc import Mapping

from proctor_python.report import Value

Arc = tuple[int, int]


class Gain(Value):
    """Lines and branch arcs that something executed."""

    lines: tuple[int, ...] = ()
    arcs: tuple[Arc, ...] = ()

    @property
    def items(self) -> set[int | Arc]:
        """Return lines and arcs together."""
        return {*self.lines, *self.arcs}

    def __bool__(self) -> bool:
        return bool(self.lines or self.arcs)


class Measured(Value):
    """Lines and branch arcs of a file as coverage.py counts them; an arc with a negative end leaves its code block."""

    executed_lines: tuple[int, ...] = ()
    missing_lines: tuple[int, ...] = ()
    executed_arcs: tuple[Arc, ...] = ()
    missing_arcs: tuple[Arc, ...] = ()

    @property
    def percent(self) -> float:
        """Return executed lines and arcs in percent of all, as coverage.py does; 100 if there are none."""
        executed = len(self.executed_lines) + len(self.executed_arcs)
        total = executed + len(self.missing_lines) + len(self.missing_arcs)
        return 100.0 * executed / total if total else 100.0

    @property
    def is_full(self) -> bool:
        """Tell whether nothing is open."""
        return not self.missing_lines and not self.missing_arcs

    def united(self, other: "Measured") -> "Measured":
        """Return what was executed in either of two measurements of the same source."""
        lines = {*self.executed_lines, *other.executed_lines}
        arcs = {*self.executed_arcs, *other.executed_arcs}
        return Measured(
            executed_lines=tuple(sorted(lines)),
            missing_lines=tuple(sorted({*self.missing_lines, *other.missing_lines} - lines)),
            executed_arcs=tuple(sorted(arcs)),
            missing_arcs=tuple(sorted({*self.missing_arcs, *other.missing_arcs} - arcs)),
        )


def percent_before(baseline: Measured | None) -> float | None:
    """Return the component's coverage at the baseline; None when it was not measured."""
    return None if baseline is None else baseline.percent


def percent_after(baseline: Measured | None, now: Measured | None) -> float | None:
    """Return the component's coverage by the existing tests together with the new ones; None: not measured."""
    if now is None:
        return None
    return (now if baseline is None else baseline.united(now)).percent


def gained(baseline: Measured, now: Measured) -> Gain:
    """Return what was open at the baseline and is executed now."""
    return Gain(
        lines=tuple(sorted(set(now.executed_lines) - set(baseline.executed_lines))),
        arcs=tuple(sorted(set(now.executed_arcs) - set(baseline.executed_arcs))),
    )


def adding_nothing(per_test: Mapping[str, Gain], baseline: Measured | None) -> list[str]:
    """Return the tests whose lines and arcs the baseline and the other new tests execute anyway."""
    known = baseline or Measured()
    executed: set[int | Arc] = {*known.executed_lines, *known.executed_arcs}
    own: dict[str, set[int | Arc]] = {test: gain.items - executed for test, gain in per_test.items()}
    times = Counter(item for items in own.values() for item in items)
    return sorted(test for test, items in own.items() if all(times[item] > 1 for item in items))
