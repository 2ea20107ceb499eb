"""How everything that is printed looks: the console and its tables."""

import sys

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

PLAIN_WIDTH = 120
"""Columns where there is no terminal to ask."""


def console() -> Console:
    """Make a console for stdout: as wide as the terminal, or without colours where there is none."""
    return Console() if sys.stdout.isatty() else Console(width=PLAIN_WIDTH, color_system=None)


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


def indented(console: Console, text: Text, by: int) -> None:
    """Print text with a margin, which wrapped lines keep, and without blanks at the ends of lines."""
    for line in text.wrap(console, max(20, console.width - by)):
        line.rstrip()
        console.print(Text(" " * by).append_text(line), no_wrap=True, overflow="ignore")
