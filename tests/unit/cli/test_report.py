"""What the three reports tell of a run, and that foreign text does them no harm."""

import json
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.cli.reports.report import Delivered, Part, Report, rendered
from proctor.cli.runs.about import StrangerStep
from proctor.cli.tree.product import DroppedTest, Product, SuspectedBug
from proctor.cli.tree.summary import Row, Summary

BUG = SuspectedBug("test_wrong", "assert 356 == 350", "fahrenheit(180)", "350", 11)
SUITE = {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package"}
GRAMMAR = {
    "testsuites": (set(), {"testsuite"}),
    "testsuite": (SUITE, {"properties", "testcase", "system-out", "system-err"}),
    "properties": (set(), {"property"}),
    "property": ({"name", "value"}, set()),
    "testcase": ({"classname", "name", "time"}, {"skipped", "failure", "error"}),
    "skipped": ({"message"}, set()),
    "failure": ({"message", "type"}, set()),
    "error": ({"message", "type"}, set()),
    "system-out": (set(), set()),
    "system-err": (set(), set()),
}
"""Element -> its attributes and children: what junit-10.xsd and Ant's schema both allow, and Ant's asks for."""


def part(
    name: str = "shop.prices",
    verdict: str = "proven",
    made: Product | None = None,
    error: str | None = None,
    delivered: tuple[Delivered, ...] = (),
    dropped: tuple[DroppedTest, ...] = (),
) -> Part:
    return Part(Row(name, "c" * 32, verdict, 1, 2.5, made or Product(), error), delivered, dropped)


def report(*parts: Part, status: str = "complete", error: str | None = None, name: str = "shop") -> Report:
    landed = status == "complete"
    branch, commit = ("tests-for-shop", "c0ffee" * 7) if landed else (None, None)
    rows = tuple(each.row for each in parts)
    summary = Summary("d" * 32, status, rows, 2, branch, commit, error, 9.0)
    strangers = (StrangerStep("component_testing", "lint", "acme", "1.0"),)
    python = "Python 3.12.1 (/home/me/bin/python)"
    return Report(name, "context_testing", "builtin", "/r", "b" * 40, 1e9, python, summary, parts, strangers, ("slow",))


PROVEN = part(
    made=Product(tests=2, before=40.0, after=90.0, bugs=(BUG,)),
    delivered=(
        Delivered("tests/test_prices.py::TestIt::test_a[x::y]", 0.25),
        Delivered("tests/test_prices.py::test_b", 0.0),
    ),
    dropped=(DroppedTest("tests/test_prices.py::test_c", "check_stability: not green"),),
)
NOTHING = part("shop.clock", "none", Product(reason="no docstring has an example"))
FAILED = part("shop.till", "failed", error="the agent cannot be started")


def parsed(document: str) -> ET.Element:
    return ET.fromstring(document.encode())  # noqa: S314 # it is our own


def suites(document: str) -> dict[str, ET.Element]:
    return {suite.get("name", ""): suite for suite in parsed(document)}


def cases(suite: ET.Element) -> dict[str, list[str]]:
    return {case.get("name", ""): [child.tag for child in case] for case in suite.iter("testcase")}


def allowed(element: ET.Element) -> bool:
    attributes, children = GRAMMAR[element.tag]
    assert set(element.attrib) == attributes, element.tag
    assert {child.tag for child in element} <= children, element.tag
    return all(allowed(child) for child in element)


class TestMarkdown:
    def test_it_tells_a_reviewer_what_landed_what_looks_wrong_and_what_is_missing(self) -> None:
        told = rendered(report(PROVEN, NOTHING), "markdown")
        assert "Landed on the branch `tests-for-shop`, commit `c0ffeec0ff`, on top of commit `bbbbbbbbbb`." in told
        assert "| `shop.prices` | proven | 2 | 0 | 40 → 90 % |" in told
        assert "**`test_wrong`** in `shop.prices`, line 11:" in told
        assert "```text\nfahrenheit(180)\nexpected  350\nfound     assert 356 == 350\n```" in told
        assert "| `shop.prices` | `test_c` | check\\_stability: not green |" in told
        assert "- `shop.clock`: no docstring has an example" in told
        assert "## Notices\n\n- slow\n" in told
        assert "acme 1.0): it never ran" in told

    def test_an_only_test_that_is_a_suspected_bug_is_told_once(self) -> None:
        dropped = DroppedTest(f"tests/test_prices.py::{BUG.test}", "run_tests: AssertionError")
        told = Product(dropped=1, bugs=(BUG,), dropped_tests=(dropped,), reason="run_tests: AssertionError")
        text = rendered(report(part("shop.clock", "none", told, dropped=(dropped,))), "markdown")
        assert "- `shop.clock`: its only test is the suspected bug above" in text
        assert "Dropped tests" not in text

    def test_a_value_of_several_lines_stays_in_its_column_and_is_whole(self) -> None:
        bug = SuspectedBug("test_x", "a\n" + "b" * 3000, expected="a\nc")
        told = rendered(report(part(made=Product(bugs=(bug,)))), "markdown")
        assert f"expected  a\n          c\nfound     a\n          {'b' * 3000}\n```" in told

    def test_it_does_not_tell_the_public_where_things_lie_at_home(self) -> None:
        told = rendered(report(PROVEN), "markdown")
        assert "The tests ran with Python 3.12.1." in told
        assert "/home/me" not in told

    def test_it_leaves_out_what_there_is_not(self) -> None:
        told = rendered(report(part(made=Product(tests=1))), "markdown")
        assert not re.search("## (Suspected|Dropped|Not tested)", told)

    def test_of_a_failed_run_it_tells_why(self) -> None:
        told = rendered(report(FAILED, status="failed", error="no test is left"), "markdown")
        assert "the session is **failed**:\n\n```text\nno test is left\n```" in told
        assert "- `shop.till`: the agent cannot be started" in told

    def test_of_a_run_that_has_not_ended_it_tells_how_far_it_came(self) -> None:
        told = rendered(report(part("shop.a", "running"), part("shop.b", "waiting"), status="active"), "markdown")
        assert "the session is **not finished**." in told
        assert "- `shop.a`: it is still under way\n- `shop.b`: it has not begun\n" in told

    def test_it_fits_into_a_pull_request_however_much_there_is(self) -> None:
        bugs = tuple(SuspectedBug(f"test_{n}", "x" * 4000, "y" * 4000, "z" * 4000) for n in range(50))
        dropped = tuple(DroppedTest(f"t.py::test_{n}", "x" * 300) for n in range(200))
        parts = [part(f"shop.module_{n}", made=Product(tests=1)) for n in range(300)]
        told = rendered(report(part(made=Product(bugs=bugs), dropped=dropped), *parts), "markdown")
        assert len(told) < 65_536
        assert "more suspected bugs; the JSON report has them all" in told
        assert "more dropped tests" in told


class TestJUnit:
    def test_a_component_is_a_suite_and_a_test_is_a_case_as_in_the_reports_of_pytest(self) -> None:
        suite = suites(rendered(report(PROVEN), "junit"))["shop.prices"]
        assert cases(suite) == {"test_a[x::y]": [], "test_b": [], "test_c": ["skipped"], "test_wrong": ["failure"]}
        assert [case.get("classname") for case in suite.iter("testcase")] == [
            "tests.test_prices.TestIt", "tests.test_prices", "tests.test_prices", "shop.prices",
        ]  # fmt: skip
        counted = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped", "time")}
        assert counted == {"tests": "4", "failures": "1", "errors": "0", "skipped": "1", "time": "2.500"}

    def test_a_suspected_bug_has_its_example(self) -> None:
        failure = suites(rendered(report(PROVEN), "junit"))["shop.prices"].find(".//failure")
        assert failure is not None
        assert failure.text == "line 11\nexample: fahrenheit(180)\nexpected: 350\nfound: assert 356 == 350"

    def test_no_tests_is_skipped_and_a_failed_component_is_an_error(self) -> None:
        found = suites(rendered(report(NOTHING, FAILED), "junit"))
        assert cases(found["shop.clock"]) == {"the component as a whole": ["skipped"]}
        assert cases(found["shop.till"]) == {"the component as a whole": ["error"]}
        assert [(each.get("skipped"), each.get("errors")) for each in found.values()] == [("1", "0"), ("0", "1")]

    @pytest.mark.parametrize("status", ["failed", "cancelled", "active"])
    def test_a_run_that_did_not_land_is_never_green(self, status: str) -> None:
        found = suites(rendered(report(status=status, error="why"), "junit"))
        assert cases(found["shop"]) == {"landing": ["error"]}

    def test_it_keeps_to_the_common_schema(self) -> None:
        for each in (report(PROVEN, NOTHING, FAILED), report(), report(FAILED, status="failed", error="x")):
            document = rendered(each, "junit")
            assert allowed(parsed(document))
            assert re.search(r'timestamp="2001-09-09T01:46:40"', document) or not each.parts

    @given(st.text(max_size=50) | st.sampled_from(["]]>", "<x>&", "\x00\x08", "\ud800", "\ufffe", "\x1b[31mred"]))
    def test_hostile_text_leaves_it_well_formed(self, text: str) -> None:
        bug = SuspectedBug(text, text, text, text)
        hostile = part(text, "partial", Product(bugs=(bug,), reason=text), delivered=(Delivered(f"{text}::{text}", 1),))
        document = rendered(report(hostile, FAILED, status="failed", error=text, name=text), "junit")
        assert allowed(parsed(document))


def test_the_json_has_everything_and_says_its_version() -> None:
    told = json.loads(rendered(report(PROVEN, NOTHING), "json"))
    assert (told["v"], told["kind"], told["branch"], told["status"]) == (1, "report", "tests-for-shop", "complete")
    prices = told["components"][0]
    assert prices["delivered"][1] == {"test": "tests/test_prices.py::test_b", "seconds": 0.0}
    assert prices["dropped_tests"] == [{"test": "tests/test_prices.py::test_c", "reason": "check_stability: not green"}]
    assert prices["suspected_bugs"][0]["example"] == "fahrenheit(180)"
    assert told["notices"] == ["slow"]
    assert told["strangers"][0]["distribution"] == "acme"


def test_what_was_measured_is_no_change_where_no_test_came() -> None:
    told = rendered(report(part("shop.till", "none", Product(before=75.0, after=75.0, reason="why"))), "markdown")
    assert "| `shop.till` | none | 0 | 0 | – |" in told
