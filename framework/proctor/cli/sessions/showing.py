"""One session, looked at closely."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from proctor.app import open_app
from proctor.cli.jsonl import write_line
from proctor.cli.output import console as new_console
from proctor.cli.output import indented
from proctor.cli.output import table as new_table
from proctor.cli.reports.terminal import report
from proctor.cli.runs.about import strangers
from proctor.cli.runs.running import hints_of, named
from proctor.cli.sessions.lookup import find
from proctor.cli.sessions.questions import asking, details, ways
from proctor.cli.tree.past import log_of, view_of, was_refused
from proctor.cli.tree.product import mappings, text
from proctor.cli.tree.standing import question
from proctor.cli.tree.summary import summarise
from proctor.cli.tree.view import EXTERNAL
from proctor.cli.wording import SHORT_ID, clean, clipped, duration, gist
from proctor.config import Settings
from proctor.domain.head import Head
from proctor.domain.interaction import Interaction
from proctor.domain.json import JsonObject
from proctor.domain.workflow import OK

PROVEN = "proven"
_WAITS = {EXTERNAL: "waits for an answer", "children": "waits for children"}
OUTPUT_LINES = 20
"""Lines of output that are shown from its end."""
FINDINGS = 5
"""Findings that are shown with their output."""


async def print_session(settings: Settings, prefix: str, *, as_json: bool, database: str | None) -> None:
    """Print the session whose id begins with `prefix`."""
    async with open_app(settings) as app:
        head = await find(app, prefix)
        interactions = await log_of(app, head)
        tree = await app.store.tree(app.scope, head.birth.root)
        assert tree is not None
        view = await view_of(app, tree)
        waiting = await asking(app, head)
    if as_json:
        summary = summarise(view).to_json()
        components = {name: summary[name] for name in ("spent", "components")} if head.birth.parent is None else {}
        write_line("session", {**_fields(head, interactions), **components})
        return
    console = new_console()
    _head(console, head)
    console.print()
    console.print(_table(interactions, head))
    _trouble(console, head, interactions)
    for each in waiting:
        _ask(console, each, named(database))
    if head.birth.parent is None:
        report(
            console,
            summarise(view),
            hints_of(
                head,
                database,
                strangers(tree),
                refused=head.status == "failed" and was_refused(interactions),
                with_sessions=True,
            ),
        )


def _fields(head: Head, interactions: Sequence[Interaction]) -> JsonObject:
    birth = head.birth
    return {
        "session": head.id,
        "root": birth.root,
        "parent": birth.parent,
        "workflow": birth.workflow,
        "subject": birth.subject,
        "attempt": birth.attempt,
        "agent": birth.agent.name,
        "status": head.status,
        "outcome": head.outcome,
        "error": head.last_error,
        "blocked": head.blocked,
        "waits_for": head.parked,
        "question": question(head) if head.parked == EXTERNAL else None,
        "created_at": birth.created_at,
        "interactions": [_interaction(each) for each in interactions],
    }


def _interaction(interaction: Interaction) -> JsonObject:
    result = interaction.result
    return {
        "sequence": interaction.sequence,
        "step": interaction.command.step,
        "kind": interaction.command.kind,
        "status": result.status if result else interaction.status,
        "message": result.error_message if result else None,
        "exit_code": result.exit_code if result else None,
        "duration_s": result.duration_s if result else None,
        "started_at": interaction.command.at,
        "closed_at": interaction.closed_at,
    }


def _head(console: Console, head: Head) -> None:
    birth = head.birth
    name = text(birth.subject.get("name")) or birth.workflow
    status = f"{head.status}, {head.outcome}" if head.outcome else head.status
    console.print(Text.assemble((name, "bold"), f"  {status}"))
    told = f"session {head.id}, {birth.workflow}, attempt {birth.attempt}, agent {birth.agent.name}"
    indented(console, Text(told, "dim"), by=2)
    if birth.parent is not None:
        console.print(Text(f"  part of session {birth.root[:SHORT_ID]}", "dim"))
    if head.blocked:
        indented(console, Text(f"blocked: {clean(head.blocked)}", "red"), by=2)


def _table(interactions: Sequence[Interaction], head: Head) -> Table:
    table = new_table()
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("step", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("time", justify="right", no_wrap=True)
    table.add_column("message", overflow="fold")
    for each in interactions:
        result = each.result
        status = result.status if result else each.status
        taken = duration((each.closed_at or each.command.at) - each.command.at)
        colour = "green" if status == OK else "yellow"
        message = clipped(gist(result.error_message if result else None))
        table.add_row(str(each.sequence), each.command.step, Text(status, colour), taken, Text(message))
    if head.pending is not None:
        waits = _WAITS.get(head.parked or "", "under way")
        table.add_row(str(head.pending.sequence), head.pending.command.step, Text("pending", "cyan"), "", waits)
    return table


def _ask(console: Console, head: Head, database: str) -> None:
    """Print what a session asks, and how it is answered."""
    assert head.pending is not None
    console.print()
    console.print(Text.assemble(("Waits for an answer", "bold"), f" (session {head.id[:SHORT_ID]})"))
    indented(console, Text(question(head)), by=2)
    for line in details(head):
        indented(console, Text(line), by=4)
    yes, no = ways(head, database)
    console.print(Text(f"  to say yes  {yes}\n  to say no   {no}"), soft_wrap=True)


def _trouble(console: Console, head: Head, interactions: Sequence[Interaction]) -> None:
    """Print the last error, what was found in tests, and the end of the output that came with it."""
    _findings(console, head)
    is_child, is_complete = head.birth.parent is not None, head.status == "complete"
    if is_complete and (head.outcome == PROVEN or not is_child):
        return
    if not is_complete and head.last_error and is_child:  # of a root, the report tells it
        console.print(Text("Last error", "bold"))
        indented(console, Text(clean(head.last_error)), by=2)
    bad = next((each.result for each in reversed(interactions) if each.result and each.result.status != OK), None)
    for title, output in (("stdout", bad.stdout), ("stderr", bad.stderr)) if bad else ():
        if lines := _end(output):
            console.print(Text(f"End of {title}", "bold"))
            indented(console, Text("\n".join(lines)), by=2)


def _findings(console: Console, head: Head) -> None:
    """Print what is to be fixed and what was dropped, each with the end of what pytest said."""
    for title, key in (("To be fixed", "findings"), ("Dropped tests", "dropped")):
        found = mappings(head.state.get(key)) if head.birth.parent is not None else ()
        if found:
            console.print(Text(title, "bold"))
        for each in found[:FINDINGS]:
            test, message = text(each.get("test")) or "the file", text(each.get("message")) or ""
            indented(console, Text.assemble((test, "yellow"), f"  {message}"), by=2)
            indented(console, Text("\n".join(_end(text(each.get("detail")) or "")), "dim"), by=4)
        if len(found) > FINDINGS:
            console.print(Text(f"  and {len(found) - FINDINGS} more", "dim"))


def _end(output: str) -> list[str]:
    return clean(output).rstrip().splitlines()[-OUTPUT_LINES:]
