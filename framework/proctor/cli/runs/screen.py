"""Where a run is shown: as a live tree, as plain lines, or as JSON lines."""

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TextIO

import click

from proctor.cli.jsonl import write_line
from proctor.cli.output import console
from proctor.cli.reports.terminal import Hints, report
from proctor.cli.runs.about import About
from proctor.cli.runs.lines import lines_of
from proctor.cli.runs.live import drawn
from proctor.cli.tree.summary import Summary
from proctor.cli.tree.view import SessionView, TreeView
from proctor.domain.event import Event
from proctor.domain.json import JsonObject


class Screen(ABC):
    """What a run is shown on."""

    def __init__(self, view: TreeView, about: About, out: TextIO | None = None, database: str = "") -> None:
        self.view = view
        self.about = about
        self.out = out
        """Where it is written; None is stdout."""
        self.database = database
        """What names the database on a command line, if it is not the usual one."""

    @abstractmethod
    def begin(self) -> None:
        """Say what the run is about."""

    @abstractmethod
    def end(self, summary: Summary, hints: Hints) -> None:
        """Say what came of it."""

    def open(self) -> AbstractAsyncContextManager[None]:
        """Show what happens until the block is left."""
        return nullcontext()

    @abstractmethod
    def tell(self, event: Event, session: SessionView | None) -> None:
        """Take note of an event that the view has taken in; `session` is what it is about."""

    def say(self, message: str) -> None:
        """Say something that is not the session's."""
        click.echo(message, err=True)


class PlainScreen(Screen):
    """One line for each thing worth knowing, without colours."""

    def begin(self) -> None:
        """Say what the run is about."""
        click.echo("\n".join(self.about.told()), self.out)

    def tell(self, event: Event, session: SessionView | None) -> None:
        """Print what is worth knowing of what happens now."""
        if session is not None and event.sequence > self.about.past:
            for line in lines_of(self.view, event, session, self.database):
                click.echo(line, self.out)

    def end(self, summary: Summary, hints: Hints) -> None:
        """Print the report."""
        report(console(self.out), summary, hints)


class JsonScreen(Screen):
    """One JSON object a line, each with the format's version and a kind: begun, the kinds of events, ended."""

    def begin(self) -> None:
        """Write what the run is about."""
        write_line("begun", self.about.to_json(), self.out)

    def tell(self, event: Event, session: SessionView | None) -> None:
        """Write an event as it is."""
        about: JsonObject = {"sequence": event.sequence, "session": event.session_id, "at": event.at}
        write_line(event.kind, {**about, "data": event.data}, self.out)

    def end(self, summary: Summary, hints: Hints) -> None:
        """Write what came of it."""
        write_line("ended", {**summary.to_json(), "interpreter": hints.interpreter}, self.out)


class LiveScreen(Screen):
    """A tree that is drawn again and again."""

    def __init__(self, view: TreeView, about: About, out: TextIO | None = None, database: str = "") -> None:
        super().__init__(view, about, out, database)
        self._console = console(out)
        self._word: str | None = None

    def begin(self) -> None:
        """Say what the run is about."""
        for line in self.about.told():
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def open(self) -> AbstractAsyncContextManager[None]:
        """Draw until the block is left."""
        return drawn(self._console, self.view, lambda: self._word, self.begin, self.database)

    def tell(self, event: Event, session: SessionView | None) -> None:
        """Leave it to the next frame: it draws the view."""

    def say(self, message: str) -> None:
        """Say it beside the title."""
        self._word = message

    def end(self, summary: Summary, hints: Hints) -> None:
        """Print the report."""
        report(self._console, summary, hints)


def screen_for(view: TreeView, about: About, *, as_json: bool, out: TextIO | None = None, database: str = "") -> Screen:
    """Choose how to show a run: for machines if asked for, drawn if it can be, else in plain lines."""
    can_draw = console(out).is_terminal and not console(out).is_dumb_terminal
    kind = JsonScreen if as_json else LiveScreen if can_draw else PlainScreen
    return kind(view, about, out, database)
