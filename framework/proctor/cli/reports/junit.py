"""A report as JUnit XML: a suite for each component, with what both common schemas of that format ask for.

They are Jenkins' (junit-10.xsd) and Apache Ant's; the second also wants an order, and elements that may be empty.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from proctor.cli.reports.report import Delivered, Part, Report
from proctor.cli.tree.product import DroppedTest, SuspectedBug
from proctor.cli.wording import clean, first_line, percent

_FORBIDDEN = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot have, not even escaped."""
_BROUGHT_TO_AN_END = ("proven", "partial", "none", "complete")


def junit(report: Report) -> str:
    """Write a report for continuous integration."""
    root = Element("testsuites")
    for part in report.parts:
        _suite(root, report, part.row.name, _cases(part), _properties(part), part.row.seconds)
    if not report.summary.landed:
        _suite(root, report, report.name, [_not_landed(report)], [], report.summary.seconds)
    indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}\n'


def _suite(
    root: Element,
    report: Report,
    name: str,
    cases: Sequence[Element],
    properties: Sequence[tuple[str, str]],
    seconds: float | None,
) -> None:
    suite = _element("testsuite", id=str(len(root)), name=name, package=report.name, hostname="localhost")
    suite.set("timestamp", f"{datetime.fromtimestamp(report.created_at, UTC):%Y-%m-%dT%H:%M:%S}")
    suite.set("tests", str(len(cases)))
    for attribute, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(case.find(kind) is not None for case in cases)))
    suite.set("time", f"{seconds or 0.0:.3f}")
    told = SubElement(suite, "properties")
    told.extend(_element("property", name=key, value=value) for key, value in [*_session(report), *properties])
    suite.extend([*cases, Element("system-out"), Element("system-err")])
    root.append(suite)


def _session(report: Report) -> list[tuple[str, str]]:
    known = {"session": report.summary.session_id, "branch": report.summary.branch, "commit": report.summary.commit}
    return [(name, value) for name, value in known.items() if value]


def _properties(part: Part) -> list[tuple[str, str]]:
    made = part.row.product
    coverage = [("coverage.before", made.before), ("coverage.after", made.after)]
    return [("outcome", part.row.verdict), *((name, percent(share)) for name, share in coverage if share is not None)]


def _cases(part: Part) -> list[Element]:
    name = part.row.name
    return [
        *map(_delivered, part.delivered),
        *(_dropped(name, each) for each in part.dropped),
        *(_bug(name, each) for each in part.row.product.bugs),
        *_without_tests(part),
    ]


def _delivered(test: Delivered) -> Element:
    return _case(*_named(test.test), seconds=test.seconds)


def _dropped(component: str, test: DroppedTest) -> Element:
    case = _case(*(_named(test.test) if "::" in test.test else (component, test.test or "the file")))
    case.append(_element("skipped", f"dropped: {test.reason}", message=f"dropped: {first_line(test.reason)}"))
    return case


def _bug(component: str, bug: SuspectedBug) -> Element:
    case = _case(component, bug.test or "suspected bug")
    facts = {"example": bug.example, "expected": bug.expected, "found": bug.message}
    told = "\n".join(f"{name}: {value}" for name, value in facts.items() if value)
    where = f"line {bug.line}\n" if bug.line else ""
    case.append(_element("failure", where + told, message=first_line(bug.message), type="suspected_bug"))
    return case


def _without_tests(part: Part) -> Iterator[Element]:
    """Make a case of a component that has none: it is an error unless its session was brought to an end."""
    row = part.row
    if row.verdict in _BROUGHT_TO_AN_END and (row.product.tests or part.dropped or row.product.bugs):
        return
    case, why = _case(row.name, "the component as a whole"), row.why or row.verdict
    if row.verdict in (*_BROUGHT_TO_AN_END, "cancelled"):
        case.append(_element("skipped", why, message=f"no tests: {first_line(why)}"))
    else:
        case.append(_element("error", why, message=f"{row.verdict}: {first_line(why)}", type=row.verdict))
    yield case


def _not_landed(report: Report) -> Element:
    summary = report.summary
    why = summary.error or "\n".join(summary.blocked) or "no branch was made"
    case = _case(report.name, "landing")
    case.append(_element("error", why, message=f"{summary.status}: {first_line(why)}", type=summary.status))
    return case


def _named(test: str) -> tuple[str, str]:
    """Give the class and the name as pytest's own reports have them."""
    if "::" not in test:
        return test, test
    file, *classes = test.partition("[")[0].split("::")
    module = file.removesuffix(".py").replace("/", ".")
    return ".".join([module, *classes[:-1]]), test[len("::".join([file, *classes[:-1]])) + 2 :]


def _case(classname: str, name: str, seconds: float = 0.0) -> Element:
    return _element("testcase", classname=classname, name=name, time=f"{seconds:.3f}")


def _element(tag: str, content: str | None = None, **attributes: str) -> Element:
    element = Element(tag, {name: _legal(value) for name, value in attributes.items()})
    element.text = None if content is None else _legal(content)
    return element


def _legal(value: str) -> str:
    return _FORBIDDEN.sub("\ufffd", clean(value))
