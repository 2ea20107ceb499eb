"""Files that reports are written to: their suffix names the format."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import click

Format = Literal["markdown", "junit", "json"]
FORMATS: Mapping[str, Format] = {".md": "markdown", ".xml": "junit", ".json": "json"}


def format_of(file: Path) -> Format:
    """Give the format that a file's name asks for. Raises click.BadParameter."""
    if (found := FORMATS.get(file.suffix.lower())) is None:
        raise click.BadParameter(f"{file.name} ends with none of {', '.join(FORMATS)}.")
    return found


def _checked(_context: click.Context, _parameter: click.Parameter, files: tuple[Path, ...]) -> tuple[Path, ...]:
    for file in files:
        format_of(file)
        if not file.absolute().parent.is_dir():  # said before the work, not after it
            raise click.BadParameter(f"there is no folder {file.parent}.")
    return files


reports = click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_checked,
    help="Write a report at the end: .md for a pull request, .xml for JUnit, .json for programs. Repeatable.",
)
