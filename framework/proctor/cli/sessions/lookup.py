"""Finds a session by the first digits of its id."""

from collections.abc import AsyncIterator

import click

from proctor.app import App
from proctor.cli.runs.running import named
from proctor.cli.wording import SHORT_ID
from proctor.domain.head import Head
from proctor.errors import SessionNotFound

ROOTS = 1000
"""How many of the newest trees are looked at."""
SHORTEST = 4


async def find(app: App, prefix: str) -> Head:
    """Find the session whose id begins so: a root first, else a child. Raises SessionNotFound or UsageError."""
    prefix = prefix.strip().lower()
    exact = await app.store.head(app.scope, prefix)
    if exact is not None:
        return exact
    if len(prefix) < SHORTEST:
        raise click.UsageError(
            f"{prefix or 'nothing'} is too short to tell sessions apart; give {SHORTEST} digits or more."
        )
    roots = await app.store.roots(app.scope, limit=ROOTS)
    found = [root for root in roots if root.id.startswith(prefix)]
    found = found or [
        child async for child in _children(app, [root.id for root in roots]) if child.id.startswith(prefix)
    ]
    if len(found) > 1:
        names = ", ".join(head.id[: max(SHORT_ID, len(prefix) + 4)] for head in found[:5])
        raise click.UsageError(f"{prefix} is the beginning of {len(found)} sessions: {names}. Give more digits.")
    if not found:
        raise _unknown(prefix)
    return found[0]


def _unknown(prefix: str) -> SessionNotFound:
    """Make the error; the command in it looks into the database that the user named."""
    error, context = SessionNotFound(session_id=prefix), click.get_current_context(silent=True)
    flag = named(context.params.get("database") if context else None)
    error.args = (str(error).replace(" list`", f" list{flag}`"),)
    return error


async def _children(app: App, roots: list[str]) -> AsyncIterator[Head]:
    for root in roots:
        for head in await app.store.descendants(app.scope, root):
            if head.id != root:
                yield head
