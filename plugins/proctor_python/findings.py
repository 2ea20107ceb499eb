"""What is wrong with tests, judged from the report of their runs."""

from collections.abc import Iterator

from proctor import Finding
from proctor_python.check import Check, Run
from proctor_python.measured import Measured, gained

RUN, STABILITY, COVERAGE = "run_tests", "check_stability", "check_coverage"

PROVES_NOTHING = {
    "skipped": "The test is skipped, so it proves nothing.",
    "xfailed": "The test is marked to fail. If the code is wrong, report a suspected bug instead.",
    "xpassed": "The test is marked to fail, but it passes. Remove the mark.",
}


def of_run(check: Check) -> list[Finding]:
    """Return what keeps tests from being good: one that is good passes and asserts."""
    run = check.runs[0]
    found = [*_of_file(run, RUN)]
    for test in run.tests:
        if test.outcome != "passed":
            message = (
                PROVES_NOTHING.get(test.outcome) or _headline(test.message) or f"The test ended as {test.outcome}."
            )
            found.append(Finding(test.test, RUN, message, test.message, found=test.found))
        elif not check.asserts.get(test.test, True):
            found.append(Finding(test.test, RUN, "The test asserts nothing, so it can never fail."))
    return found


def of_stability(check: Check) -> list[Finding]:
    """Return the tests that are not green in every run, with the seed that shows it."""
    found = {finding.message: finding for run in check.runs for finding in _of_file(run, STABILITY)}
    tests = dict.fromkeys(test.test for run in check.runs for test in run.tests)
    return [*found.values(), *(finding for test in tests if (finding := _unstable(test, check.runs)))]


def of_coverage(check: Check, baseline: Measured | None, path: str) -> list[Finding]:
    """Return a finding if lines or branches were open and the new tests execute none of them. It condemns no test."""
    if baseline is None or check.coverage is None or baseline.is_full or gained(baseline, check.coverage):
        return []
    message = f"The tests execute no line or branch of {path} that was not executed before."
    lines = ", ".join(str(line) for line in baseline.missing_lines[:100])
    arcs = ", ".join(f"{start} -> {end}" for start, end in baseline.missing_arcs[:100])
    detail = f"Open lines: {lines or 'none'}\nOpen branches: {arcs or 'none'}"
    return [Finding("", COVERAGE, message, detail, condemns=False)]


def of_idleness(check: Check, path: str) -> list[Finding]:
    """Return the tests that execute nothing of the component at all."""
    if check.coverage is None:
        return []
    message = f"The test executes no line of {path} but those that run when it is imported."
    return [Finding(test.test, COVERAGE, message) for test in check.runs[0].tests if not check.per_test.get(test.test)]


def good_tests(check: Check) -> list[str]:
    """Return the tests that no finding of the first run names."""
    bad = {finding.test for finding in of_run(check)}
    return [test.test for test in check.runs[0].tests if test.test not in bad]


def _of_file(run: Run, check: str) -> Iterator[Finding]:
    for problem in run.uncollected:
        headline = _headline(problem.message)
        yield Finding("", check, f"{problem.path} cannot be collected: {headline}", problem.message)
    if not run.tests and not run.uncollected:
        message = "pytest found no test in the file."
        if run.message:
            message = f"pytest broke down before it ran a test: {_headline(run.message)}"
        yield Finding("", check, message, run.message)


def _unstable(test: str, runs: tuple[Run, ...]) -> Finding | None:
    outcomes = [next((entry for entry in run.tests if entry.test == test), None) for run in runs]
    bad = [
        (run.seed, entry) for run, entry in zip(runs, outcomes, strict=True) if not entry or entry.outcome != "passed"
    ]
    if not bad:
        return None
    seed, entry = bad[0]
    message = f"The test is not green in {len(bad)} of {len(runs)} runs (shuffled, with different hash seeds)."
    return Finding(test, STABILITY, message, f"Seed {seed}: {entry.message if entry else 'it was not collected'}")


def _headline(message: str) -> str:
    """Return the line that says most: the first that pytest marks with an E, else the last.

    Of a syntax error the marked lines begin with the place, and the last of them says what is wrong. What our own
    runner says of a run begins with it, and may end with the place.
    """
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    marked = [line[1:].strip() for line in lines if line.startswith("E ")]
    if marked and not marked[0].startswith("File "):
        return marked[0][:300]
    if lines and lines[0].startswith(("stopped after ", "pytest ended early ", "pytest ran out of time")):
        return (f"{lines[0]} {lines[-1]}" if lines[0].endswith(":") else lines[0])[:300]
    return (marked or lines or [""])[-1][:300]
