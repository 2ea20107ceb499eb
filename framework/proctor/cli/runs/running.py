"""Carries an order out, or goes on with one: from the settings to the exit code."""

import asyncio
import os
import shlex
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import click

from proctor.app import App, Begun, Order, open_app
from proctor.app.garbage import freeze_loaded
from proctor.cli.lazy import CANCELLED, FAILED
from proctor.cli.output import reserved
from proctor.cli.program import command
from proctor.cli.reports.terminal import Hints
from proctor.cli.runs.about import About, StrangerStep, about
from proctor.cli.runs.follow import follow
from proctor.cli.runs.screen import screen_for
from proctor.cli.tree.past import log_of, view_of, was_refused
from proctor.cli.tree.product import mapping, text, texts
from proctor.cli.tree.summary import Summary, summarise
from proctor.cli.tree.view import TreeView
from proctor.cli.wording import SHORT_ID
from proctor.config import Settings
from proctor.contracts.store import Tree
from proctor.domain.head import Head
from proctor.domain.session import TERMINAL
from proctor.event_loop import alone
from proctor.leaving import children_ended

Find = Callable[[App], Awaitable[tuple[Begun, About]]]
"""Finds or makes the session that is to be shown."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a run is shown, and what counts as a success."""

    as_json: bool = False
    strict: bool = False
    """Fail unless every component was proven."""
    database: str | None = None
    """The flag that named the database, for hints."""
    reports: tuple[Path, ...] = ()
    """Files that are written at the end, whatever came of it."""


def carry_out(settings: Settings, order: Order, manner: Manner) -> int:
    """Do what is wanted, show it, and give the exit code."""

    async def find(app: App) -> tuple[Begun, About]:
        begun = await app.orders.begin(order)
        return begun, await about(app, begun, order.branch)

    return shown(settings, find, manner)


def shown(settings: Settings, find: Find, manner: Manner) -> int:
    """Drive the session that `find` gives, or watch it; show it, and give the exit code."""
    with reserved() as out, children_ended():
        return asyncio.run(alone(_shown(settings, find, out, manner)))


async def _shown(settings: Settings, find: Find, out: TextIO, manner: Manner) -> int:
    async with open_app(settings) as app:
        begun, facts = await find(app)
        freeze_loaded()
        screen = screen_for(
            TreeView(facts.lines), facts, as_json=manner.as_json, out=out, database=named(manner.database)
        )
        screen.begin()
        await follow(app, begun, screen, jobs=settings.jobs)
        head = await app.sessions.head(app.scope, begun.session_id)
        tree = await app.store.tree(app.scope, begun.session_id)
        assert tree is not None
        view = screen.view if screen.view.root else await view_of(app, tree)  # the events may be forgotten
        stranded = begun.attached and await app.stranded(head.id)
        kept = app.kept(head.id)
        refused = head.status == "failed" and was_refused(await log_of(app, head))
        unwritten = await _report(app, head, manner.reports)
    summary = summarise(view)
    if begun.attached and head.status not in TERMINAL and not stranded and not manner.as_json:
        again = command(f"sessions watch {head.id[:SHORT_ID]}{named(manner.database)}")
        click.echo(f"\nStopped watching; the session goes on.\n  to look again  {again}", out)
        return CANCELLED
    hints = hints_of(head, manner.database, facts.strangers, refused=refused)
    screen.end(summary, hints)
    reasons = unwritten + complaints(summary, strict=manner.strict, require_tests=requires_tests(tree))
    for line in [*reasons, *([f"The work folders are kept in {kept}"] if kept and kept.exists() else [])]:
        click.echo(line, err=True)
    return FAILED if stranded or reasons else summary.exit_code()


async def _report(app: App, head: Head, files: Sequence[Path]) -> list[str]:
    """Write the reports that were asked for, and tell which could not be written."""
    if not files:
        return []
    from proctor.cli.reports.report import write_reports

    return await write_reports(app, head.id, files)


def complaints(summary: Summary, *, strict: bool, require_tests: bool) -> list[str]:
    """Say, a line for each option, why what landed in part does not count as a success."""
    if not summary.landed:
        return []
    bare = [row.name for row in summary.rows if not row.product.tests] if require_tests else []
    partly = [f"{row.name} ({row.verdict})" for row in summary.rows if row.verdict != "proven"] if strict else []
    told = [f"--require-tests makes this a failure: no tests for {', '.join(bare)}"] if bare else []
    return told + ([f"--strict makes this a failure: not proven are {', '.join(partly)}"] if partly else [])


def requires_tests(tree: Tree) -> bool:
    """Tell whether a tree was begun with --require-tests: steps were pinned with that option."""
    pinned = (step for workflow in tree.workflows for step in workflow.steps.values())
    return any(step.options.get("require_tests") is True for step in pinned)


def named(database: str | None) -> str:
    """Give the words that name a database on a command line, if it was named."""
    return f" --database {shlex.quote(database)}" if database else ""


def hints_of(
    head: Head, database: str | None, strangers: Sequence[StrangerStep], *, refused: bool, with_sessions: bool = False
) -> Hints:
    """Give the words of the commands that the user may want next, and what is to be said of a root."""
    subject = head.birth.subject
    repository = text(subject.get("repository"))
    return Hints(
        git=git_words(Path(repository)) if repository else "git",
        database=named(database),
        strangers=strangers,
        interpreter=interpreter(head),
        notices=texts(head.state.get("notices")),
        refused=refused,
        deterministic=head.birth.agent.deterministic,
        path=path_words(Path(repository), text(subject.get("path")) or ".") if repository else "PATH",
        with_sessions=with_sessions,
    )


def interpreter(head: Head) -> str | None:
    """Say what runs the tests of a tree, once its root has found that out."""
    python = mapping(head.state.get("python"))
    executable, version = text(python.get("executable")), text(python.get("version"))
    return f"Python {version} ({os.path.normpath(executable)})" if executable and version else None


def path_words(repository: Path, path: str) -> str:
    """Give the words that name a path of the repository, from where the user is."""
    here, there = Path.cwd().resolve(), repository / path
    return shlex.quote(os.path.relpath(there, here) if here.is_relative_to(repository) else str(there))


def git_words(repository: Path) -> str:
    """Give the words that a git command on the repository begins with, from where the user is."""
    inside = Path.cwd().resolve().is_relative_to(repository)
    return "git" if inside else f"git -C {shlex.quote(str(repository))}"
