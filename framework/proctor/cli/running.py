"""Carries an order out: from the settings to the exit code."""

import asyncio
import shlex
from pathlib import Path
from typing import TextIO

from proctor.app import Order, open_app
from proctor.cli.about import about
from proctor.cli.follow import follow
from proctor.cli.output import reserved
from proctor.cli.product import mapping, text
from proctor.cli.report import Hints
from proctor.cli.screen import screen_for
from proctor.cli.summary import summarise
from proctor.cli.view import TreeView
from proctor.config import Settings
from proctor.domain.head import Head


def carry_out(
    settings: Settings, order: Order, *, as_json: bool = False, strict: bool = False, database: str | None = None
) -> int:
    """Do what is wanted, show it, and give the exit code. `database` is the flag that named it, for hints."""
    with reserved() as out:
        return asyncio.run(_carry_out(settings, order, out, as_json=as_json, strict=strict, database=database))


async def _carry_out(
    settings: Settings, order: Order, out: TextIO, *, as_json: bool, strict: bool, database: str | None
) -> int:
    async with open_app(settings) as app:
        begun = await app.begin(order)
        facts = await about(app, begun, order.branch)
        screen = screen_for(TreeView(facts.lines), facts, as_json=as_json, out=out)
        screen.begin()
        await follow(app, begun, screen, jobs=settings.jobs)
        head = await app.sessions.head(app.scope, begun.session_id)
    summary = summarise(screen.view)
    screen.end(summary, Hints(git_words(facts.repository), named(database), facts.strangers, interpreter(head)))
    return summary.exit_code(strict=strict)


def named(database: str | None) -> str:
    """Give the words that name a database on a command line, if it was named."""
    return f" --database {shlex.quote(database)}" if database else ""


def interpreter(head: Head) -> str | None:
    """Say what runs the tests of a tree, once its root has found that out."""
    python = mapping(head.state.get("python"))
    executable, version = text(python.get("executable")), text(python.get("version"))
    return f"Python {version} ({executable})" if executable and version else None


def git_words(repository: Path) -> str:
    """Give the words that a git command on the repository begins with, from where the user is."""
    inside = Path.cwd().resolve().is_relative_to(repository)
    return "git" if inside else f"git -C {shlex.quote(str(repository))}"
