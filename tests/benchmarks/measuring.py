"""What every benchmark here does: meter the CPU, take medians, print a small table and one line of JSON."""

import json
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

Row = Mapping[str, object]


@dataclass(slots=True)
class Meter:
    """Seconds that a block took: CPU of this process with all its threads, and by the clock."""

    cpu: float = 0.0
    wall: float = 0.0

    def __enter__(self) -> Self:
        self.cpu, self.wall = -time.process_time(), -time.perf_counter()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.cpu += time.process_time()
        self.wall += time.perf_counter()


def middle(meters: Iterable[Meter]) -> Meter:
    """Give the medians of several runs."""
    cpu, wall = zip(*((meter.cpu, meter.wall) for meter in meters), strict=True)
    return Meter(statistics.median(cpu), statistics.median(wall))


def alternated(rounds: int, *sides: Callable[[], Meter]) -> Sequence[Meter]:
    """Run the sides in turn, after one round to warm up, and give each side's median."""
    taken = [[side() for side in sides] for _ in range(rounds + 1)]
    return [middle(runs) for runs in zip(*taken[1:], strict=True)]


def report(name: str, rows: Sequence[Row]) -> None:
    """Print the rows as a table, then as JSON."""
    titles = list(rows[0])
    lines = [titles, *([_shown(row[title]) for title in titles] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True)))
    print(json.dumps({"benchmark": name, "rows": rows}))


def _shown(value: object) -> str:
    return "-" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)
