"""`proctor plugins list`: the plugins that are installed."""

from typing import TYPE_CHECKING

import click

from proctor.cli import options
from proctor.cli.lazy import FAILED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from proctor.registry import Plugin, Registry

    Places = Mapping[Plugin, str]


@click.command("list")
@click.option(
    "--check", is_flag=True, help="Load each plugin: say where steps stand and which are broken; exit with 1 if any is."
)
@options.as_json
@click.pass_context
def list_(context: click.Context, check: bool, as_json: bool) -> None:
    """List the plugins that are installed. None is loaded, unless --check is given."""
    from proctor.config import load
    from proctor.registry import Registry

    settings = load()
    registry = Registry(settings.may_load())
    found: Sequence[Plugin] = registry.plugins(check=check)
    if check:
        found = [_pinned(plugin, registry, settings.plugins.only) for plugin in found]
    places = _places(found, registry) if check else None
    if as_json:
        _print_json(found, places)
    else:
        _print_table(found, places or {}, checked=check)
    if check and any(plugin.error for plugin in found):
        context.exit(FAILED)


def _pinned(plugin: "Plugin", registry: "Registry", only: "Sequence[str] | None") -> "Plugin":
    """Say of a workflow why no session of it could be created now."""
    from dataclasses import replace

    from proctor.errors import ProctorError

    if plugin.group == "proctor.workflows" and not plugin.error:
        try:
            registry.pin(plugin.name, only=only)
        except ProctorError as error:
            return replace(plugin, error=str(error))
    return plugin


def _places(found: "Sequence[Plugin]", registry: "Registry") -> "Places":
    """Say of strangers' steps where they stand: once they are loaded, it is known."""
    from proctor.cli.plugin_facts import standing

    steps = [plugin for plugin in found if plugin.group == "proctor.steps" and not plugin.error]
    places = {plugin: standing(registry.step_or_wrapper(*plugin.name.split(".", 1))) for plugin in steps}
    return {plugin: place for plugin, place in places.items() if place}


def _print_json(found: "Sequence[Plugin]", places: "Places | None") -> None:
    from dataclasses import asdict

    import orjson

    from proctor.cli.screen import JSON_VERSION

    for plugin in found:
        place = {} if places is None else {"place": places.get(plugin)}
        click.echo(orjson.dumps({"v": JSON_VERSION, "kind": "plugin", **asdict(plugin), **place}))


def _print_table(found: "Sequence[Plugin]", places: "Places", *, checked: bool) -> None:
    """Print it without rich: for hundreds of plugins that would take longer than all the rest."""
    from proctor.cli.wording import clean, first_line

    rows = [("group", "name", "distribution", "version", *(["place"] if places else []))]
    rows += [tuple(clean(cell) for cell in row) for row in _rows(found, places)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    rule = "─" * (sum(widths) + 2 * len(widths) - 2)
    styled = (click.style(line, "red") if plugin.error else line for plugin, line in zip(found, lines[1:], strict=True))
    click.echo("\n".join([click.style(lines[0], bold=True), rule, *styled]))
    broken = [plugin for plugin in found if plugin.error]
    for plugin in broken:
        click.echo(f"{click.style('broken', fg='red')}  {plugin.group} {plugin.name}: {first_line(plugin.error)}")
    if checked and not broken:
        click.echo("All of them load.")


def _rows(found: "Sequence[Plugin]", places: "Places") -> "Iterator[tuple[str, ...]]":
    group = ""
    for plugin in found:
        shown = plugin.group.removeprefix("proctor.") if plugin.group != group else ""
        group = plugin.group
        place = (places.get(plugin, ""),) if places else ()
        yield shown, plugin.name, plugin.distribution, plugin.version, *place
