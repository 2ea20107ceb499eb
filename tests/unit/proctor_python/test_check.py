import re
import signal
import sys
import time

import psutil
import pytest

from proctor_python.check import Arguments, Check

PKG = {"pkg/__init__.py": "", "pkg/a.py": "def f(x):\n    if x:\n        return 1\n    return 2\n"}


@pytest.fixture
def check(tree, execute, target):
    def run(text, **more):
        tree({**PKG, "tests/test_a.py": text})
        arguments = {"component": "pkg/a.py", "test_files": ("tests/test_a.py",), **more}
        return Check.model_validate(execute("check", Arguments(target=target, **arguments)).report)

    return run


def outcomes(run):
    return {test.test.partition("::")[2]: test.outcome for test in run.tests}


def test_what_was_compared_is_told_whole_and_so_is_an_exception(check):
    run = check(
        """
import pytest
class Odd:
    def __repr__(self): raise ValueError
def test_text(): assert "a" * 500 + "\\n" == "b" * 500
def test_lines(): assert "\\n".join(map(str, range(99))) == ""
def test_list(): assert list(range(200)) == [1]
def test_float(): assert 1 / 3 == 0.33
def test_none(): assert None == "x" * 300
def test_said(): assert 3 == 4, "three is not four"
def test_long(): assert "a" * 9_999 == "b"
def test_odd(): assert Odd() == 3
def test_raising(): raise OSError("first\\n" + "second " * 99)
def test_caught():
    with pytest.raises(AssertionError): assert 1 == 2
    raise KeyError(3)
def test_passes(): assert 1 == 1
"""
    ).runs[0]
    found = {test.test.partition("::")[2]: test.found for test in run.tests}

    assert found["test_text"] == f"{'a' * 500 + chr(10)!r} == {'b' * 500!r}"
    assert found["test_lines"] == f"{chr(10).join(map(str, range(99)))!r} == ''"
    assert found["test_list"] == f"{[*range(200)]} == [1]"
    assert found["test_float"] == "0.3333333333333333 == 0.33"
    assert found["test_none"] == f"None == {'x' * 300!r}"
    assert found["test_said"] == "3 == 4"
    assert re.fullmatch(r"'a{997}\.\.\.a{998}' == 'b'", found["test_long"])
    assert found["test_odd"].endswith(" == 3")
    assert found["test_raising"] == f"OSError: first\n{'second ' * 99}".strip()
    assert found["test_caught"] == "KeyError: 3"
    assert found["test_passes"] == ""


def test_each_test_is_judged_alone(check):
    run = check(
        """
import pytest
def test_good(): assert 1
def test_bad(): assert 0, "\\0 \\udcff \\x1b"
def test_exits(): raise SystemExit(2)
@pytest.fixture
def broken(): raise OSError("no fixture")
def test_broken(broken): assert 1
@pytest.fixture
def untidy():
    yield
    raise OSError("no teardown")
def test_untidy(untidy): assert 1
@pytest.mark.skip("later")
def test_skipped(): assert 1
@pytest.mark.xfail(reason="known")
def test_expected(): assert 0
@pytest.mark.xfail
def test_unexpected(): assert 1
@pytest.mark.parametrize("n", [1, 2])
def test_cases(n): assert n == 1
"""
    ).runs[0]

    assert outcomes(run) == {
        "test_good": "passed",
        "test_bad": "failed",
        "test_exits": "failed",
        "test_broken": "error",
        "test_untidy": "error",
        "test_skipped": "skipped",
        "test_expected": "xfailed",
        "test_unexpected": "xpassed",
        "test_cases[1]": "passed",
        "test_cases[2]": "failed",
    }
    messages = {test.test.partition("::")[2]: test.message for test in run.tests}
    assert "no fixture" in messages["test_broken"]
    assert "no teardown" in messages["test_untidy"]
    assert "\0" not in messages["test_bad"]


def test_a_case_skipped_beside_one_that_passes_is_left_out(check):
    run = check(
        """
import pytest
@pytest.fixture(autouse=True, params=["plain", pytest.param("quick", marks=pytest.mark.skip("not built"))])
def way(request): pass
def test_good(): assert 1
@pytest.mark.skip("later")
def test_skipped(): assert 1
"""
    ).runs[0]

    assert outcomes(run) == {
        "test_good[plain]": "passed",
        "test_skipped[plain]": "skipped",
        "test_skipped[quick]": "skipped",
    }


def test_a_test_that_ends_the_run_is_named_and_the_others_still_run(check):
    report = check(
        """
import os, sys, time
from pkg.a import f
def test_first(): assert f(1) == 1
def test_ends(): os._exit(0)
def test_interrupts(): raise KeyboardInterrupt
def test_closes(): sys.stdout.close()
def test_hangs(): time.sleep(60)
def test_last(): assert f(0) == 2
""",
        test_seconds=4,
        measure=True,
    )
    run = report.runs[0]
    tests = {test.test.partition("::")[2]: test for test in run.tests}

    assert [name for name, test in tests.items() if test.outcome == "passed"] == ["test_first", "test_last"]
    assert {test.outcome for name, test in tests.items() if name not in ("test_first", "test_last")} == {"error"}
    assert "exit code 0" in tests["test_ends"].message
    assert "closed sys.stdout" in tests["test_closes"].message
    assert "time.sleep(60)" in tests["test_hangs"].message
    assert report.coverage.missing_lines == ()


