"""`proctor plugins`: look at the plugins that are installed."""

from typing import TYPE_CHECKING

import click

from proctor.cli import options
from proctor.cli.lazy import FAILED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from proctor.registry import Plugin


@click.group()
def plugins() -> None:
    """Look at the plugins that are installed."""


@plugins.command("list")
@click.option("--check", is_flag=True, help="Load each plugin and say which are broken; exit with 1 if any is.")
@options.as_json
@click.pass_context
def list_(context: click.Context, check: bool, as_json: bool) -> None:
    """List the plugins that are installed."""
    from proctor.config import load
    from proctor.registry import Registry

    found = Registry(load().may_load()).plugins(check=check)
    if as_json:
        _print_json(found)
    else:
        _print_table(found, checked=check)
    if check and any(plugin.error for plugin in found):
        context.exit(FAILED)


def _print_json(found: "Sequence[Plugin]") -> None:
    from dataclasses import asdict

    import orjson

    from proctor.cli.screen import JSON_VERSION

    for plugin in found:
        click.echo(orjson.dumps({"v": JSON_VERSION, "kind": "plugin", **asdict(plugin)}))


def _print_table(found: "Sequence[Plugin]", *, checked: bool) -> None:
    from rich.text import Text

    from proctor.cli.output import console as new_console
    from proctor.cli.wording import first_line

    console = new_console()
    console.print(_table(found))
    broken = [plugin for plugin in found if plugin.error]
    for plugin in broken:
        console.print(Text.assemble(("broken  ", "red"), f"{plugin.group} {plugin.name}: {first_line(plugin.error)}"))
    if checked and not broken:
        click.echo("All of them load.")


def _table(found: "Sequence[Plugin]") -> "Table":
    from rich.text import Text

    from proctor.cli.output import table as new_table

    table = new_table()
    for name in ("group", "name", "distribution", "version"):
        table.add_column(name, overflow="fold")
    group = ""
    for plugin in found:
        shown = plugin.group.removeprefix("proctor.") if plugin.group != group else ""
        group = plugin.group
        table.add_row(shown, Text(plugin.name, "red" if plugin.error else ""), plugin.distribution, plugin.version)
    return table
