"""`proctor token`: who may call a shared server."""

from typing import TYPE_CHECKING

import click

from proctor.cli import options
from proctor.cli.program import command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proctor.contracts.access import Token


@click.group()
def token() -> None:
    """Say who may call a shared server."""


def _name(_: click.Context, parameter: click.Parameter, value: str) -> str:
    from proctor.api.auth import LONGEST_NAME, is_name

    if not is_name(value):
        raise click.BadParameter(f"give 1 to {LONGEST_NAME} printable characters.", param=parameter)
    return value


@token.command()
@click.argument("name", callback=_name)
@click.option(
    "--role",
    type=click.Choice(["viewer", "operator", "admin"]),
    default="viewer",
    show_default=True,
    help="A viewer reads, an operator and an admin also start and cancel.",
)
@click.option("--account", default="local", callback=_name, show_default=True, help="Whose sessions it opens.")
@click.option("--project", default="local", callback=_name, show_default=True, help="And of which of their projects.")
@click.option("--days", type=click.FloatRange(0, min_open=True), metavar="N", help="Days until it expires.")
@options.database
def create(name: str, role: str, account: str, project: str, days: float | None, database: str | None) -> None:
    """Make a token called NAME, and print it: only its hash is kept, so this is the only time."""
    import asyncio
    import secrets
    import time

    from proctor.api.auth import digest
    from proctor.app import open_app
    from proctor.config import load
    from proctor.contracts.access import Token
    from proctor.domain.scope import Scope

    secret, now = secrets.token_urlsafe(32), time.time()
    expires = None if days is None else now + days * 86400
    made = Token(digest(secret), name, role, Scope(account, project, name), now, expires)

    async def add() -> None:
        async with open_app(load(database=database)) as app:
            await app.store.add_token(made)

    asyncio.run(add())
    click.echo(secret)


@token.command("list")
@options.as_json
@options.database
def list_(as_json: bool, database: str | None) -> None:
    """List the tokens, without their secrets."""
    import asyncio
    from collections.abc import Sequence

    from proctor.app import open_app
    from proctor.config import load
    from proctor.contracts.access import Token

    async def read() -> Sequence[Token]:
        async with open_app(load(database=database)) as app:
            return await app.store.tokens()

    found = asyncio.run(read())
    if as_json:
        _print_json(found)
    elif found:
        _print_table(found)
    else:
        click.echo(f"No token yet. `{command('token create NAME')}` makes one.")


@token.command()
@click.argument("name")
@options.database
def revoke(name: str, database: str | None) -> None:
    """Make the token called NAME worthless, at once."""
    import asyncio
    import time

    from proctor.app import open_app
    from proctor.config import load
    from proctor.errors import TokenNotFound

    async def take() -> bool:
        async with open_app(load(database=database)) as app:
            return await app.store.revoke_token(name, time.time())

    if not asyncio.run(take()):
        raise TokenNotFound(name=name)


def _print_json(found: "Sequence[Token]") -> None:
    from dataclasses import asdict

    from proctor.cli.jsonl import write_line

    for each in found:
        fields = {name: value for name, value in asdict(each).items() if name != "digest"}
        write_line("token", fields)


def _print_table(found: "Sequence[Token]") -> None:
    import time

    from rich.text import Text

    from proctor.cli.output import console
    from proctor.cli.output import table as new_table
    from proctor.cli.wording import age

    table, now = new_table(), time.time()
    for column in ("name", "role", "account", "project", "age", "state"):
        table.add_column(column, overflow="fold")
    for each in found:
        scope, old = each.scope, age(now - each.created_at)
        table.add_row(Text(each.name), each.role, Text(scope.account), Text(scope.project), old, _state(each, now))
    console().print(table)


def _state(each: "Token", now: float) -> str:
    if each.revoked_at is not None:
        return "revoked"
    return "valid" if each.is_valid(now) else "expired"
