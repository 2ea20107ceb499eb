"""Foreign text in Markdown: it can break no table, bring no HTML, mention nobody, close no issue and link nowhere."""

import re

from proctor.cli.wording import clean

_NOTHING = "&#8203;"
"""A blank without width. It keeps forges from reading what follows as a mention, a reference or a link."""
_LIVELY = re.compile(r"[\\`*_\[\]~|!<>&@#$%]|://|www(?=\.)|gh-(?=\d)", re.IGNORECASE)
_LIST = re.compile(r"[-+=]|\d+[.)]")
_CODE = re.compile(r"[^`|\\<>&\s](?:[^`|\\<>&\n]*[^`|\\<>&\s])?")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_PLAIN = {"\\", "`", "*", "_", "[", "]", "|"}


def inline(text: str) -> str:
    """Write text so that it shows on one line as it is, in a table too."""
    line = " ".join(clean(text).split())
    escaped = _LIVELY.sub(lambda found: _tamed(found[0]), line)
    return f"{_NOTHING}{escaped}" if _LIST.match(escaped) else escaped


def code(text: str) -> str:
    """Write a name as code if it can be, else as `inline` does."""
    line = " ".join(clean(text).split())
    return f"`{line}`" if _CODE.fullmatch(line) else inline(text)


def block(text: str) -> str:
    """Write lines as a block of code, behind a fence that is not in them."""
    lines = clean(text).strip("\n")
    longest = max((len(run) for run in re.findall("`+", lines)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{lines}\n{fence}"


def row(*cells: str) -> str:
    """Join cells, written by the functions above, to the row of a table."""
    return f"| {' | '.join(cells)} |"


def _tamed(found: str) -> str:
    if found in _PLAIN:
        return f"\\{found}"
    if found == "://":
        return f":{_NOTHING}//"
    if found in _ENTITIES:
        return f"{_ENTITIES[found]}{_NOTHING if found == '&' else ''}"
    return f"\\{found}{_NOTHING}" if found in "~!#$%" else f"{found}{_NOTHING}"
