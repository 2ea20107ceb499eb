"""`proctor plugins check`: whether installed plugins keep their contracts, and get on with each other."""

from typing import TYPE_CHECKING

import click

from proctor.cli import options
from proctor.cli.lazy import FAILED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from proctor.domain.json import JsonObject
    from proctor.registry import Plugin, Registry
    from proctor.testing import RuleBroken


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME|DISTRIBUTION]...")
@options.as_json
@click.pass_context
def check(context: click.Context, names: tuple[str, ...], as_json: bool) -> None:
    """Try the rules of their contracts on plugins, and tell what becomes of workflows with them.

    All that are installed are tried, unless some are named. What could cost money or do harm is left to the tests of
    the plugin's author. Exits with 1 if any is not sound.
    """
    from proctor.config import load
    from proctor.registry import Registry

    registry = Registry(load().may_load())
    plugins = registry.plugins()
    sound = True
    for distribution, chosen in _by_distribution(_chosen(plugins, names)):
        if not as_json:
            click.echo(f"{distribution} {chosen[0].version}")
        broken = [_checked(plugin, registry, as_json=as_json) for plugin in chosen]
        spoiled = _told_effects(plugins, distribution, registry, tell=not any(broken), as_json=as_json)
        sound = sound and not any(broken) and not spoiled
    if not as_json:
        click.echo("All of them are sound." if sound else "Not all of them are sound.")
    if not sound:
        context.exit(FAILED)


def _chosen(plugins: "Sequence[Plugin]", names: tuple[str, ...]) -> "Sequence[Plugin]":
    """Choose plugins by name or distribution; all if none is named. Raises click.BadParameter."""
    from proctor.cli.plugin_facts import called

    chosen: list[Plugin] = []
    for name in names:
        found = [each for each in plugins if each.distribution == name] or called(plugins, name)
        if not found:
            raise click.BadParameter(
                f"there is no plugin or distribution {name!r}. `proctor plugins list` shows them.", param_hint="NAME"
            )
        chosen += found
    return list(dict.fromkeys(chosen)) if names else plugins


def _by_distribution(plugins: "Sequence[Plugin]") -> "Iterator[tuple[str, list[Plugin]]]":
    for distribution in dict.fromkeys(plugin.distribution for plugin in plugins):
        yield distribution, [plugin for plugin in plugins if plugin.distribution == distribution]


def _checked(plugin: "Plugin", registry: "Registry", *, as_json: bool) -> bool:
    """Try a plugin, and tell what came of it. Gives whether it is broken."""
    from proctor.testing import check as try_rules

    if not as_json:
        click.echo(f"  {plugin.group.removeprefix('proctor.')}:{plugin.name}  ", nl=False)
    broken = try_rules(plugin.group, plugin.name, registry)
    if as_json:
        rules: JsonObject = {"broken": [_rule(each) for each in broken]}
        _write("checked", {"group": plugin.group, "name": plugin.name, "distribution": plugin.distribution, **rules})
    else:
        verdict = click.style("broken", fg="red") if broken else click.style("sound", fg="green")
        click.echo(verdict)
        for each in broken:
            _print_rule(each)
    return bool(broken)


def _print_rule(broken: "RuleBroken") -> None:
    from proctor.cli.wording import clean

    first, *more = clean(broken.reason).splitlines() or [""]
    for line in (clean(broken.rule), f"  {first}", *(f"  {line}" for line in more), f"  {broken.page}"):
        click.echo(f"    {line}")


def _told_effects(
    plugins: "Sequence[Plugin]", distribution: str, registry: "Registry", *, tell: bool, as_json: bool
) -> bool:
    """Tell what a distribution makes of workflows. Gives whether it spoils one; `tell` says if that is news."""
    from proctor.cli.plugin_effects import Effect, effects

    spoiled = False
    for effect in effects(plugins, distribution, registry):
        if not isinstance(effect, Effect):
            spoiled = True
        if as_json:
            _write("placed", {"distribution": distribution, **_effect(effect)})
        elif isinstance(effect, Effect):
            click.echo(f"  {effect}")
        elif tell:
            click.echo(f"  {click.style('broken', fg='red')}  {effect}")
    return spoiled


def _effect(effect: object) -> "JsonObject":
    from dataclasses import asdict

    from proctor.cli.plugin_effects import Effect

    return {**asdict(effect), "error": None} if isinstance(effect, Effect) else {"error": str(effect)}


def _rule(broken: "RuleBroken") -> "JsonObject":
    return {"rule": broken.rule, "reason": broken.reason, "page": broken.page}


def _write(kind: str, told: "JsonObject") -> None:
    import orjson

    from proctor.cli.screen import JSON_VERSION

    click.echo(orjson.dumps({"v": JSON_VERSION, "kind": kind, **told}))
