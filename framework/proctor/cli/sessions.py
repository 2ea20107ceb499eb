"""`proctor sessions`: look at what was run, and take a hand in what runs."""

from pathlib import Path

import click

from proctor.cli import options


@click.group()
def sessions() -> None:
    """Look at what was run, and take a hand in what runs."""


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


@sessions.command()
@click.argument("session_id", metavar="ID")
@options.database
def cancel(session_id: str, database: str | None) -> None:
    """End a session and all below it.

    ID is a session's id or the first digits of it.
    """
    from proctor.cli import control

    control.cancel(database, session_id)


@sessions.command()
@click.argument("session_id", metavar="ID")
@options.database
def pause(session_id: str, database: str | None) -> None:
    """Let nothing new start in a session and below it; what runs may finish.

    ID is a session's id or the first digits of it.
    """
    from proctor.cli import control

    control.pause(database, session_id)


@sessions.command()
@click.argument("session_id", metavar="ID")
@options.database
def resume(session_id: str, database: str | None) -> None:
    """End a pause.

    ID is a session's id or the first digits of it.
    """
    from proctor.cli import control

    control.resume(database, session_id)


@sessions.command()
@click.argument("session_id", metavar="ID")
@options.database
def retry(session_id: str, database: str | None) -> None:
    """Try again what failed or was cancelled below a session, or a child itself, as new attempts.

    ID is a session's id or the first digits of it.
    """
    from proctor.cli import control

    control.retry(database, session_id)


@sessions.command()
@click.argument("session_id", metavar="ID")
@click.option("--reject", is_flag=True, help="Say no instead of yes.")
@click.option("-m", "--message", metavar="TEXT", help="Why.")
@options.database
def answer(session_id: str, reject: bool, message: str | None, database: str | None) -> None:
    """Answer what a session, or one below it, waits for: an approval, say.

    ID is a session's id or the first digits of it.
    """
    from proctor.cli import control

    control.answer(database, session_id, reject=reject, message=message)