def test_the_time_limit_ends_everything(check):
    run = check("import time\ndef test_a(): time.sleep(60)\ndef test_b(): assert 1\n", seconds=5).runs[0]

    assert "passed" not in outcomes(run).values()
    assert run.tests or run.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def test_(:\n", "SyntaxError"),
        ("import not_there\n", "not_there"),
        ("import pytest\npytest.skip('all of it', allow_module_level=True)\n", "all of it"),
    ],
    ids=["syntax", "import", "skip"],
)
def test_a_file_that_cannot_be_collected_is_run_once_and_says_why(check, text, said):
    report = check(text, runs=3)

    assert len(report.runs) == 1
    assert said in report.runs[0].uncollected[0].message


def test_runs_differ_in_order_and_hash_seed(check):
    mark = "import os\nimport pytest\n\n@pytest.mark.parametrize('n', range(9))\n"
    tests = mark + "def test_n(n): assert os.environ['PYTHONHASHSEED'] == '7'\n"
    first, second = check(tests, runs=2, shuffle=True, seed=7).runs

    assert [test.test for test in first.tests] != [test.test for test in second.tests]
    assert set(outcomes(first).values()) == {"passed"}
    assert set(outcomes(second).values()) == {"failed"}


def test_measures_lines_and_branches_test_by_test(check):
    report = check(
        "from pkg.a import f\ndef test_one(): assert f(1) == 1\ndef test_other(): assert True\n", measure=True
    )

    assert report.coverage.missing_lines == (4,)
    assert report.coverage.missing_arcs == ((2, 4),)
    gains = {test.partition("::")[2]: gain for test, gain in report.per_test.items()}
    assert gains["test_one"].lines == (2, 3)
    assert gains["test_one"].arcs == ((2, 3),)


def test_says_why_nothing_was_measured(check, tmp_path):
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "coverage.py").write_text("raise RuntimeError('not this one')\n")
    report = check("def test_one(): assert 1\n", measure=True)

    assert outcomes(report.runs[0]) == {"test_one": "passed"}
    assert report.coverage is None
    assert "not this one" in report.not_measured


def test_a_test_never_meets_the_programs(check):
    text = "import os\nimport pytest\n\ndef test_it():\n    with pytest.raises(ImportError): import pytest_run\n"
    report = check(text + "    assert 'PROCTOR_PYTEST' not in os.environ\n")

    assert outcomes(report.runs[0]) == {"test_it": "passed"}


def test_tells_which_tests_assert(load):
    asserts = load("assertions").asserts
    found = asserts(
        b"""
def test_plain(): assert 1
def test_raises():
    with pytest.raises(OSError): f()
def test_imported():
    with raises(OSError): f()
def test_mock(m): m.f.assert_called_once()
def test_nothing(): f()
def _look(x): _look_closer(x)
def _look_closer(x): assert x
def test_through(): _look(1)
def test_named(): same(1, 1)
@pytest.fixture
def checked(): assert 1
def test_fixture(checked): pass
class TestA(TestCase):
    def test_unit(self): self.assertEqual(1, 1)
    def test_own(self): self.look()
    def look(self): assert 1
    def test_calls_a_test(self): self.test_unit()
""",
        ["same"],
    )

    assert {name for name, answer in found.items() if not answer} == {"test_nothing", "TestA::test_calls_a_test"}


def test_a_thread_that_a_test_leaves_behind_does_not_hold_up_the_run(check):
    text = "import threading, time\n\ndef test_a():\n    threading.Thread(target=time.sleep, args=(60,)).start()\n"
    started = time.monotonic()

    assert outcomes(check(text, seconds=50).runs[0]) == {"test_a": "passed"}
    assert time.monotonic() - started < 40


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent died")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_ending_a_program_ends_what_it_started(tree, start, target, tmp_path, how):
    text = f"import os, time\n\ndef test_a():\n    open({str(tmp_path / 'pid')!r}, 'w').write(f'{{os.getpid()}}\\n')\n"
    tree({"tests/test_a.py": text + "    time.sleep(60)\n"})
    arguments = Arguments(target=target, component="pkg/a.py", test_files=("tests/test_a.py",), test_seconds=60)
    with start("check", arguments) as process:
        pid = int(wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip()))
        process.send_signal(how)
        process.wait(20)
        wait_for(lambda: has_ended(pid))


def has_ended(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_for(ready):
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        if answer := ready():
            return answer
        time.sleep(0.02)
    raise AssertionError("it did not come")


def test_a_pytest_that_cannot_run_is_no_tests_fault(check, tree):
    tree({"tests/conftest.py": "raise OSError('no service')\n"})
    run = check("def test_good(): assert 1\n").runs[0]
    assert run.broken
    assert "no service" in run.message
    assert not run.tests


def test_a_configuration_above_the_work_tree_is_not_taken(check, tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\nrequired_plugins = nobody-has-this\n")
    assert outcomes(check("def test_good(): assert 1\n").runs[0]) == {"test_good": "passed"}


def test_a_configuration_of_the_work_tree_is_taken(check, tree):
    tree({"setup.cfg": "[tool:pytest]\npython_functions = check_*\n"})
    assert outcomes(check("def check_good(): assert 1\n").runs[0]) == {"check_good": "passed"}
