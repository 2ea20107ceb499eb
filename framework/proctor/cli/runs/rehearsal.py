"""`proctor run --dry-run`: surveys, and says what a run would do.

It is the real thing, cut short: a session is created in a database of its own, which is thrown away, and takes its
turns until its components are known. What is refused is therefore what a run would refuse, and what is found is what
it would find. No step is executed that asks an agent, lands, or waits for somebody; nothing is written to the
repository or to the usual database. That git does not know the author is told, and is no obstacle: no commit is made.
"""

import asyncio
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TextIO

import click
from rich.table import Table
from rich.text import Text

from proctor.app import App, Begun, Order, open_app
from proctor.cli.jsonl import write_line
from proctor.cli.lazy import FAILED
from proctor.cli.output import console as new_console
from proctor.cli.output import indented, reserved
from proctor.cli.output import table as new_table
from proctor.cli.runs.about import DIRTY
from proctor.cli.runs.running import interpreter
from proctor.cli.tree.product import mapping, mappings, text, texts, whole
from proctor.cli.wording import SHORT_COMMIT, clean, clock, count
from proctor.config import Settings
from proctor.domain.budget import amount
from proctor.domain.head import Head
from proctor.domain.json import Json, JsonObject
from proctor.domain.session import TERMINAL, Limits
from proctor.domain.workflow import OK
from proctor.event_loop import alone

HARMLESS = ("process", "none")
"""Kinds of commands that are carried out."""
FREE = "builtin"
"""The agent that works offline."""
AUTHORLESS = "git does not know the author of the commit; a run needs user.name and user.email, set with `git config`"


