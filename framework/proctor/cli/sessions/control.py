"""What a user does to a session, whichever process drives it: that one sees it within a second or two."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable

import click

from proctor.app import App, open_app
from proctor.cli.program import command
from proctor.cli.runs.running import named
from proctor.cli.sessions.lookup import find
from proctor.cli.sessions.questions import asking
from proctor.cli.tree.standing import question
from proctor.cli.wording import SHORT_ID, count
from proctor.config import load
from proctor.domain.head import Head
from proctor.domain.interaction import Result
from proctor.domain.session import TERMINAL
from proctor.domain.workflow import ERROR, OK
from proctor.errors import NothingPending, SessionClosed


def cancel(database: str | None, session_id: str) -> None:
    """Cancel a session and all below it."""

    async def do(app: App, head: Head) -> str:
        if head.status in TERMINAL:
            return f"It had ended before: {head.status}."
        await app.cancel(head.id)
        return "Cancelled."

    _with(database, session_id, do)


def pause(database: str | None, session_id: str) -> None:
    """Let nothing new start in a session."""

    async def do(app: App, head: Head) -> str:
        await app.sessions.pause(app.scope, head.id)
        way = command(f"sessions resume {head.id[:SHORT_ID]}{named(database)}")
        return f"Paused. What runs may finish; `{way}` ends the pause."

    _with(database, session_id, do)


def resume(database: str | None, session_id: str) -> None:
    """End a pause."""

    async def do(app: App, head: Head) -> str:
        await app.sessions.resume(app.scope, head.id)
        return f"Resumed. {_to_go_on(database, head)}"

    _with(database, session_id, do)


def retry(database: str | None, session_id: str) -> None:
    """Try again what failed or was cancelled."""

    async def do(app: App, head: Head) -> str:
        before = {each.id for each in await app.store.descendants(app.scope, head.birth.root)}
        await app.sessions.retry(app.scope, head.id)
        after = await app.store.descendants(app.scope, head.birth.root)
        fresh = sum(each.id not in before for each in after)
        told = f"{count(fresh, 'new attempt')}." if fresh else "Opened again."
        return f"{told} {_to_go_on(database, head)}"

    _with(database, session_id, do)


def answer(database: str | None, session_id: str, *, reject: bool, message: str | None) -> None:
    """Answer what a session, or one below it, waits for."""

    async def do(app: App, head: Head) -> str:
        waiting = await _waiting(app, head)
        assert waiting.pending is not None
        result, user = Result(ERROR if reject else OK, error_message=message), getpass.getuser()
        submitted = await app.sessions.submit(app.scope, waiting.id, waiting.fence, result, executed_by=user)
        return f"{waiting.pending.command.step}: {submitted.status}."

    _with(database, session_id, do)


def _to_go_on(database: str | None, head: Head) -> str:
    return f"To go on: {command(f'sessions continue {head.birth.root[:SHORT_ID]}{named(database)}')}"


async def _waiting(app: App, head: Head) -> Head:
    """Find the one session, that one or one below it, that waits for an answer."""
    waiting = await asking(app, head)
    if len(waiting) > 1:
        names = ", ".join(f"{each.id[:SHORT_ID]} ({question(each)})" for each in waiting)
        raise click.UsageError(f"{count(len(waiting), 'session')} wait for an answer: {names}. Name one of them.")
    if not waiting and head.status in TERMINAL:
        raise SessionClosed(session_id=head.id, status=head.status)
    if not waiting:
        raise NothingPending(session_id=head.id)
    return waiting[0]


def _with(database: str | None, session_id: str, do: Callable[[App, Head], Awaitable[str]]) -> None:
    async def done() -> str:
        async with open_app(load(database=database)) as app:
            return await do(app, await find(app, session_id))

    click.echo(asyncio.run(done()))
