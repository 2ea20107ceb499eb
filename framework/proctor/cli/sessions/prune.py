"""Gives back what the settings say is no longer kept, or says what that would be."""

from dataclasses import asdict

import click

from proctor.app import open_app
from proctor.cli.jsonl import write_line
from proctor.cli.wording import count
from proctor.config import Settings
from proctor.retention import GivenBack, Retention


async def prune(settings: Settings, *, older_than: int | None, dry_run: bool, as_json: bool) -> None:
    """Prune, or only count, and print what was given back."""
    async with open_app(settings) as app:
        retention = Retention(app.store, settings)
        given = await (retention.preview if dry_run else retention.prune)(older_than=older_than)
    if as_json:
        write_line("pruned", {"dry_run": dry_run, **asdict(given)})
        return
    for line in _lines(given, dry_run=dry_run):
        click.echo(line)


def _lines(given: GivenBack, *, dry_run: bool) -> list[str]:
    pruned = given.pruned
    if not pruned and not given.folder_bytes and not given.kept and not given.disk:
        return ["Nothing is old enough."]
    parts = [
        (pruned.trees, "run"),
        (pruned.sessions, "session"),
        (pruned.interactions, "interaction"),
        (pruned.events, "event"),
        (pruned.blobs, "file"),
        (pruned.deeds, "audit row"),
    ]
    database = ", ".join(count(number, noun) for number, noun in parts if number) or "nothing"
    folders = f"{count(given.clones, 'clone')}, {count(given.folders, 'work folder')}"
    folders += f", what was kept of {count(given.kept, 'run')}" if given.kept else ""
    disk = "" if dry_run else f"; the file shrank by {size(given.disk)}"
    return [
        "Would give back:" if dry_run else "Given back:",
        f"  database  {database}: {size(pruned.bytes)}{disk}",
        f"  folders   {folders}: {size(given.folder_bytes)}",
    ]


def size(number: int) -> str:
    """Write a number of bytes: 12 bytes, 3.4 kB, 1.2 GB."""
    value = float(number)
    for unit in ("bytes", "kB", "MB"):
        if value < 999.5:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.1f} GB"
