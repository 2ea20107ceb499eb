"""How every harness ends: a small table, and 1 if a promise was broken."""

from collections.abc import Mapping, Sequence


def report(counts: Mapping[str, float], broken: Sequence[str]) -> int:
    """Print what was done and give the exit code."""
    rows = {**counts, "violations": len(broken)}
    width = max(map(len, rows))
    for name, number in rows.items():
        shown = f"{number:.1f}" if isinstance(number, float) else number
        print(f"{name:<{width}}  {shown:>7}")
    return 1 if broken else 0
