"""`proctor sessions`: look at what was run, and take a hand in what runs."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from proctor.cli import options

if TYPE_CHECKING:
    from proctor.cli.reports.files import Format


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

    from proctor.cli.sessions.listing import print_list
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

    from proctor.cli.sessions.showing import print_session
    from proctor.config import load

    asyncio.run(print_session(load(database=database), session_id, as_json=as_json, database=database))


@sessions.command("continue")
@click.argument("session_id", metavar="ID")
@options.jobs
@options.strict
@options.keep
@options.as_json
@options.database
@click.pass_context
def continue_(
    context: click.Context,
    session_id: str,
    jobs: int | None,
    strict: bool,
    keep: bool,
    as_json: bool,
    database: str | None,
) -> None:
    """Go on with an unfinished session where it stands.

    ID is a session's id or the first digits of it; of a component's, the whole run goes on. If another process runs
    it, that is watched. Of a session that has ended, it is told how. The exit codes are those of `proctor run`.
    """
    from proctor.cli.runs.running import Manner
    from proctor.cli.sessions.continuing import go_on
    from proctor.config import load

    settings = load(jobs=jobs, database=database, keep=keep or None)
    context.exit(go_on(settings, session_id, Manner(as_json, strict, database)))


@sessions.command()
@click.argument("session_id", metavar="ID")
@options.as_json
@options.database
@click.pass_context
def watch(context: click.Context, session_id: str, as_json: bool, database: str | None) -> None:
    """Watch a session that another process runs, its past first. Ctrl-C stops only the watching.

    ID is a session's id or the first digits of it; of a component's, the whole run is watched.
    """
    from proctor.cli.runs.running import Manner
    from proctor.cli.sessions.continuing import watch as watched
    from proctor.config import load

    context.exit(watched(load(database=database), session_id, Manner(as_json, database=database)))


@sessions.command()
@click.argument("session_id", metavar="ID")
@options.as_json
@options.database
def explain(session_id: str, as_json: bool, database: str | None) -> None:
    """Say why each step of a session came next, and what is next now, or why nothing is.

    ID is a session's id or the first digits of it.
    """
    import asyncio

    from proctor.cli.sessions.explaining import print_explanation
    from proctor.config import load

    asyncio.run(print_explanation(load(database=database), session_id, as_json=as_json, database=database))


@sessions.command()
@click.argument("session_id", metavar="ID")
@click.option("--format", "wanted", type=click.Choice(["markdown", "junit", "json"]), help="Markdown unless named.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write; stdout unless named.")
@options.database
def report(session_id: str, wanted: "Format | None", output: Path | None, database: str | None) -> None:
    """Report what came of a session's whole tree: for a pull request, for continuous integration or for programs.

    ID is a session's id or the first digits of it. The suffix of the output says the format too: .md, .xml or .json.
    """
    import asyncio

    from proctor.cli.reports.files import format_of
    from proctor.cli.reports.report import document, save
    from proctor.config import load

    chosen = wanted or (format_of(output) if output else "markdown")
    told = asyncio.run(document(load(database=database), session_id, chosen))
    save(output, told) if output else click.echo(told, nl=False)


@sessions.command()
@click.argument("session_id", metavar="ID")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write; stdout unless named.")
@options.database
def export(session_id: str, output: Path | None, database: str | None) -> None:
    """Write the recorded history of a session's whole tree, for `proctor replay` or for somebody who helps.

    ID is a session's id or the first digits of it.
    """
    from proctor.cli.sessions.export import export as write_history
    from proctor.config import load

    write_history(load(database=database), session_id, output)


@sessions.command()
@click.argument("session_id", metavar="ID")
@options.database
def cancel(session_id: str, database: str | None) -> None:
    """End a session and all below it.

    ID is a session's id or the first digits of it.
    """
    from proctor.cli.sessions import control

    control.cancel(database, session_id)


@sessions.command()
@click.argument("session_id", metavar="ID")
@options.database
def pause(session_id: str, database: str | None) -> None:
    """Let nothing new start in a session and below it; what runs may finish.

    ID is a session's id or the first digits of it.
    """
    from proctor.cli.sessions import control

    control.pause(database, session_id)


@sessions.command()
@click.argument("session_id", metavar="ID")
@options.database
def resume(session_id: str, database: str | None) -> None:
    """End a pause.

    ID is a session's id or the first digits of it.
    """
    from proctor.cli.sessions import control

    control.resume(database, session_id)


@sessions.command()
@click.argument("session_id", metavar="ID")
@options.database
def retry(session_id: str, database: str | None) -> None:
    """Try again what failed or was cancelled below a session, or a child itself, as new attempts.

    ID is a session's id or the first digits of it.
    """
    from proctor.cli.sessions import control

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
    from proctor.cli.sessions import control

    control.answer(database, session_id, reject=reject, message=message)


@sessions.command()
@click.option("--older-than", type=click.IntRange(0), metavar="DAYS", help="Runs that ended so many days ago.")
@click.option("--dry-run", is_flag=True, help="Only say what would be given back.")
@options.as_json
@options.database
def prune(older_than: int | None, dry_run: bool, as_json: bool, database: str | None) -> None:
    """Forget runs that ended long ago, files that nobody needs, and old clones of repositories.

    What goes on is not touched. How long things are kept is set in [retention].
    """
    import asyncio

    from proctor.cli.sessions.prune import prune as prune_
    from proctor.config import load

    asyncio.run(prune_(load(database=database), older_than=older_than, dry_run=dry_run, as_json=as_json))
