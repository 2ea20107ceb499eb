"""`proctor replay`: make the decisions of recorded histories once more."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from proctor.cli import options
from proctor.cli.lazy import FAILED, USAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proctor.history import Divergence, Replayed


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--strict", is_flag=True, help="Count long files of commands that differ, of which only digests are kept."
)
@options.as_json
@click.pass_context
def replay(context: click.Context, files: tuple[Path, ...], strict: bool, as_json: bool) -> None:
    """Make the decisions of recorded histories once more, with the plugins that are installed.

    Nothing is executed. Each FILE was written by `proctor sessions export`. Exit codes: 0 the same decisions, 1 others,
    2 a file cannot be read.
    """
    import asyncio

    from proctor.config import load
    from proctor.history import Unreadable, read
    from proctor.history import replay as replay_history
    from proctor.registry import Registry

    registry, codes = Registry(load().may_load()), {0}
    for file in files:
        try:
            history = read(file.read_bytes())
        except (OSError, Unreadable) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            click.echo(f"proctor: {file} cannot be read: {reason}", err=True)
            codes.add(USAGE)
            continue
        replayed = asyncio.run(replay_history(history, registry))
        _print_json(file, replayed) if as_json else _print(file, replayed)
        if replayed.divergences or (strict and replayed.texts):
            codes.add(FAILED)
    context.exit(max(codes))


def _print(file: Path, replayed: "Replayed") -> None:
    from proctor.cli.wording import clean

    for line in _lines(file, replayed):
        click.echo(clean(line))


def _lines(file: Path, replayed: "Replayed") -> "Iterator[str]":
    from proctor.cli.wording import count

    found = len(replayed.divergences)
    verdict = count(found, "divergence") if found else "no divergence"
    yield f"{file}: {count(replayed.sessions, 'session')}, {count(replayed.decisions, 'decision')}, {verdict}"
    for divergence in replayed.divergences:
        yield from _divergence(divergence)
    yield from (f"  note: {note}" for note in replayed.notes)
    if replayed.texts:
        yield f"  note: {count(len(replayed.texts), 'long file')} of commands changed, such as {replayed.texts[0]}"


def _divergence(divergence: "Divergence") -> "Iterator[str]":
    from proctor.cli.wording import SHORT_ID

    session = f"{divergence.about} (session {divergence.session[:SHORT_ID]})"
    place = f"{session}, interaction {divergence.sequence}, {divergence.step}"
    if divergence.decision == "plugin":
        yield f"  {place}: it cannot be asked. {divergence.differences[0].now}"
        return
    yield f"  {place}: another {divergence.decision}"
    for each in divergence.differences:
        if each.place:
            yield f"    {each.place}"
        yield f"      recorded  {each.recorded}"
        yield f"      now       {each.now}"


def _print_json(file: Path, replayed: "Replayed") -> None:
    from dataclasses import asdict

    from proctor.cli.jsonl import write_line

    write_line("replay", {"file": str(file), **asdict(replayed)})
