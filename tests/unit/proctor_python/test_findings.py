from proctor import Finding
from proctor_python import findings
from proctor_python.check import Check, Run
from proctor_python.measured import Measured
from proctor_python.report import TestOutcome, Uncollected


def run(seed=1, **outcomes):
    return Run(seed=seed, tests=tuple(TestOutcome(test=name, outcome=outcome) for name, outcome in outcomes.items()))


def test_a_good_test_passes_and_asserts():
    check = Check(runs=(run(a="passed", b="passed", c="skipped", d="passed"),), asserts={"a": True, "b": False})

    assert [finding.test for finding in findings.of_run(check)] == ["b", "c"]
    assert findings.good_tests(check) == ["a", "d"]


def test_a_failure_is_headed_by_the_line_that_says_most():
    failed = TestOutcome(
        test="a",
        outcome="failed",
        message="def test_a():\n>   assert f() == 1\nE   assert 2 == 1\n\nfile.py:1",
        found="2 == 1",
    )
    (finding,) = findings.of_run(Check(runs=(Run(seed=1, tests=(failed,)),)))

    assert (finding.check, finding.message, finding.detail) == ("run_tests", "assert 2 == 1", failed.message)
    assert finding.found == "2 == 1"
    assert Finding.from_json(finding.to_json()) == finding


def test_a_file_that_cannot_be_collected_is_one_finding():
    broken = Run(seed=1, uncollected=(Uncollected(path="t.py", message="E   SyntaxError: no"),))
    (finding,) = findings.of_run(Check(runs=(broken,)))

    assert (finding.test, finding.message) == ("", "t.py cannot be collected: SyntaxError: no")


def test_a_file_without_tests_is_a_finding():
    assert findings.of_run(Check(runs=(run(),)))[0].message == "pytest found no test in the file."


def test_a_stable_test_is_green_in_every_run():
    runs = (run(1, a="passed", b="passed"), run(2, b="failed", a="passed"), run(3, a="passed"))
    (finding,) = findings.of_stability(Check(runs=runs))

    assert finding.test == "b"
    assert "2 of 3 runs" in finding.message
    assert finding.detail.startswith("Seed 2:")


def test_coverage_is_a_finding_only_if_something_was_open_and_nothing_gained():
    def found(baseline, now):
        return findings.of_coverage(Check(runs=(), coverage=now), baseline, "pkg/a.py")

    part, full = Measured(executed_lines=(1,), missing_lines=(2,)), Measured(executed_lines=(1, 2))
    assert "pkg/a.py" in found(part, part)[0].message
    assert found(part, full) == []
    assert found(full, full) == []
    assert found(None, part) == []
    assert found(part, None) == []


def test_of_a_wrong_syntax_the_reason_is_told_and_not_the_place():
    message = (
        'E     File "/work/test_a.py", line 1\nE       def test(:\nE                ^\nE   SyntaxError: invalid syntax'
    )
    check = Check(runs=(Run(seed=1, uncollected=(Uncollected(path="test_a.py", message=message),)),))
    assert findings.of_run(check)[0].message == "test_a.py cannot be collected: SyntaxError: invalid syntax"
