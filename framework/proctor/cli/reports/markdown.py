"""A report as Markdown, for the text of a pull request: of long lists it tells the beginning."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from proctor.cli.reports.foreign import block, code, inline, row
from proctor.cli.reports.report import Part, Report
from proctor.cli.reports.terminal import excerpt, history, totals
from proctor.cli.tree.product import SuspectedBug
from proctor.cli.tree.summary import Row
from proctor.cli.wording import SHORT_COMMIT

MOST = 60_000
"""Characters: forges take some 65,000. The JSON has everything."""
MOST_COMPONENTS, MOST_DROPPED, MOST_OTHERS = 200, 40, 40
BUGS, VALUE = 20_000, 4_000
"""Characters of all suspected bugs, and of one of their values."""
CHARACTERS = 500
"""Of one message."""
_UNENDED = {"cancelled": "it was cancelled", "running": "it is still under way", "waiting": "it has not begun"}


def markdown(report: Report) -> str:
    """Write a report for people."""
    sections = (_head, _components, _bugs, _dropped, _untested, _notices, _strangers, _origin)
    told, left = list[str](), MOST
    for lines in filter(None, (list(section(report)) for section in sections)):
        text = "\n".join(lines)
        told.append(text if len(text) <= left else "… There is more than fits here; the JSON report has it all.")
        left -= len(told[-1])
    return "\n\n".join(told) + "\n"


def _head(report: Report) -> Iterator[str]:
    summary = report.summary
    yield f"# Tests for {code(report.name)}"
    yield ""
    base = f"commit {code(report.base[:SHORT_COMMIT])}"
    if summary.landed:
        commit = f", commit {code(summary.commit[:SHORT_COMMIT])}" if summary.commit else ""
        where = f"on the branch {code(summary.branch)}{commit}" if summary.branch else "without a branch"
        yield f"Landed {where}, on top of {base}."
        return
    why = summary.error or "\n".join(summary.blocked)
    word = summary.status if summary.status != "active" else "blocked" if summary.blocked else "not finished"
    yield f"Nothing landed on {base}: the session is **{word}**{'.' if not why else ':'}"
    if why:
        yield ""
        yield block(_cut(excerpt(why)))


def _components(report: Report) -> Iterator[str]:
    if not report.parts:
        return
    yield "| component | outcome | tests | dropped | coverage |"
    yield "| :-- | :-- | --: | --: | --: |"
    yield from _some([_component(part.row) for part in report.parts], MOST_COMPONENTS, "components")
    yield ""
    yield inline(totals(report.summary)) + "."


def _component(each: Row) -> str:
    made = each.product
    return row(code(each.name), inline(each.verdict), str(made.tests), str(made.dropped), made.coverage)


def _bugs(report: Report) -> Iterator[str]:
    found = [(part.row.name, bug) for part in report.parts for bug in part.row.product.bugs]
    if found:
        yield "## Suspected bugs"
        yield ""
        yield "The code does not bear these tests out. They are kept out of the commit."
        told = ["\n".join(_bug(component, bug)) for component, bug in found]
        fitting = sum(size <= BUGS for size in accumulate(map(len, told)))
        yield from told[:fitting]
        yield from _more(len(found) - fitting, "suspected bugs")


def _bug(component: str, bug: SuspectedBug) -> Iterator[str]:
    where = f", line {bug.line}" if bug.line else ""
    told = [f"{label}{_hanging(label, _cut(value, VALUE))}" for label, value in bug.told().items()]
    yield ""
    yield f"**{code(bug.test) or 'A test'}** in {code(component)}{where}:"
    yield ""
    yield block("\n".join(told))


def _hanging(label: str, value: str) -> str:
    return value.replace("\n", "\n" + " " * len(label))


def _dropped(report: Report) -> Iterator[str]:
    found = [
        (part.row.name, each) for part in report.parts for each in part.dropped if not part.row.product.suspects(each)
    ]
    if found:
        yield "## Dropped tests"
        yield ""
        yield "| component | test | why |"
        yield "| :-- | :-- | :-- |"
        rows = [row(code(name), code(_own_name(each.test)), inline(_cut(each.reason))) for name, each in found]
        yield from _some(rows, MOST_DROPPED, "dropped tests")


def _own_name(test: str) -> str:
    return test.partition("::")[2] or test or "the whole file"


def _untested(report: Report) -> Iterator[str]:
    found = [part for part in report.parts if not part.row.product.tests]
    if found:
        yield "## Not tested"
        yield ""
        yield from _some([_why(part) for part in found], MOST_OTHERS, "components")


def _why(part: Part) -> str:
    why = part.row.lack or _UNENDED.get(part.row.verdict, "no reason was given")
    return f"- {code(part.row.name)}: {inline(_cut(excerpt(why)))}"


def _notices(report: Report) -> Iterator[str]:
    if report.notices:
        yield "## Notices"
        yield ""
        yield from _some([f"- {inline(_cut(each))}" for each in report.notices], MOST_OTHERS, "notices")


def _strangers(report: Report) -> Iterator[str]:
    if report.strangers:
        yield "## Steps of other distributions"
        yield ""
        for each in report.strangers:
            yield f"- {inline(str(each))}: {inline(history(report.summary, each.workflow, each.step))}"


def _origin(report: Report) -> Iterator[str]:
    python = (report.interpreter or "").partition(" (")[0]  # where it lies is nobody's business in public
    verb = "ran" if report.summary.tested else "run"
    ran = f"The tests {verb} with {inline(python)}. " if python else ""
    spent = f" Spent: {spending}." if (spending := inline(report.summary.spending.told())) else ""
    session = code(report.summary.session_id)
    yield f"{ran}Written by the agent {inline(report.agent)}, session {session}, Proctor {report.version}.{spent}"


def _some(lines: Sequence[str], most: int, things: str) -> Iterator[str]:
    yield from lines[:most]
    yield from _more(len(lines) - most, things)


def _more(number: int, things: str) -> Iterator[str]:
    if number > 0:
        yield ""
        yield f"… and {number} more {things}; the JSON report has them all."


def _cut(message: str, most: int = CHARACTERS) -> str:
    return message if len(message) <= most else f"{message[:most]}…"
