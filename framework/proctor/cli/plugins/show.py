"""`proctor plugins show`: what one plugin is, where it stands, and what can be set."""

from typing import TYPE_CHECKING

import click

from proctor.cli import options
from proctor.cli.lazy import FAILED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from proctor.cli.plugins.facts import Facts
    from proctor.domain.json import JsonObject
    from proctor.registry import Plugin


@click.command()
@click.argument("name")
@options.as_json
@click.pass_context
def show(context: click.Context, name: str, as_json: bool) -> None:
    """Show the plugin NAME: where it stands, its options, and why it is broken, if it is.

    NAME is group:name, or only the name if that is unique. A step's may be said without its workflow. With --json the
    schema of the options is given.
    """
    from proctor.cli.output import reserved
    from proctor.cli.plugins.facts import Facts, facts
    from proctor.cli.plugins.found import chosen
    from proctor.config import load
    from proctor.registry import Registry

    registry = Registry(load().may_load())
    plugin = _one(chosen(registry.installed, name), name)
    with reserved():
        told = Facts(plugin) if plugin.error else facts(plugin, registry)
    _print_json(told) if as_json else _print(told)
    if told.plugin.error:
        context.exit(FAILED)


def _one(plugins: "Sequence[Plugin]", name: str) -> "Plugin":
    """Choose the plugin that is meant. Raises click.BadParameter."""
    names = dict.fromkeys(f"{each.group.removeprefix('proctor.')}:{each.name}" for each in plugins)
    if len(names) > 1:
        raise click.BadParameter(f"{name!r} may be {' or '.join(names)}; say which.", param_hint="NAME")
    return plugins[0]


def _print(found: "Facts") -> None:
    from rich.text import Text

    from proctor.cli.output import console as new_console
    from proctor.cli.output import indented
    from proctor.cli.plugins.facts import ARROW
    from proctor.cli.plugins.lines import folded
    from proctor.cli.wording import clean

    plugin, console = found.plugin, new_console()
    kind = plugin.group.removeprefix("proctor.").removesuffix("s")
    title = f"  {kind} of {plugin.distribution} {plugin.version}".rstrip()
    console.print(Text.assemble((clean(plugin.name), "bold"), clean(title)), soft_wrap=True)
    facts = {
        "": found.summary,
        "code": plugin.value,
        "contract": str(found.contract or ""),
        "stands": found.place,
        "line": ARROW.join(found.line),
    }
    for name, said in facts.items():
        if said:
            indented(console, Text(clean(f"{name:<10}{said}" if name else said)), 2)
    if found.schema.get("properties"):
        console.print(_options(found.schema))
    if plugin.error:
        told = folded(f"broken  {clean(plugin.error)}", hanging=8)
        click.echo(told.replace("broken", click.style("broken", fg="red"), 1))


def _options(schema: "JsonObject") -> object:
    from rich.padding import Padding
    from rich.text import Text

    from proctor.cli.output import table as new_table

    table = new_table()
    for name in ("option", "default", "meaning"):
        table.add_column(name, overflow="fold")
    for row in _rows(schema):
        table.add_row(*map(Text, row))
    return Padding(table, (1, 0, 0, 2), expand=False)


def _rows(schema: "JsonObject") -> "Iterator[tuple[str, str, str]]":
    import orjson

    from proctor.cli.tree.product import mapping, text
    from proctor.cli.wording import first_line

    for name, about in mapping(schema.get("properties")).items():
        known = mapping(about)
        default = orjson.dumps(known["default"]).decode() if "default" in known else ""
        yield name, default, first_line(text(known.get("description")))


def _print_json(found: "Facts") -> None:
    from dataclasses import asdict

    from proctor.cli.jsonl import write_line

    told = asdict(found)
    write_line("plugin", {**told.pop("plugin"), **told})
