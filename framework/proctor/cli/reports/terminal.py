"""The end of a run on one page: the table, what looks wrong, what is missing, and where the tests are."""

from collections.abc import Sequence
from dataclasses import dataclass
from posixpath import commonpath, dirname
from shlex import quote

from rich.console import Console
from rich.table import Table
from rich.text import Text

from proctor.cli.output import indented
from proctor.cli.output import table as new_table
from proctor.cli.program import command
from proctor.cli.runs.about import StrangerStep
from proctor.cli.runs.live import SIGNS
from proctor.cli.tree.summary import Row, Summary
from proctor.cli.wording import SHORT_COMMIT, SHORT_ID, clean, clipped, count, duration

FIRST, LAST = 2, 3
"""Lines of a message that are shown, from its beginning and from its end."""
VALUE_FIRST, VALUE_LAST = 12, 4
"""Lines of a value that are shown, from its beginning and from its end."""
NAMES = 5
"""Components that are named for one reason; the table has them all."""
NARROW = 70
"""Columns from which on there is room for coverage, attempts and time beside the names."""


@dataclass(frozen=True, slots=True)
class Hints:
    """How the commands begin and end that the user may want next."""

    git: str = "git"
    database: str = ""
    """What names the database, if it is not the usual one."""
    strangers: Sequence[StrangerStep] = ()
    """Steps that other distributions brought or changed."""
    interpreter: str | None = None
    """What ran the tests."""
    notices: Sequence[str] = ()
    """What the user should know of the package, in sentences without full stops."""
    refused: bool = False
    """The same again would be refused again: the cause lies in what was ordered, or in the package."""
    deterministic: bool = False
    """The agent would write the same again."""
    path: str = "PATH"
    """What was run, quoted."""
    with_sessions: bool = False
    """Name each component's session, for a closer look."""


def report(console: Console, summary: Summary, hints: Hints) -> None:
    """Print what came of a run."""
    if summary.rows:
        console.print()
        console.print(_table(summary.rows, with_sessions=hints.with_sessions, narrow=console.width < NARROW))
        console.print()
        console.print(totals(summary), highlight=False)
    _bugs(console, summary.rows)
    _missing(console, summary.rows, hints)
    _dropped(console, summary.rows, hints)
    _removed(console, summary)
    _circumstances(console, summary, hints)
    console.print()
    for line in _ending(summary, hints):
        if line.plain.startswith(" "):  # a command to paste
            console.print(line, soft_wrap=True, highlight=False)
        else:
            indented(console, line, by=0)


def _table(rows: Sequence[Row], *, with_sessions: bool, narrow: bool) -> Table:
    """Make the table; in a narrow window with only what tells components apart."""
    table, again = new_table(), not with_sessions or any(row.attempts > 1 for row in rows)
    columns = {
        "tests": not (narrow and with_sessions),
        "coverage": not narrow,
        "attempts": again and not narrow,
        "time": not narrow,
    }
    table.add_column("component", overflow="fold")
    table.add_column("outcome", no_wrap=True)
    for name in (name for name, wanted in columns.items() if wanted):
        table.add_column(name, justify="right", no_wrap=True)
    if with_sessions:
        table.add_column("session", no_wrap=True)
    for row in rows:
        sign, colour = SIGNS.get(row.verdict, ("·", ""))
        cells = [cell for cell, wanted in zip(_cells(row), columns.values(), strict=True) if wanted]
        session = [row.session_id[:SHORT_ID]] if with_sessions else []
        table.add_row(Text(row.name), Text(f"{sign} {row.verdict}", colour), *cells, *session)
    return table


def _cells(row: Row) -> tuple[str, str, str, str]:
    """Write tests, coverage, attempts and time."""
    made = row.product
    tests = f"{made.tests} (−{made.dropped})" if made.dropped else str(made.tests)
    seconds = "" if row.seconds is None else duration(row.seconds)
    return tests, made.coverage, str(row.attempts), seconds


