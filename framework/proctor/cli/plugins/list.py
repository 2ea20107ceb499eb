"""`proctor plugins list`: the plugins that are installed."""

from typing import TYPE_CHECKING

import click

from proctor.cli import options
from proctor.cli.lazy import FAILED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from proctor.installed import Plugin
    from proctor.registry import Registry

    Places = Mapping[Plugin, str]


@click.command("list")
@click.option(
    "--check", is_flag=True, help="Load each plugin: say where steps stand and which are broken; exit with 1 if any is."
)
@options.as_json
@click.pass_context
def list_(context: click.Context, check: bool, as_json: bool) -> None:
    """List the plugins that are installed. None is loaded, unless --check is given."""
    plugins, places = _checked() if check else (_listed(), None)
    if as_json:
        _print_json(plugins, places)
    else:
        _print_table(plugins, places or {}, checked=check)
    if check and any(plugin.error for plugin in plugins):
        context.exit(FAILED)


def _listed() -> "Sequence[Plugin]":
    """Find what is installed. Settings are only read if there are any: that takes longer than all the rest."""
    from proctor.cli.plugins.found import found
    from proctor.installed import Installed
    from proctor.settings_file import all_is_default

    if all_is_default():
        return found(Installed())
    from proctor.config import load

    return found(Installed(load().may_load()))


def _checked() -> "tuple[Sequence[Plugin], Places]":
    """Load all plugins, and place them. What they print goes to stderr."""
    from proctor.cli.output import reserved  # it takes rich along, which nothing else needs here
    from proctor.config import load
    from proctor.registry import Registry

    settings = load()
    registry = Registry(settings.may_load())
    with reserved():
        plugins = [_pinned(plugin, registry, settings.plugins.only) for plugin in registry.plugins(check=True)]
        return plugins, _places(plugins, registry)


def _pinned(plugin: "Plugin", registry: "Registry", only: "Sequence[str] | None") -> "Plugin":
    """Say of a workflow why no session of it could be created now: each reason in a line."""
    from dataclasses import replace

    if plugin.group == "proctor.workflows" and not plugin.error:
        return replace(plugin, error="\n".join(map(str, registry.clashes(plugin.name, only=only))) or None)
    return plugin


def _places(found: "Sequence[Plugin]", registry: "Registry") -> "Places":
    """Say of strangers' steps where they stand: once they are loaded, it is known."""
    from proctor.cli.plugins.facts import standing

    steps = [plugin for plugin in found if plugin.group == "proctor.steps" and not plugin.error]
    places = {plugin: standing(registry.step_or_wrapper(*plugin.name.split(".", 1))) for plugin in steps}
    return {plugin: place for plugin, place in places.items() if place}


def _print_json(found: "Sequence[Plugin]", places: "Places | None") -> None:
    from dataclasses import asdict

    from proctor.cli.jsonl import write_line

    for plugin in found:
        place = {} if places is None else {"place": places.get(plugin)}
        write_line("plugin", {**asdict(plugin), **place})


def _print_table(found: "Sequence[Plugin]", places: "Places", *, checked: bool) -> None:
    """Print it without rich: for hundreds of plugins that would take longer than all the rest."""
    from collections import defaultdict

    from proctor.cli.plugins.lines import folded
    from proctor.cli.wording import clean

    sections: defaultdict[str, list[Plugin]] = defaultdict(list)
    for plugin in found:
        sections[_heading(plugin)].append(plugin)
    for heading, plugins in sections.items():
        click.echo("\n".join([click.style(clean(heading), bold=True), *_section(plugins, places)]))
    reasons: defaultdict[str, list[str]] = defaultdict(list)
    for plugin in found:
        for reason in (plugin.error or "").splitlines():
            reasons[reason].append(f"{plugin.group.removeprefix('proctor.')}:{plugin.name}")
    for reason, names in reasons.items():
        told = folded(clean(f"broken  {', '.join(dict.fromkeys(names))}: {reason}"), hanging=8)
        click.echo(told.replace("broken", click.style("broken", fg="red"), 1))
    if checked and not reasons:
        click.echo("All of them load.")


def _heading(plugin: "Plugin") -> str:
    """Name the section in which a plugin stands: its group, and the workflow of a step."""
    group, (workflow, _, step) = plugin.group.removeprefix("proctor."), plugin.name.partition(".")
    return f"{group} of {workflow}" if step else group


def _section(plugins: "Sequence[Plugin]", places: "Places") -> "Iterator[str]":
    from proctor.cli.plugins.lines import folded

    rows = [_row(plugin, places.get(plugin, "")) for plugin in plugins]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for plugin, row in zip(plugins, rows, strict=True):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        shown = folded(line, margin=2)
        yield click.style(shown, "red") if plugin.error else shown


def _row(plugin: "Plugin", place: str) -> tuple[str, str, str]:
    from pathlib import PurePath

    from proctor.cli.wording import clean

    name = plugin.name.partition(".")[2] or plugin.name
    owner = f"{PurePath(plugin.distribution).name} {plugin.version}"  # it is a path if it has no name
    return clean(name), clean(owner.rstrip()), clean(place)
