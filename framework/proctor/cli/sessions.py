"""`proctor sessions`: look at what was run."""

from pathlib import Path

import click

from proctor.cli import options


@click.group()
def sessions() -> None:
    """Look at what was run."""


@sessions.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many.")
@options.as_json
@options.database
def list_(limit: int, as_json: bool, database: str | None) -> None:
    """List the newest sessions."""
    import asyncio

    from proctor.cli.listing import print_list
    from proctor.config import load

    asyncio.run(print_list(load(database=database), limit=limit, as_json=as_json))


@sessions.command()
@click.argument("session_id", metavar="ID")
@options.as_json
@options.database
def show(session_id: str, as_json: bool, database: str | None) -> None:
    """Show a session: its components or its interactions, and what went wrong last.

    ID is a session's id or the first digits of it.
    """
    import asyncio

    from proctor.cli.showing import print_session
    from proctor.config import load

    asyncio.run(print_session(load(database=database), session_id, as_json=as_json, database=database))


@sessions.command()
@click.argument("session_id", metavar="ID")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write; stdout unless named.")
@options.database
def export(session_id: str, output: Path | None, database: str | None) -> None:
    """Write the recorded history of a session's whole tree, for `proctor replay` or for somebody who helps.

    ID is a session's id or the first digits of it.
    """
    from proctor.cli.export import export as write_history
    from proctor.config import load

    write_history(load(database=database), session_id, output)
