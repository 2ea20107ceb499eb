"""SQL by name: a file of statements, each under a line `-- name: …`."""

import re
from collections.abc import Mapping
from importlib.resources import files

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def load(filename: str) -> Mapping[str, str]:
    """Read the named statements of a file that lies beside this module."""
    _, *parts = _NAME.split(files(__package__).joinpath(filename).read_text("utf-8"))
    return {name: text.strip().removesuffix(";") for name, text in zip(parts[::2], parts[1::2], strict=True)}
