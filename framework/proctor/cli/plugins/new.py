"""`proctor plugins new`: write a plugin that works as it is, for somebody to change."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from proctor.cli.program import command, module
from proctor.scaffold.choices import KINDS, RELATIONS

if TYPE_CHECKING:
    from proctor.domain.workflow import PinnedWorkflow
    from proctor.registry import Registry
    from proctor.scaffold.draft import Draft
    from proctor.scaffold.place import Place


class _Kind(click.Choice):  # type: ignore[type-arg] # it takes none before click 8.2
    """One of KINDS; whoever looks for a wrapper is told that it is a step."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value == "wrapper":
            self.fail(f"a wrapper is a step: {command('plugins new step NAME --wraps STEP')}.", param, ctx)
        kind: str = super().convert(value, param, ctx)
        return kind


@click.command()
@click.argument("kind", type=_Kind(KINDS))
@click.argument("name")
@click.option(
    "--directory", type=click.Path(path_type=Path), metavar="DIR", help="The folder to make; proctor-NAME unless named."
)
@click.option("--workflow", metavar="WORKFLOW", help="Of a step: the workflow in which it stands.")
@click.option("--after", metavar="STEP", help="The step behind which it stands.")
@click.option("--before", metavar="STEP", help="The step in front of which it stands.")
@click.option("--replaces", metavar="STEP", help="The step in whose place it stands.")
@click.option("--wraps", metavar="STEP", help="The step around which it stands.")
def new(kind: str, name: str, directory: Path | None, workflow: str | None, **anchors: str | None) -> None:
    """Write a plugin called NAME: a distribution that can be installed, with tests that pass.

    Where a step is to stand is asked for on a terminal, unless it is said.
    """
    from proctor.config import load
    from proctor.registry import Registry
    from proctor.scaffold.draft import Draft

    registry = Registry(load().may_load())
    named = [(relation, step) for relation, step in anchors.items() if step is not None]
    if kind != "step" and (workflow or named):
        raise click.UsageError(f"Only a step has a place in a workflow; {kind} takes no --workflow and no anchor.")
    place = _place(registry, workflow, named) if kind == "step" else None
    draft = Draft(kind, name, place)  # type: ignore[arg-type] # click has seen to it
    _check_name(draft)
    folder = directory or Path(draft.distribution)
    _write(draft, folder)
    _tell(draft, folder)


def _place(registry: "Registry", workflow: str | None, named: "list[tuple[str, str]]") -> "Place":
    """Find out where a step is to stand: as said, else by asking on a terminal."""
    from proctor.scaffold.place import Place

    if len(named) > 1:
        raise click.UsageError(f"A step has one place; say only one of --{' and --'.join(each for each, _ in named)}.")
    if not (workflow and named) and not sys.stdin.isatty():
        raise click.UsageError(f"Where is it to stand? {_ways(registry)}")
    pinned = _pinned(registry, workflow or _ask("Workflow", _workflows(registry)))
    relation, anchor = named[0] if named else _asked_anchor(pinned)
    code, brought_by = _code(registry, f"{pinned.name}.{anchor}")
    place = Place(pinned, relation, anchor, code, brought_by)  # type: ignore[arg-type] # the options allow no other
    if problem := place.problem():
        raise click.BadParameter(problem, param_hint=f"--{relation}")
    return place


def _code(registry: "Registry", step: str) -> tuple[str, str]:
    """Say where a step's class is found, and which distribution brings it; nothing if there is no such step."""
    steps = [each for each in registry.plugins() if (each.group, each.name) == ("proctor.steps", step)]
    return (steps[0].value, steps[0].distribution) if steps else ("", "")


def _pinned(registry: "Registry", workflow: str) -> "PinnedWorkflow":
    from proctor.cli.output import reserved

    known = _workflows(registry)
    if workflow not in known:
        raise click.BadParameter(
            f"there is no workflow {workflow!r}; there are {', '.join(known)}.", param_hint="--workflow"
        )
    with reserved():
        return registry.pin(workflow)[0]


def _asked_anchor(workflow: "PinnedWorkflow") -> tuple[str, str]:
    from proctor.cli.plugins.lines import folded
    from proctor.scaffold.place import anchors

    click.echo(folded(f"The steps of {workflow.name}: {' → '.join(workflow.main)}"))
    relation = _ask("It stands", RELATIONS, "after")
    possible = anchors(workflow, relation)  # type: ignore[arg-type] # one of RELATIONS
    return relation, _ask(f"It stands {relation}", possible)


def _ask(question: str, choices: "tuple[str, ...]", default: str | None = None) -> str:
    from proctor.cli.plugins.lines import folded

    asked = folded(f"{question} ({', '.join(choices)})")
    answer: str = click.prompt(asked, type=click.Choice(choices), default=default, show_choices=False)
    return answer


def _workflows(registry: "Registry") -> tuple[str, ...]:
    names = [plugin.name for plugin in registry.plugins() if plugin.group == "proctor.workflows"]
    return tuple(dict.fromkeys(names))


def _ways(registry: "Registry") -> str:
    lines = [f"  --workflow {name}: {', '.join(_pinned(registry, name).steps)}" for name in _workflows(registry)]
    return "\n".join(
        ["Say --workflow and one of --after, --before, --replaces and --wraps. The workflows and their steps:", *lines]
    )


def _check_name(draft: "Draft") -> None:
    """See that nothing of that name is there. Raises click.BadParameter."""
    from importlib.metadata import PackageNotFoundError, distribution
    from importlib.util import find_spec

    from proctor.registry import Registry
    from proctor.scaffold.draft import NAME

    if not NAME.fullmatch(draft.name):
        raise _unusable(f"{draft.name!r} is no name for a plugin: small letters and single underscores make one.")
    wanted = {(group, name) for group, names in draft.entry_points.items() for name in names}
    for plugin in Registry().plugins():
        if (plugin.group, plugin.name) in wanted:
            brought = f"{plugin.distribution} {plugin.version}"
            raise _unusable(f"{brought} brings {plugin.group.removeprefix('proctor.')} {plugin.name} already.")
    try:
        distribution(draft.distribution)
    except PackageNotFoundError:
        if find_spec(draft.module) is None:
            return
        raise _unusable(f"a module {draft.module} is installed already.") from None
    raise _unusable(f"a distribution {draft.distribution} is installed already.")


def _unusable(reason: str) -> click.BadParameter:
    return click.BadParameter(f"{reason} Choose another one.", param_hint="NAME")


def _write(draft: "Draft", folder: Path) -> None:
    try:
        draft.write(folder)
    except FileExistsError:
        raise click.BadParameter(f"{folder} exists already. Name another folder.", param_hint="--directory") from None
    except OSError as error:
        raise click.BadParameter(f"{folder} cannot be made: {error.strerror}.", param_hint="--directory") from error


def _tell(draft: "Draft", folder: Path) -> None:
    from shlex import quote

    from proctor.cli.plugins.lines import folded

    click.echo(f"Made {folder}: {', '.join(sorted(draft.files()))}")
    if draft.advice:
        click.echo(folded(draft.advice, hanging=0))
    click.echo("\nWhat to do next:")
    shown = quote(str(folder) if folder.is_absolute() else f"./{folder}")
    for way in (module(f"pip install -e {shown}"), module(f"pytest {shown}"), command(f"plugins check {draft.plugin}")):
        click.echo(f"  {way}")
