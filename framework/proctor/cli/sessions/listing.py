"""The newest sessions as a table."""

import time
from collections.abc import Sequence

import click
from rich.table import Table
from rich.text import Text

from proctor.app import open_app
from proctor.cli.jsonl import write_line
from proctor.cli.output import console
from proctor.cli.output import table as new_table
from proctor.cli.program import command
from proctor.cli.runs.live import SIGNS
from proctor.cli.tree.product import text
from proctor.cli.wording import SHORT_ID, age
from proctor.config import Settings
from proctor.domain.head import Head
from proctor.domain.json import EMPTY, JsonObject


async def print_list(settings: Settings, *, limit: int, as_json: bool) -> None:
    """Print the newest root sessions."""
    async with open_app(settings) as app:
        roots = await app.store.roots(app.scope, limit=limit)
    if as_json:
        for root in roots:
            write_line("session", _fields(root))
    elif roots:
        console().print(_table(roots, time.time()))
    else:
        run, demo = command("run PATH"), command("demo")
        click.echo(f"No session yet. `{run}` makes one, `{demo}` a small one to look at.")


def _fields(root: Head) -> JsonObject:
    return {
        "session": root.id,
        "name": text(root.birth.subject.get("name")),
        "repository": text(root.birth.subject.get("repository")),
        "base": text(root.birth.subject.get("base")),
        "status": root.status,
        "created_at": root.birth.created_at,
        "agent": root.birth.agent.name,
        "branch": branch_of(root),
        "error": root.last_error,
    }


def branch_of(root: Head) -> str | None:
    """Give the branch that a root landed on."""
    return text((root.product or EMPTY).get("branch"))


def _table(roots: Sequence[Head], now: float) -> Table:
    table = new_table()
    table.add_column("session", no_wrap=True)
    table.add_column("context", overflow="fold")
    table.add_column("status", no_wrap=True)
    table.add_column("age", justify="right", no_wrap=True)
    table.add_column("agent", overflow="fold")
    table.add_column("branch", overflow="fold")
    for root in roots:
        name = text(root.birth.subject.get("name")) or root.birth.workflow
        status = Text(_status(root), SIGNS.get(root.status, ("", ""))[1])
        old = age(now - root.birth.created_at)
        table.add_row(root.id[:SHORT_ID], Text(name), status, old, root.birth.agent.name, branch_of(root) or "–")
    return table


def _status(root: Head) -> str:
    return "paused" if root.paused else "blocked" if root.blocked and root.status == "active" else root.status
