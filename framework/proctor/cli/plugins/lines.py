"""How lines about plugins are folded: never in the middle of a word, nor wider than the terminal unless a word is."""

from shutil import get_terminal_size
from textwrap import fill


def folded(line: str, margin: int = 0, hanging: int = 2) -> str:
    """Fold a line behind a margin; where it goes on, it hangs further in. Without a terminal, 80 columns are there."""
    return fill(
        line,
        get_terminal_size().columns,
        initial_indent=" " * margin,
        subsequent_indent=" " * (margin + hanging),
        break_long_words=False,
        break_on_hyphens=False,
    )
