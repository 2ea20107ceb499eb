from collections.abc import Callable

import pytest

from proctor.contracts.agent import Finding
from proctor_agents.repair import SuspectedBug, repair
from proctor_agents.writing import Draft, write_tests
from proctor_python.findings import PROVES_NOTHING

Run = Callable[[str, str], dict[str, BaseException | None]]

SHOP = '''\
class Price:
    """A price.

    >>> Price(3)
    3
    """

    def __init__(self, value):
        self.value = value

    def __repr__(self):
        return str(self.value)


def double(x):
    """Double.

    >>> double(2)
    4
    >>> double(3)
    7
    """
    return 2 * x


def count():
    """Count.

    >>> n = count()
    >>> next(n)
    0
    >>> next(n)
    2
    >>> next(n)
    3
    """
    return iter(range(9))
'''


def finding(test: str, message: str = "assert 1 == 2", detail: str = "", check: str = "run_tests") -> Finding:
    return Finding(test=test, check=check, message=message, detail=detail)


@pytest.fixture
def draft() -> Draft:
    return write_tests(SHOP, "shop")


def test_a_value_that_only_looks_like_its_literal_is_compared_as_text(draft: Draft, run: Run) -> None:
    assert run(SHOP, draft.text)["test_price"] is not None
    repaired = repair(draft.text, [finding("test_price")], draft)
    assert repaired.changed
    assert repaired.suspected_bugs == ()
    assert 'assert shown(Price(3), capsys) == "3\\n"' in repaired.text
    assert run(SHOP, repaired.text)["test_price"] is None


def test_what_fails_as_text_too_is_removed_and_reported(draft: Draft) -> None:
    first = repair(draft.text, [finding("test_double_3", "assert 6 == 7")], draft)
    assert (first.suspected_bugs, "def test_double_3" in first.text) == ((), True)
    second = repair(first.text, [finding("tests/test_shop.py::test_double_3", "assert '6' == '7'")], draft)
    assert "def test_double_3" not in second.text
    assert "def test_double_2" in second.text
    assert second.removed == ("test_double_3",)
    [bug] = second.suspected_bugs
    assert (bug.subject, bug.line, bug.example, bug.expected) == ("double", 20, "double(3)", "7\n")
    assert bug.message == "assert '6' == '7'"


MEAN = '''\
def mean(x):
    """Mean.

    >>> mean(1)
    3
    """


def fail(x):
    """Fail.

    >>> fail(1)
    Traceback (most recent call last):
    ValueError: too small
    """
'''
LONG = "word " * 2_000 + "end"


@pytest.mark.parametrize(
    ("test", "found", "told"),
    [
        ("test_mean", "'4\\n' == '3\\n'", "4"),
        ("test_mean", "'1\\n2\\n' == '3\\n'", "1\n2"),
        ("test_mean", "'' == '3\\n'", "nothing, as None shows"),
        ("test_mean", "'3 \\n' == '3\\n'", r'"3 \n"'),
        ("test_mean", "'\\x1b[1m4' == '3\\n'", r'"\x1b[1m4"'),
        ("test_mean", "OSError: 'a' == 'b'", "OSError: 'a' == 'b'"),
        ("test_mean", "KeyError: 1\n  in two lines", "KeyError: 1\n  in two lines"),
        ("test_mean", "", "assert 1 == 2"),
        ("test_mean", f"{LONG!r} == '3\\n'", f"{LONG[:2000]}…{LONG[-2000:]}"),
        ("test_fail", "'too large' == 'too small'", "ValueError: too large"),
        ("test_fail", "'KeyError' == 'ValueError'", "KeyError"),
    ],
)
def test_a_suspected_bug_tells_what_was_found_as_an_example_would_show_it(test: str, found: str, told: str) -> None:
    draft = write_tests(MEAN, "shop")
    text = repair(draft.text, [finding(test)], draft).text if test == "test_mean" else draft.text
    failure = Finding(test, "run_tests", "assert 1 == 2", "", found=found)
    [bug] = repair(text, [failure], draft).suspected_bugs
    assert bug.message == told
    assert bug.expected.strip() == {"test_mean": "3", "test_fail": "ValueError: too small"}[test]


def failures(outcomes: dict[str, BaseException | None]) -> list[Finding]:
    """Report failing tests with the place in the test, as a traceback has it."""
    found = []
    for name, error in outcomes.items():
        if error is not None:
            traceback = error.__traceback__
            while traceback and traceback.tb_frame.f_code.co_filename != "test_shop.py":
                traceback = traceback.tb_next
            assert traceback is not None
            found.append(finding(name, str(error), f"test_shop.py:{traceback.tb_lineno}: AssertionError"))
    return found


def test_a_session_keeps_what_comes_before_the_example_that_fails(draft: Draft, run: Run) -> None:
    text = draft.text
    bugs: list[SuspectedBug] = []
    for _ in range(2):
        repaired = repair(text, failures(run(SHOP, text)), draft)
        text, bugs = repaired.text, [*bugs, *repaired.suspected_bugs]
    assert {(bug.example, bug.expected, bug.line) for bug in bugs} == {("double(3)", "7\n", 20), ("next(n)", "2\n", 32)}
    assert "def test_count():\n    n = count()\n    assert next(n) == 0\n" in text
    assert not any(run(SHOP, text).values())
    assert repair(text, [], draft).changed is False


@pytest.mark.parametrize("message", ["ModuleNotFoundError: No module named 'x'", PROVES_NOTHING["skipped"]])
def test_what_only_lacks_its_surroundings_is_removed_without_a_suspicion(draft: Draft, message: str) -> None:
    repaired = repair(draft.text, [finding("test_double_2", message)], draft)
    assert (repaired.removed, repaired.suspected_bugs) == (("test_double_2",), ())


def test_the_imports_follow_the_tests(draft: Draft) -> None:
    text = draft.text
    for _ in range(2):
        text = repair(text, [finding("test_price")], draft).text
    assert text.splitlines()[2] == "from shop import count, double"


@pytest.mark.parametrize(
    "found",
    [
        finding("test_price", check="check_stability"),
        finding("", check="check_coverage"),
        finding("test_of_somebody_else"),
        finding("test_missing"),
    ],
)
def test_other_findings_change_nothing(draft: Draft, found: Finding) -> None:
    text = draft.text + "\n\ndef test_of_somebody_else():\n    assert False\n"
    repaired = repair(text, [found], draft)
    assert (repaired.text, repaired.changed, repaired.suspected_bugs) == (text, False, ())


def test_an_edited_test_is_left_alone(draft: Draft) -> None:
    text = draft.text.replace("double(3) == 7", "double(3) == 6")
    assert repair(text, [finding("test_double_3")], draft).text == text


def test_code_of_others_in_the_file_stays(draft: Draft) -> None:
    foreign = "\n\n# Recorded.\nLIMIT = len(os.sep)\n\n\ndef test_limit():\n    assert LIMIT == 1\n"
    text = draft.text.replace("from shop", "import os\n\nfrom shop") + foreign
    repaired = repair(text, [finding("test_double_3"), finding("test_price")], draft)
    assert "import os\n" in repaired.text
    assert "# Recorded.\nLIMIT = len(os.sep)\n" in repaired.text
    assert repaired.text.count("def test_limit") == 1
    compile(repaired.text, "test_shop.py", "exec")


def test_repair_ends_when_everything_fails(draft: Draft) -> None:
    text = draft.text
    for _ in range(9):
        repaired = repair(text, [finding(test.name) for test in draft.tests], draft)
        if not repaired.changed:
            break
        text = repaired.text
    assert "def test" not in text
    assert not repaired.changed
