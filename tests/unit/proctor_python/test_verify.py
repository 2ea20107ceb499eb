import pytest

from proctor_python.verify import Arguments, Verify

BASE = {
    "pyproject.toml": "",
    "pkg/__init__.py": "STATE = []\n\n\ndef f(x):\n    return x\n",
    "tests/test_z_suite.py": "import pkg\n\ndef test_clean(): assert pkg.STATE == []\n\ndef test_red(): assert 0\n",
}
SUITE = {"tests/test_z_suite.py::test_clean": "passed", "tests/test_z_suite.py::test_red": "failed"}


@pytest.fixture
def verify(tree, execute, target):
    def run(files, suite=SUITE, **more):
        tree({**BASE, **files})
        ours = {"ours": tuple(name for name in files if name not in BASE), "paths": ("tests",), "suite": suite}
        done = execute("verify", Arguments(target=target, **{**ours, **more}))
        return Verify.model_validate(done.report), done.exit_code

    return run


def names(report):
    return [test.test for test in report.tests]


def test_what_is_green_together_stays(verify):
    report, exit_code = verify(
        {"tests/test_ours.py": "import pkg\n\ndef test_f(): assert pkg.f(1) == 1\n"}, measure=("pkg/__init__.py",)
    )

    assert exit_code == 0
    assert names(report) == ["tests/test_ours.py::test_f"]
    assert report.removed == ()
    assert (report.suite.ran, report.suite.passed, report.suite.failed_before) == (2, 1, 1)
    assert report.coverage["pkg/__init__.py"].percent == 100


def test_what_fails_is_removed_and_the_rest_stays(verify, tmp_path):
    text = "def test_good(): assert 1\n\n\ndef test_bad(): assert 0, 'no'\n"
    report, exit_code = verify({"tests/test_ours.py": text, "tests/test_broken.py": "import not_there\n"})

    assert exit_code == 0
    assert names(report) == ["tests/test_ours.py::test_good"]
    assert {removed.test for removed in report.removed} == {"tests/test_ours.py::test_bad", "tests/test_broken.py"}
    assert (tmp_path / "tree/tests/test_ours.py").read_text() == "def test_good(): assert 1\n"
    assert not (tmp_path / "tree/tests/test_broken.py").exists()


def test_a_file_of_ours_that_breaks_the_suite_is_removed(verify):
    files = {
        "tests/test_a.py": "def test_a(): assert 1\n",
        "tests/test_b.py": "import pkg\n\ndef test_b():\n    pkg.STATE.append(1)\n    assert 1\n",
    }
    report, exit_code = verify(files)

    assert exit_code == 0
    assert report.files == ("tests/test_a.py",)
    assert "test_clean" in report.removed[0].reason


def test_a_suite_that_breaks_by_itself_does_not_count_against_us(verify):
    suite = dict.fromkeys(SUITE, "passed")
    report, exit_code = verify({"tests/test_ours.py": "def test_good(): assert 1\n"}, suite)

    assert exit_code == 0
    assert report.suite.not_ours == ("tests/test_z_suite.py::test_red",)


def test_nothing_left_is_exit_code_1(verify):
    report, exit_code = verify({"tests/test_ours.py": "def test_bad(): assert 0\n"})

    assert exit_code == 1
    assert report.tests == ()


def test_a_suite_that_hangs_leaves_ours_judged(verify):
    hanging = {"tests/test_a_hangs.py": "import time\n\ndef test_hang(): time.sleep(60)\n"}
    files = {**hanging, "tests/test_ours.py": "def test_good(): assert 1\n"}
    report, exit_code = verify(files, ours=("tests/test_ours.py",), seconds=1.5)

    assert exit_code == 0
    assert names(report) == ["tests/test_ours.py::test_good"]


def test_a_file_goes_when_removing_lines_is_not_enough(verify, tmp_path):
    text = "if True:\n    def test_bad(): assert 0\nelse:\n    x = 1\n\n\ndef test_good(): assert 1\n"
    report, exit_code = verify({"tests/test_ours.py": text, "tests/test_a.py": "def test_a(): assert 1\n"})

    assert exit_code == 0
    assert names(report) == ["tests/test_a.py::test_a"]
    assert [removed.test.partition("::")[2] for removed in report.removed] == ["test_bad", "test_good"]
    assert "by removing lines alone" in report.removed[1].reason
    assert not (tmp_path / "tree/tests/test_ours.py").exists()
