"""How the user calls this program: what the commands in hints begin with, so that they can be pasted."""

import os
import shlex
import sys
from pathlib import Path

NAME = "proctor"
_called = NAME
"""What the user called; our name where it was no user: in tests, and where others use these rooms."""


def remember(called: str) -> None:
    """Let the commands in hints begin so from now on."""
    global _called  # noqa: PLW0603 # it is one for the process, and set once
    _called = called


def command(words: str) -> str:
    """Write a command of ours that can be pasted; `words` are fit for a shell."""
    return f"{_called} {words}"


def module(words: str) -> str:
    """Write a command of a module that is installed beside us, to be found wherever we are."""
    return words if _called == NAME else f"{shlex.quote(_python())} -m {words}"


def pastable(message: str) -> str:
    """Let the commands in a message begin as the user calls us: errors name them in backticks and by our name."""
    return message.replace(f"`{NAME} ", f"`{_called} ")


def called() -> str:
    """Give our name if a shell finds this very program by it, else the words that it was called with."""
    given, found = Path(sys.argv[0]), _found(NAME)
    ours = [Path(sys.executable).with_name(NAME), *([given] if given.name == NAME else [])]
    if sys.argv[0] == NAME or (found and any(_is_same(found, each) for each in ours)):
        return NAME
    return shlex.quote(sys.argv[0]) if given.name == NAME else f"{shlex.quote(_python())} -m {NAME}"


def _python() -> str:
    """Give the interpreter as it was typed, unless a shell would find another one by that."""
    typed = sys.orig_argv[0]
    return typed if os.sep in typed or _found(typed) == sys.executable else sys.executable


def _found(name: str) -> str | None:
    """Find a program as a shell does; `shutil.which` takes longer to import than all else here."""
    places = (os.path.join(folder, name) for folder in os.get_exec_path())  # noqa: PTH118 # a name for a shell
    return next((place for place in places if Path(place).is_file() and os.access(place, os.X_OK)), None)


def _is_same(one: str, other: Path) -> bool:
    return other.exists() and other.samefile(one)