def totals(summary: Summary) -> str:
    """Count the components by outcome, and the tests, on one line."""
    rows = summary.rows
    verdicts = dict.fromkeys(row.verdict for row in sorted(rows, key=_rank))
    counted = ", ".join(f"{sum(row.verdict == verdict for row in rows)} {verdict}" for verdict in verdicts)
    tests = summary.tests if summary.landed else sum(row.product.tests for row in rows)
    dropped = sum(row.product.dropped for row in rows)
    parts = [f"{count(len(rows), 'component')}: {counted}", count(tests, "test")]
    parts += [f"{dropped} dropped"] if dropped else []
    parts += [duration(summary.seconds)] if summary.seconds is not None else []
    parts += [spent] if (spent := summary.spending.told()) else []
    return " · ".join(parts)


def _rank(row: Row) -> int:
    return [*SIGNS].index(row.verdict) if row.verdict in SIGNS else len(SIGNS)


def _bugs(console: Console, rows: Sequence[Row]) -> None:
    found = [(row, bug) for row in rows for bug in row.product.bugs]
    if not found:
        return
    console.print()
    console.print(
        Text("Suspected bugs", "bold"),
        Text("(the code does not bear these tests out; they are kept out of the commit)", "dim"),
    )
    for row, bug in found:
        where = f"{row.name}, line {bug.line}" if bug.line else row.name
        console.print(Text.assemble("  ", (where, "yellow"), f"  {bug.test}"), soft_wrap=True)
        for label, value in bug.told().items():
            _value(console, label, value)


def _value(console: Console, label: str, value: str) -> None:
    """Print a value beside its label, or only below the margin without one; of a long one the beginning and the end."""
    margin = 4 + len(label)
    lines = [line.plain.rstrip() for line in Text(value).wrap(console, max(20, console.width - margin))]
    left_out = len(lines) - VALUE_FIRST - VALUE_LAST
    if left_out > 1:
        lines[VALUE_FIRST:-VALUE_LAST] = [f"… {left_out} more lines; the JSON report has them"]
    for number, line in enumerate(lines):
        head = label if number == 0 else " " * len(label)
        console.print(Text.assemble("    ", (head, "dim"), line), no_wrap=True, overflow="ignore")


def _missing(console: Console, rows: Sequence[Row], hints: Hints) -> None:
    missing = [row for row in rows if row.why and row.verdict != "blocked"]  # the ending tells of those
    if not missing:
        return
    console.print()
    console.print(Text("Without tests", "bold"))
    for why in dict.fromkeys(row.lack for row in missing):
        _reason(console, [row for row in missing if row.lack == why], why or "", hints)


def _dropped(console: Console, rows: Sequence[Row], hints: Hints) -> None:
    """Tell why tests were dropped of components that have others."""
    lacking = [row for row in rows if row.product.merely_dropped and row.product.tests]
    if not lacking:
        return
    console.print()
    console.print(Text("Dropped tests", "bold"), Text("(written, but not borne out by the checks)", "dim"))
    for row in lacking:
        first, *others = row.product.merely_dropped
        more = f"\nand {len(others)} more" if others else ""
        _reason(console, [row], f"{first.own_name}: {first.reason}{more}", hints)


def _reason(console: Console, rows: Sequence[Row], why: str, hints: Hints) -> None:
    """Print what is to be said of components, and the command that shows the output of the first."""
    names = ", ".join(row.name for row in rows[:NAMES])
    names += f" and {len(rows) - NAMES} more" if len(rows) > NAMES else ""
    indented(console, Text.assemble((names, "yellow"), f"  {excerpt(why)}"), by=2)
    way = command(f"sessions show {rows[0].session_id[:SHORT_ID]}{hints.database}")
    console.print(Text(f"    {way}", "dim"), soft_wrap=True)


def _removed(console: Console, summary: Summary) -> None:
    if not summary.removed:
        return
    console.print()
    console.print(Text("Removed at landing", "bold"), Text("(proven alone, but not together with the others)", "dim"))
    for test, reason in summary.removed.items():
        indented(console, Text.assemble((clean(test), "yellow"), f"  {excerpt(reason)}"), by=2)


def _circumstances(console: Console, summary: Summary, hints: Hints) -> None:
    verb = "ran" if summary.tested else "run"
    told = [f"The tests {verb} with {hints.interpreter}."] if hints.interpreter else []
    told += [f"The step {each} took part: {history(summary, each.workflow, each.step)}." for each in hints.strangers]
    told += [f"Note: {clean(notice)}." for notice in hints.notices]
    if told:
        console.print()
        indented(console, Text("\n".join(told)), by=0)


