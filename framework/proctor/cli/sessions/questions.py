"""What sessions ask, and how they are answered."""

from collections.abc import Iterator

import orjson

from proctor.app import App
from proctor.cli.program import command
from proctor.cli.tree.view import EXTERNAL
from proctor.cli.wording import SHORT_ID, clean
from proctor.domain.head import Head
from proctor.domain.json import Json


async def asking(app: App, head: Head) -> list[Head]:
    """Find the sessions that wait for an answer: that one or, if it is a root, any of its tree."""
    heads = [head] if head.birth.parent else await app.store.descendants(app.scope, head.id)
    return [each for each in heads if each.parked == EXTERNAL]


def details(head: Head) -> Iterator[str]:
    """Give whatever else its step wrote for whoever answers, a line for each."""
    assert head.pending is not None
    for name, value in head.pending.command.arguments.items():
        if name != "question" and value not in (None, "", [], {}):
            lines = clean(_written(value)).splitlines()
            yield f"{clean(name)}:" if len(lines) > 1 else f"{clean(name)}: {''.join(lines)}"
            yield from (f"  {line}" for line in lines if len(lines) > 1)


def ways(head: Head, database: str) -> tuple[str, str]:
    """Give the commands that answer: yes, and no. `database` is what names the database, if it is not the usual one."""
    yes = command(f"sessions answer {head.id[:SHORT_ID]}{database}")
    return yes, f"{yes} --reject --message WHY"


def _written(value: Json) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "\n".join(map(str, value))
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