@dataclass(frozen=True, slots=True)
class Found:
    """A component that would be tested."""

    name: str
    path: str
    test_file: str
    lines: int | None
    """Lines that can be executed, and those of them that no test executes; None: not measured."""
    open_lines: int | None

    @classmethod
    def read(cls, value: JsonObject) -> "Found":
        """Read an entry of `components` in the state of a surveyed session."""
        baseline = value.get("baseline")
        missing, executed = (_length(mapping(baseline).get(name)) for name in ("missing_lines", "executed_lines"))
        measured = isinstance(baseline, Mapping)
        name, path, file = (text(value.get(field)) or "" for field in ("name", "path", "test_file"))
        return cls(name, path, file, missing + executed if measured else None, missing if measured else None)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which agent would be asked how often, at most."""

    agent: str
    components: int
    attempts: int
    fixes: int
    costs: bool

    @property
    def times(self) -> int:
        """For all components together; what failed to answer and is asked again is not counted."""
        return self.components * self.attempts * (1 + self.fixes)

    def told(self) -> str:
        """Tell it to a person."""
        repairs = f" and at most {count(self.fixes, 'time')} to repair them" if self.fixes else ""
        attempts = f", in at most {self.attempts} attempts" if self.attempts > 1 else ""
        cost = "Each time may cost money." if self.costs else "It works offline and costs nothing."
        return (
            f"The agent {self.agent} would be asked at most {count(self.times, 'time')}: for each component once to "
            f"write tests{repairs}{attempts}. Only when it fails to answer is it asked again. {cost}"
        )


def rehearse(settings: Settings, order: Order, *, as_json: bool) -> int:
    """Say what a run would do, and give the exit code: 1 if it would fail at once."""
    with reserved() as out, tempfile.TemporaryDirectory(prefix="proctor-") as folder:
        database = f"sqlite:///{Path(folder).resolve() / 'proctor.db'}"
        elsewhere = settings.model_copy(update={"database": database, "keep": False})
        head, begun = asyncio.run(alone(_rehearsed(elsewhere, replace(order, lands=False))))
        found = [Found.read(each) for each in mappings(head.state.get("components"))]
        problem = None if found else head.last_error or f"{head.birth.workflow} does not say what it would test"
        if as_json:
            _print_json(head, found, problem, out, begun)
        else:
            _print(head, found, problem, out, begun)
    return FAILED if problem else 0


async def _rehearsed(settings: Settings, order: Order) -> tuple[Head, Begun]:
    """Give the surveyed session, and what was found when it was begun."""
    async with open_app(settings) as app:
        begun = await app.orders.begin(order)
        head = await app.sessions.head(app.scope, begun.session_id)
        while head.status not in TERMINAL and "components" not in head.state and await _turn(app, head):
            head = await app.sessions.head(app.scope, head.id)
        return await app.sessions.head(app.scope, head.id), begun


async def _turn(app: App, head: Head) -> bool:
    """Take one turn, if it is harmless; False if it was not, or did not go well."""
    started = await app.sessions.start(app.scope, head.id)
    if not started.fresh or started.interaction.command.kind not in HARMLESS:
        return False
    result = await app.execute(started)
    submitted = await app.sessions.submit(app.scope, head.id, started.fence, result)
    return submitted.status == OK


def asked(head: Head, components: int) -> Asked:
    """Say how often the agent of a surveyed session would be asked."""
    agent, limits = head.birth.agent, head.birth.limits
    attempts = 1 if agent.deterministic else limits.attempts
    return Asked(agent.name, components, attempts, limits.fixes, agent.name != FREE)


def _print(head: Head, found: Sequence[Found], problem: str | None, out: TextIO, begun: Begun) -> None:
    console, subject = new_console(out), head.birth.subject
    commit = (text(subject.get("base")) or "")[:SHORT_COMMIT]
    click.echo(f"A dry run for {text(subject.get('name'))} at commit {commit}: nothing is written.", out)
    for told in _circumstances(begun):
        indented(console, Text(told), by=2)
    if problem is not None:
        indented(console, Text.assemble(("A run would fail: ", "bold red"), clean(problem)), by=0)
        return
    console.print()
    console.print(_table(found))
    console.print()
    known = [each.open_lines for each in found if each.open_lines is not None]
    total = f", {count(sum(known), 'line')} that no test executes" if known else ""
    console.print(f"{count(len(found), 'component')}{total}", highlight=False)
    if runs := interpreter(head):
        console.print(f"The tests would run with {runs}.", highlight=False, soft_wrap=True)
    indented(console, Text(" ".join((asked(head, len(found)).told(), *budgets(head.birth.limits)))), by=0)
    for notice in _notices(head):
        indented(console, Text(f"Note: {clean(notice)}."), by=0)


def _circumstances(begun: Begun) -> Iterator[str]:
    if begun.dirty:
        yield DIRTY
    if begun.authorless:
        yield AUTHORLESS


def budgets(limits: Limits) -> Iterator[str]:
    """Say what the whole run may spend, if that is limited."""
    money = [] if limits.money is None else [f"{amount(limits.money)} USD"]
    tokens = [] if limits.tokens is None else [f"{limits.tokens:,} tokens"]
    seconds = [] if limits.seconds is None else [f"{clock(limits.seconds)} of time"]
    if told := [*money, *tokens, *seconds]:
        yield f"The whole run may spend at most {', '.join(told)}."


def _notices(head: Head) -> Sequence[str]:
    return texts(head.state.get("notices"))


def _table(found: Sequence[Found]) -> Table:
    table = new_table()
    table.add_column("component", overflow="fold")
    table.add_column("open lines", justify="right", no_wrap=True)
    table.add_column("test file", overflow="fold")
    for each in found:
        lines = "not measured" if each.open_lines is None else f"{each.open_lines} of {each.lines}"
        table.add_row(Text(each.name), lines, Text(each.test_file))
    return table


def _print_json(head: Head, found: Sequence[Found], problem: str | None, out: TextIO, begun: Begun) -> None:
    calls, limits = asked(head, len(found)), head.birth.limits
    told = {
        "name": text(head.birth.subject.get("name")),
        "base": text(head.birth.subject.get("base")),
        "dirty": begun.dirty,
        "author_missing": begun.authorless,
        "components": [asdict(each) for each in found],
        "asked": {**asdict(calls), "times": calls.times},
        "limits": {"money": limits.money, "tokens": limits.tokens, "seconds": limits.seconds},
        "notices": list(_notices(head)),
        "interpreter": interpreter(head),
        "error": problem,
    }
    write_line("dry_run", told, out)


def _length(value: Json) -> int:
    return len(value) if isinstance(value, (list, tuple)) else whole(value)
