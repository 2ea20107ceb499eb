"""Writes a session's tree as a recorded history."""

import asyncio
from pathlib import Path

import click

from proctor import __version__
from proctor.app import open_app
from proctor.cli.lazy import FAILED, Refusal
from proctor.cli.sessions.lookup import find
from proctor.cli.wording import count
from proctor.config import Settings
from proctor.history import History, record, write


def export(settings: Settings, prefix: str, output: Path | None) -> None:
    """Write the history of the tree to which the session belongs whose id begins with `prefix`."""
    history = asyncio.run(_recorded(settings, prefix))
    document = write(history)
    if output is None:
        click.echo(document, nl=False)
        return
    try:
        output.write_bytes(document)
    except OSError as error:
        raise Refusal(f"{output} cannot be written: {error.strerror}", FAILED) from error
    told = f"Wrote {count(len(history.sessions), 'session')} to {output}"
    left_out = [("outputs shortened", history.shortened), ("values redacted", history.redacted)]
    click.echo("; ".join([told, *(f"{len(found)} {what}" for what, found in left_out if found)]), err=True)


async def _recorded(settings: Settings, prefix: str) -> History:
    async with open_app(settings) as app:
        head = await find(app, prefix)
        return await record(app.store, app.scope, head.birth.root, version=__version__)
