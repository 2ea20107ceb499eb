"""`proctor plugins check`: whether installed plugins keep their contracts, and get on with each other."""

from typing import TYPE_CHECKING

import click

from proctor.cli import options
from proctor.cli.lazy import FAILED
from proctor.cli.wording import clean, count

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
    from proctor.cli.plugins.found import chosen, found
    from proctor.config import load
    from proctor.registry import Registry

    registry = Registry(load().may_load())
    named = dict.fromkeys(plugin for name in names for plugin in chosen(registry.installed, name))
    sound = True
    for distribution, plugins in _by_distribution([*named] or found(registry.installed)):
        if not as_json:
            click.echo(clean(f"{distribution} {plugins[0].version}".rstrip()))
        broken = [_checked(plugin, registry, as_json=as_json) for plugin in plugins]
        spoiled = _told_effects(distribution, registry, tell=not any(broken), as_json=as_json)
        sound = sound and not any(broken) and not spoiled
    if not as_json:
        click.echo("All of them are sound." if sound else "Not all of them are sound.")
    if not sound:
        context.exit(FAILED)


def _by_distribution(plugins: "Sequence[Plugin]") -> "Iterator[tuple[str, list[Plugin]]]":
    for distribution in dict.fromkeys(plugin.distribution for plugin in plugins):
        yield distribution, [plugin for plugin in plugins if plugin.distribution == distribution]


def _checked(plugin: "Plugin", registry: "Registry", *, as_json: bool) -> bool:
    """Try a plugin, and tell what came of it. Gives whether it is broken."""
    broken = _tried(plugin, registry)
    if as_json:
        rules: JsonObject = {"broken": [_rule(each) for each in broken]}
        _write("checked", {"group": plugin.group, "name": plugin.name, "distribution": plugin.distribution, **rules})
    else:
        verdict = click.style("broken", fg="red") if broken else click.style("sound", fg="green")
        click.echo(f"  {clean(plugin.group.removeprefix('proctor.'))}:{clean(plugin.name)}  {verdict}")
        _print_causes(broken)
    return bool(broken)


def _tried(plugin: "Plugin", registry: "Registry") -> "Sequence[RuleBroken]":
    """Give the rules that a plugin breaks. What it prints goes to stderr."""
    from proctor.cli.output import reserved
    from proctor.testing import RuleBroken
    from proctor.testing import check as try_rules
    from proctor.testing.installed import LOADS
    from proctor.testing.kit import Kit
    from proctor.testing.placing import UNDER_TEST

    if plugin.error:
        return [RuleBroken(LOADS, plugin.error, Kit.page)]
    with reserved():
        broken = try_rules(plugin.group, plugin.name, registry)
    for each in broken:  # here it is known
        each.reason = each.reason.replace(UNDER_TEST, plugin.distribution)
    return broken


def _print_causes(broken: "Sequence[RuleBroken]") -> None:
    """Tell each cause once, with the rules that are broken by it."""
    from proctor.cli.plugins.lines import folded

    for reason, page in dict.fromkeys((each.reason, each.page) for each in broken):
        rules = [each.rule for each in broken if (each.reason, each.page) == (reason, page)]
        lines = [folded(line, margin=4) for line in clean(reason).splitlines()]
        lines.append(folded(f"This breaks {count(len(rules), 'rule')} ({page}):", margin=4))
        lines += [folded(f"- {clean(rule)}", margin=6) for rule in rules]
        click.echo("\n".join(lines))


def _told_effects(distribution: str, registry: "Registry", *, tell: bool, as_json: bool) -> bool:
    """Tell what a distribution makes of workflows. Gives whether it spoils one; `tell` says if that is news."""
    from proctor.cli.output import reserved
    from proctor.cli.plugins.effects import Effect, effects
    from proctor.cli.plugins.lines import folded

    with reserved():
        made = [*effects(registry.plugins(), distribution, registry)]
    for effect in made:
        if as_json:
            _write("placed", {"distribution": distribution, **_effect(effect)})
        elif isinstance(effect, Effect):
            click.echo(folded(clean(str(effect)), margin=2))
        elif tell:
            told = folded(f"broken  {clean(str(effect))}", margin=2, hanging=8)
            click.echo(told.replace("broken", click.style("broken", fg="red"), 1))
    return not all(isinstance(effect, Effect) for effect in made)


def _effect(effect: object) -> "JsonObject":
    from dataclasses import asdict

    from proctor.cli.plugins.effects import Effect

    return {**asdict(effect), "error": None} if isinstance(effect, Effect) else {"error": str(effect)}


def _rule(broken: "RuleBroken") -> "JsonObject":
    return {"rule": broken.rule, "reason": broken.reason, "page": broken.page}


def _write(kind: str, told: "JsonObject") -> None:
    from proctor.cli.jsonl import write_line

    write_line(kind, told)
