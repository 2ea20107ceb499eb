"""`proctor doctor`: look whether everything that a run needs is in order, and say what to do where it is not."""

from typing import TYPE_CHECKING

import click

from proctor.cli import options
from proctor.cli.lazy import FAILED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from proctor.cli.doctor.diagnosis import Check, Diagnosis, Setup

COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}
MARGIN = 22
"""Columns before what is told."""


@click.command()
@options.as_json
@options.database
@click.pass_context
def doctor(context: click.Context, as_json: bool, database: str | None) -> None:
    """Look whether everything is in order here, and say what to do where it is not.

    Nothing is changed. Exit codes: 0 without problems (there may be warnings), 1 with one.
    """
    from proctor.cli.doctor.diagnosis import examine
    from proctor.cli.output import reserved

    with reserved():  # plugins that are loaded may print
        found = [*examine(_setup(database), _checks())]
    _print_json(found) if as_json else _print(found)
    if any(each.status == "problem" for each in found):
        context.exit(FAILED)


def _checks() -> "Sequence[Check]":
    """Give what is looked at, in the order in which it is told. A new check is a function here."""
    from proctor.cli.doctor import machine
    from proctor.cli.doctor import sessions as kept
    from proctor.cli.doctor import settings as chosen

    return (
        machine.versions,
        machine.git,
        machine.repository,
        chosen.settings,
        chosen.interpreter,
        chosen.agents,
        chosen.plugins,
        kept.database,
        machine.disks,
        machine.cache,
        machine.protection,
        kept.sessions,
    )


def _setup(database: str | None) -> "Setup":
    """Read the settings; what cannot be read is as usual."""
    from pathlib import Path

    from proctor.cli.doctor.diagnosis import Setup
    from proctor.config import Settings, load
    from proctor.errors import InvalidSetting

    try:
        return Setup(load(database=database), Path.cwd(), database)
    except InvalidSetting as error:
        usual = Settings.model_construct(database=database)
        return Setup(usual, Path.cwd(), database, invalid=str(error))


def _print(found: "Sequence[Diagnosis]") -> None:
    from rich.text import Text

    from proctor.cli.output import console as new_console
    from proctor.cli.wording import clean, count

    console = new_console()
    for each in found:
        told = Text(clean(each.told))
        if each.remedy:
            told.append(f"\n→ {clean(each.remedy)}", "bold")
        title = Text.assemble((f"{each.status:<9}", COLOURS[each.status]), f"{each.check:<{MARGIN - 9}}")
        for number, line in enumerate(told.wrap(console, max(20, console.width - MARGIN))):
            line.rstrip()
            console.print(Text.assemble(title if not number else " " * MARGIN, line), no_wrap=True, overflow="ignore")
    numbers = {word: sum(each.status == word for each in found) for word in ("problem", "warning")}
    said = " and ".join(count(number, word) for word, number in numbers.items() if number)
    console.print(Text(f"\n{said or 'Everything is in order'}."))


def _print_json(found: "Iterable[Diagnosis]") -> None:
    from dataclasses import asdict

    from proctor.cli.jsonl import write_line

    for each in found:
        write_line("check", asdict(each))
