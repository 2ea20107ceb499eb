"""Run test files several times and say, per run and test, what came of it.

Arguments: {target, test_files, component, runs, shuffle, seed, measure, seconds, test_seconds, assertion_helpers}.
`component` is the source file that is measured (in the first run). Each run has its own seed (`seed`, `seed` + 1, …)
for the order of the tests and for string hashes. The report is `Check`; a file that cannot be collected is run once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import assertions
import pytest_run
import target


@dataclass
class Check:
    """The report. `runs`: {seed, tests, uncollected, message, broken}; `asserts`: test -> does it assert."""

    runs: List[Dict[str, Any]] = field(default_factory=list)
    asserts: Dict[str, bool] = field(default_factory=dict)
    coverage: Optional[Dict[str, Any]] = None
    per_test: Dict[str, Any] = field(default_factory=dict)
    not_measured: str = "not asked for"


def main() -> None:
    """Check and report."""
    values, check = target.arguments(), Check()
    ends = time.monotonic() + values["seconds"]
    for number in range(values["runs"]):
        plan = _plan(values, number, max(ends - time.monotonic(), 1.0))
        outcomes = pytest_run.run(values["target"], plan)
        check.runs.append(_run(plan.seed, outcomes))
        if plan.measure:
            _take_coverage(check, outcomes, values["component"])
        if not outcomes.tests:
            break
    tests = [entry["test"] for entry in check.runs[0]["tests"]] if check.runs else []
    check.asserts = _asserts(values["test_files"], tests, values["assertion_helpers"])
    target.report(check)


def _plan(values: Dict[str, Any], number: int, seconds: float) -> pytest_run.Plan:
    measured = values["measure"] and number == 0
    return pytest_run.Plan(
        paths=values["test_files"],
        seconds=seconds,
        test_seconds=values["test_seconds"],
        measure=[values["component"]] if measured else (),
        per_test=measured,
        seed=values["seed"] + number,
        shuffle=values["shuffle"],
    )


def _run(seed: Optional[int], outcomes: pytest_run.Outcomes) -> Dict[str, Any]:
    return {
        "seed": seed,
        "tests": pytest_run.as_list(outcomes),
        "uncollected": [{"path": path, "message": text} for path, text in outcomes.uncollected.items()],
        "message": "" if outcomes.ended else target.end(outcomes.message, 4_000),
        "broken": outcomes.broken,
    }


def _take_coverage(check: Check, outcomes: pytest_run.Outcomes, component: str) -> None:
    check.coverage = (outcomes.coverage or {}).get(component)
    check.not_measured = "" if check.coverage else outcomes.not_measured or "the run ended before it was measured"
    if check.coverage:
        ran = {what: {str(item) for item in check.coverage[f"executed_{what}"]} for what in ("lines", "arcs")}
        check.per_test = {
            test: {what: [item for item in gained[what] if str(item) in ran[what]] for what in ran}
            for test, gained in outcomes.per_test.items()
            if test
        }


def _asserts(files: Sequence[str], tests: Sequence[str], helpers: Sequence[str]) -> Dict[str, bool]:
    known = {}
    for path in files:
        try:
            found = assertions.asserts(Path(path).read_bytes(), helpers)
        except (OSError, SyntaxError, ValueError):  # pytest says it better
            continue
        known.update({f"{path}::{name}": answer for name, answer in found.items()})
    return {test: known[test.split("[")[0]] for test in tests if test.split("[")[0] in known}


if __name__ == "__main__":
    main()
