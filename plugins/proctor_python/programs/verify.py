"""Run the project's suite together with our new tests, and take out those of ours that do not belong.

Arguments: {target, ours, paths, suite, measure, seconds, test_seconds}. `ours` are our test files, `paths` what
pytest is given for the suite, `suite` its outcomes at the baseline by node id, `measure` the source files whose
coverage is wanted. A test of ours that does not pass is removed and everything runs again, until it is green. A test
of the suite counts against us only if it passed at the baseline, fails in two runs with our files and passes without
them; then those of our files that cause it are removed. Of our files only whole lines are taken out, because whoever
lands them accepts nothing else; a file that would ask for more is removed. The report is `Verify`; the program exits
with 0 if one of our tests remains, else with 1.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Set

import drop
import pytest_run
import target

ROUNDS = 8
_EXTENSION = 60.0
_ENTANGLED = "a test in the same file had to go, and could not be taken out by removing lines alone"


@dataclass
class Verify:
    """The report. `tests` are ours that stay; `removed`: {test, reason}; `suite` what came of the suite's own."""

    tests: List[Dict[str, Any]] = field(default_factory=list)
    files: List[str] = field(default_factory=list)
    removed: List[Dict[str, str]] = field(default_factory=list)
    suite: Dict[str, Any] = field(default_factory=dict)
    coverage: Optional[Dict[str, Any]] = None
    not_measured: str = ""
    message: str = ""


@dataclass
class Trial:
    """Our files, the suite, and the time that is left to try them together."""

    where: target.Target
    files: List[str]
    paths: Sequence[str]
    suite: Mapping[str, str]
    measure: Sequence[str]
    test_seconds: float
    ends: float
    alone: bool = False
    """The suite used up the time: from now on ours run without it."""
    removed: List[Dict[str, str]] = field(default_factory=list)

    def left(self) -> float:
        """Return the seconds that are left."""
        return self.ends - time.monotonic()

    def run(self, files: Sequence[str], suite: bool = True, measure: bool = False) -> pytest_run.Outcomes:
        """Run our files, with the suite if wanted; those of ours that are not named do not run."""
        paths = [*self.paths, *_outside(files, self.paths)] if suite else list(files)
        if not paths:
            return pytest_run.Outcomes(ended=True)
        others = [path for path in self.files if path not in files]
        plan = pytest_run.Plan(
            paths, max(self.left(), 1.0), self.test_seconds, self.measure if measure else (), ignore=others
        )
        return pytest_run.run(self.where, plan)

    def ours(self, test: str) -> bool:
        """Tell whether a test, or a file that could not be collected, is one of ours."""
        return test.partition("::")[0] in self.files

    def harmed(self, outcomes: pytest_run.Outcomes) -> Set[str]:
        """Return the tests of the suite that passed at the baseline and now fail or cannot be collected."""
        bad = set(outcomes.bad())
        passed = (test for test, outcome in self.suite.items() if outcome == "passed" and not self.ours(test))
        return {test for test in passed if test in bad or test.partition("::")[0] in outcomes.uncollected}

    def remove(self, file: str, tests: Mapping[str, str]) -> None:
        """Take tests (with reasons) out of one of our files."""
        reasons = dict(tests)
        source = _source(file)
        dropped = drop.drop(Path(file), list(tests))
        if not dropped.deleted and not _is_less(source, _source(file)):
            reasons.update({f"{file}::{test}": _ENTANGLED for test in dropped.remaining})
            dropped = drop.drop(Path(file), [file])
        if dropped.deleted:
            self.files.remove(file)
        self.removed += [{"test": test, "reason": target.end(reason, 2_000)} for test, reason in reasons.items()]


def main() -> None:
    """Verify, report and say by the exit code whether one of ours remains."""
    values = target.arguments()
    trial = Trial(
        where=values["target"],
        files=[path for path in values["ours"] if Path(path).is_file()],
        paths=values["paths"],
        suite=values["suite"],
        measure=values["measure"],
        test_seconds=values["test_seconds"],
        ends=time.monotonic() + values["seconds"],
    )
    report = verify(trial)
    target.report(report)
    sys.exit(0 if report.tests else 1)


def verify(trial: Trial) -> Verify:
    """Run until everything is green or nothing of ours is left."""
    report, outcomes = Verify(), pytest_run.Outcomes()
    excused: Set[str] = set()
    for _ in range(ROUNDS):
        if not trial.files:
            break
        outcomes = _round(trial)
        if _take_out(trial, outcomes):
            continue
        harmed = set() if trial.alone else trial.harmed(outcomes) - excused
        if not harmed or not _take_out_culprits(trial, harmed, excused):
            break
    else:  # still not quiet: what cannot be proven in time is not landed
        for file in list(trial.files):
            trial.remove(file, {file: f"not green after {ROUNDS} rounds"})
    return _report(trial, report, outcomes, excused)