def history(summary: Summary, workflow: str, step: str) -> str:
    """Say how often a step got which status, and whether it waits for an answer."""
    mine = {key[2]: number for key, number in summary.judged.items() if key[:2] == (workflow, step)}
    said = [f"{number} {status}" for status, number in sorted(mine.items())]
    said += ["it waits for an answer"] if (workflow, step) in summary.asking else []
    return ", ".join(said) or ("it has not run yet" if summary.status == "active" else "it never ran")


def excerpt(message: str) -> str:
    """Shorten a message to its beginning, which says what happened, and its end, which says why."""
    lines = [clipped(line.rstrip()) for line in clean(message).splitlines() if line.strip()]
    return "\n".join(lines if len(lines) <= FIRST + LAST else [*lines[:FIRST], "…", *lines[-LAST:]])


def _ending(summary: Summary, hints: Hints) -> Sequence[Text]:
    def way(verb: str) -> str:
        return command(f"sessions {verb} {summary.session_id[:SHORT_ID]}{hints.database}")

    session = way("show")
    match summary.status:
        case "complete":
            return _landed(summary, hints)
        case "failed":
            return (
                Text.assemble(("Failed: ", "bold red"), excerpt(summary.error or "no reason was given")),
                Text(f"  what happened  {session}"),
                *([Text(f"  to try again   {way('retry')}, {_condition(summary)}")] if _helps(summary, hints) else []),
                Text(f"  after changes  begin anew: {command('run')} {hints.path}{hints.database}"),
            )
        case "cancelled":
            return (
                Text("Cancelled. No branch was made. What is proven stays."),
                Text(f"  how far it came  {session}"),
                Text(f"  to go on         {way('retry')} && {way('continue')}"),
            )
    if summary.blocked:
        return (
            *(Text.assemble(("Blocked: ", "bold red"), excerpt(reason)) for reason in summary.blocked),
            Text(f"  how far it came  {session}"),
            Text(f"  to continue      {way('continue')}, once that is put right"),
        )
    if summary.paused:
        return (
            Text.assemble(("Paused.", "bold yellow"), " What is done is kept."),
            Text(f"  how far it came  {session}"),
            *(_resume(each, hints) for each in summary.paused[:NAMES]),
            Text(f"  then             {way('continue')}"),
        )
    return (
        Text("Not finished."),
        Text(f"  how far it came  {session}"),
        Text(f"  to continue      {way('continue')}"),
    )


def _landed(summary: Summary, hints: Hints) -> Sequence[Text]:
    if summary.branch is None:
        return (Text.assemble(("Complete.", "bold green"), " No branch was made."),)
    commit = f" ({summary.commit[:SHORT_COMMIT]})" if summary.commit else ""
    branch = quote(summary.branch)
    return (
        Text.assemble(("Landed", "bold green"), f" on the branch {summary.branch}{commit}."),
        Text(f"It is new, with one commit{_contents(summary)}. Your checkout is as it was."),
        Text(f"  to read it  {hints.git} log -p -1 {branch} --"),
        Text(f"  to try it   {hints.git} switch {branch}"),
        Text(f"  to take it  {hints.git} merge {branch}"),
    )


def _contents(summary: Summary) -> str:
    """Say where the tests lie, as far as that is known."""
    files = [file for row in summary.rows if row.product.tests for file in row.product.files]
    if not files:
        return ""
    place = f"{commonpath(map(dirname, files)) or '.'}/" if len(files) > 1 else files[0]
    return f": {count(summary.tests, 'test')} in {clean(place)}"


def _helps(summary: Summary, hints: Hints) -> bool:
    """Whether another try could end otherwise: what an agent left untested that does the same again stays so."""
    same = hints.deterministic and bool(summary.rows) and all(row.verdict == "none" for row in summary.rows)
    return not hints.refused and not same


def _condition(summary: Summary) -> str:
    """Say when it helps to try again: what kept all components from being tested is hardly chance."""
    bad = {row.why for row in summary.rows if row.verdict == "failed"}
    same = len(bad) == 1 and all(row.verdict == "failed" for row in summary.rows)
    return f"{'once that is put right' if same else 'if it was bad luck'}: the commit and the settings stay"


def _resume(session_id: str, hints: Hints) -> Text:
    return Text(f"  to resume        {command(f'sessions resume {session_id[:SHORT_ID]}{hints.database}')}")
