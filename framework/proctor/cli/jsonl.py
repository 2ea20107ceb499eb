"""What is written for machines: JSON, an object a line."""

from collections.abc import Mapping
from typing import TextIO

import click
import orjson

JSON_VERSION = 1
"""Of all that is written so. New fields may come without a new version."""


def write_line(kind: str, fields: Mapping[str, object], out: TextIO | None = None) -> None:
    """Write an object of such a kind."""
    click.echo(orjson.dumps({"v": JSON_VERSION, "kind": kind, **fields}), out)