def _round(trial: Trial) -> pytest_run.Outcomes:
    """Run everything; when the suite uses up the time, ours run once more alone."""
    outcomes = trial.run(trial.files, suite=not trial.alone, measure=True)
    late = any(trial.ours(test) for test in outcomes.unreached)
    if not trial.alone and (late or not any(trial.ours(test) for test in outcomes.tests)):
        trial.alone, trial.ends = True, max(trial.ends, time.monotonic() + _EXTENSION)
        alone = trial.run(trial.files, suite=False)
        outcomes.tests.update(alone.tests)
        outcomes.uncollected.update(alone.uncollected)
        outcomes.unreached = alone.unreached
        outcomes.message = outcomes.message or alone.message
    return outcomes


def _take_out(trial: Trial, outcomes: pytest_run.Outcomes) -> bool:
    """Remove those of our tests that did not pass; tell whether there were any."""
    reasons: Dict[str, Dict[str, str]] = {}
    for entry in pytest_run.as_list(outcomes):
        if trial.ours(entry["test"]) and entry["outcome"] != "passed":
            reason = f"{entry['outcome']} together with the suite: {entry['message']}"
            reasons.setdefault(entry["test"].partition("::")[0], {})[entry["test"]] = reason
    for file in trial.files:
        if file in outcomes.uncollected:
            reasons[file] = {file: f"cannot be collected: {outcomes.uncollected[file]}"}
        elif not any(test.startswith(f"{file}::") for test in [*outcomes.tests, *outcomes.unreached]):
            reasons[file] = {file: f"no test of it ran: {outcomes.message}"}
    for file, tests in reasons.items():
        trial.remove(file, tests)
    return bool(reasons)


def _take_out_culprits(trial: Trial, harmed: Set[str], excused: Set[str]) -> bool:
    """Remove those of our files that break the suite; tell whether to run again."""
    again = trial.harmed(trial.run(trial.files)) & harmed
    without = trial.run([])
    caused = {test for test in again if without.good(test)}
    excused |= harmed - caused
    if not caused:
        return False
    for file in _culprits(trial, trial.files, caused):
        trial.remove(file, {file: f"breaks tests of the suite: {', '.join(sorted(caused)[:10])}"})
    return True


def _source(file: str) -> bytes:
    path = Path(file)
    return path.read_bytes() if path.is_file() else b""


def _is_less(before: bytes, after: bytes) -> bool:
    """Tell whether one text is the other with whole lines removed."""
    lines = iter(before.splitlines(keepends=True))
    return all(line in lines for line in after.splitlines(keepends=True))


def _culprits(trial: Trial, files: Sequence[str], caused: Set[str]) -> List[str]:
    """Halve our files until those that break the suite stand alone; short of time, all of them count."""
    if len(files) == 1 or trial.left() <= 0:
        return list(files)
    middle = len(files) // 2
    found = []
    for part in (files[:middle], files[middle:]):
        if trial.harmed(trial.run(part)) & caused:
            found += _culprits(trial, part, caused)
    if not found and trial.harmed(trial.run(files)) & caused:
        return list(files)  # only together do they break it
    return found


def _outside(files: Sequence[str], paths: Sequence[str]) -> List[str]:
    """Return our files that pytest does not find by itself in the suite's folders."""
    folders = {Path(path) for path in paths}
    return [file for file in files if not folders & {Path(file), *Path(file).parents}]


def _report(trial: Trial, report: Verify, outcomes: pytest_run.Outcomes, excused: Set[str]) -> Verify:
    ours = [entry for entry in pytest_run.as_list(outcomes) if trial.ours(entry["test"])]
    others = {test: entry["outcome"] for test, entry in outcomes.tests.items() if not trial.ours(test)}
    passed = sum(outcome == "passed" for outcome in others.values())
    report.tests = [entry for entry in ours if entry["outcome"] == "passed"]
    report.files, report.removed = sorted({entry["test"].partition("::")[0] for entry in report.tests}), trial.removed
    report.suite = {
        "ran": len(others),
        "passed": passed,
        "not_ours": sorted(excused)[:100],
        "failed_before": sum(outcome != "passed" for outcome in trial.suite.values()),
        "unreached": sum(not trial.ours(test) for test in outcomes.unreached),
    }
    report.coverage, report.not_measured = outcomes.coverage, outcomes.not_measured
    report.message = "" if outcomes.ended else target.end(outcomes.message, 2_000)
    return report


if __name__ == "__main__":
    main()
