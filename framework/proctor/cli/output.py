"""How everything that is printed looks: the console and its tables."""

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TextIO

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

_WORD = re.compile(r"(?:`[^`\n]+`|\S)+")
"""A command in backticks counts as one."""
PLAIN_WIDTH = 120
"""Columns where there is no terminal to ask."""


def console(file: TextIO | None = None) -> Console:
    """Make a console for a file, else stdout: as wide as the terminal, or without colours where there is none."""
    is_terminal = (file or sys.stdout).isatty()
    return Console(file=file) if is_terminal else Console(file=file, width=PLAIN_WIDTH, color_system=None)


@contextmanager
def reserved() -> Iterator[TextIO]:
    """Keep stdout for ourselves while the block lasts: what plugins and their programs write there goes to stderr."""
    stdout = sys.stdout
    stdout.flush()
    try:
        number, instead = stdout.fileno(), sys.stderr.fileno()
    except (OSError, io.UnsupportedOperation):  # it is no file: whoever called us collects it
        with redirect_stdout(sys.stderr):
            yield stdout
        return
    with os.fdopen(os.dup(number), "w", encoding=stdout.encoding, errors=stdout.errors) as ours:
        os.dup2(instead, number)
        try:
            with redirect_stdout(sys.stderr):
                yield ours
        finally:
            os.dup2(ours.fileno(), number)


def table() -> Table:
    """Make an empty table: a line below its heading, two blanks between columns."""
    return Table(
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        collapse_padding=True,
        header_style="bold",
    )


def indented(console: Console, text: Text, by: int, hanging: int = 0) -> None:
    """Print text with a margin, which wrapped lines keep and `hanging` more, and without blanks at the ends of lines.

    Words are never cut, and neither are commands in backticks: what is too long for a line can still be copied.
    """
    width, margin = max(20, console.width - by - hanging), by
    for paragraph in text.split(allow_blank=True):
        paragraph.expand_tabs(8)
        for line in paragraph.divide(_breaks(paragraph.plain, width)):
            shown = Text(" " * margin).append_text(line)
            shown.rstrip()
            console.print(shown, soft_wrap=True, highlight=False)
            margin = by + hanging


def _breaks(paragraph: str, width: int) -> Iterator[int]:
    """Give where the second line of a paragraph and those after it begin."""
    start = 0
    for word in _WORD.finditer(paragraph):
        if paragraph[start : word.start()].strip() and cell_len(paragraph[start : word.end()]) > width:
            start = word.start()
            yield start
