"""`proctor workflows`: look at the workflows that are installed, and walk them in thought."""

from typing import TYPE_CHECKING

import click

from proctor.cli import options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from proctor.domain.simulation import Simulated
    from proctor.domain.workflow import PinnedStep, PinnedWorkflow


@click.group()
def workflows() -> None:
    """Look at the workflows that are installed, and walk them in thought."""


@workflows.command("list")
@options.as_json
def list_(as_json: bool) -> None:
    """List the workflows, with the steps in the order in which they would be pinned now."""
    from proctor.cli.output import reserved
    from proctor.config import load
    from proctor.registry import Registry

    settings = load()
    registry = Registry(settings.may_load())
    names = [plugin.name for plugin in registry.plugins() if plugin.group == "proctor.workflows"]
    for name in dict.fromkeys(names):
        with reserved():
            workflow = registry.pin(name)[0]
        _print_workflow_json(workflow) if as_json else _print_workflow(workflow)


@workflows.command()
@click.argument("name")
@click.option(
    "--result",
    "results",
    multiple=True,
    metavar="STEP=STATUS[,STATUS...]",
    help="What a step ends with, one time after the other; the last repeats. Repeatable. Others end with ok.",
)
@click.option("--plain", is_flag=True, help="Plain lines in the place of a table.")
@options.as_json
def simulate(name: str, results: tuple[str, ...], plain: bool, as_json: bool) -> None:
    """Walk the workflow NAME with chosen results, and say why each step came next. No step is asked.

    The budgets are those of the settings. Where a check that is sent to be fixed has no fix left, its error becomes
    a warning.
    """
    from proctor.cli.output import reserved
    from proctor.config import load
    from proctor.domain.simulation import simulate as walk
    from proctor.registry import Registry

    settings = load()
    with reserved():
        workflow = Registry(settings.may_load()).pin(name)[0]
    simulated = walk(workflow, _chosen(results, workflow), settings.limits.limits())
    if as_json:
        _print_walk_json(workflow, simulated)
    elif plain:
        _print_walk(simulated)
    else:
        _print_walk_table(simulated)


def _chosen(results: "Sequence[str]", workflow: "PinnedWorkflow") -> "Mapping[str, Sequence[str]]":
    """Read the results that were chosen. Raises click.BadParameter."""
    chosen: dict[str, Sequence[str]] = {}
    for result in results:
        step, _, statuses = result.partition("=")
        if step not in workflow.steps:
            known = ", ".join(workflow.steps)
            raise click.BadParameter(f"{workflow.name} has no step {step!r}; it has {known}.", param_hint="--result")
        if not all(statuses.split(",")):
            raise click.BadParameter(f"{result!r} is not of the form STEP=STATUS[,STATUS…].", param_hint="--result")
        chosen[step] = [*chosen.get(step, ()), *statuses.split(",")]
    return chosen


def _print_workflow(workflow: "PinnedWorkflow") -> None:
    from proctor.cli.plugins.lines import folded

    click.echo(f"{workflow.name}{', spawns ' + ', '.join(workflow.spawns) if workflow.spawns else ''}")
    for step in workflow.steps.values():
        place = f"{workflow.main.index(step.name) + 1}." if step.name in workflow.main else "aside"
        click.echo(folded(f"{place} {_described(workflow, step)}", margin=2, hanging=3))


def _described(workflow: "PinnedWorkflow", step: "PinnedStep") -> str:
    """Say in words where each status leads; statuses that lead to the same are told together."""
    from proctor.domain.workflow import ANY
    from proctor.registry import OWN

    ways: dict[str, list[str]] = {}
    for status, target in step.transitions.items():
        ways.setdefault(_way(workflow, step, target), []).append("anything else" if status == ANY else status)
    owner = "" if step.distribution == OWN else f" ({step.distribution} {step.version})"
    return f"{step.name}{owner}: " + ", ".join(f"{' or '.join(statuses)} {way}" for way, statuses in ways.items())


def _way(workflow: "PinnedWorkflow", step: "PinnedStep", target: str) -> str:
    from proctor.domain.workflow import NEXT, SELF

    if target == NEXT:
        return "goes on" if workflow.follower(step.name) else "completes the session"
    return "again" if target == SELF else f"leads to {target}"


def _print_workflow_json(workflow: "PinnedWorkflow") -> None:

    from proctor.cli.jsonl import write_line

    steps = [
        {
            "step": step.name,
            "main": step.name in workflow.main,
            "transitions": dict(step.transitions),
            "distribution": step.distribution,
            "version": step.version,
        }
        for step in workflow.steps.values()
    ]
    write_line("workflow", {"name": workflow.name, "spawns": workflow.spawns, "steps": steps})


def _print_walk(simulated: "Simulated") -> None:
    for turn in simulated.turns:
        remark = f" ({turn.remark})" if turn.remark else ""
        click.echo(f"{turn.sequence:3} {turn.step}: {turn.status}{remark}; {turn.reason}")
    click.echo(f"{simulated.status}: {simulated.reason}")


def _print_walk_table(simulated: "Simulated") -> None:
    from rich.text import Text

    from proctor.cli.output import console as new_console
    from proctor.cli.output import table as new_table

    table, console = new_table(), new_console()
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("step", no_wrap=True)
    table.add_column("because", overflow="fold")
    table.add_column("ends", overflow="fold")
    for turn in simulated.turns:
        status = Text(turn.status, "green" if turn.status == "ok" else "yellow")
        ends = Text.assemble(status, (f": {turn.remark}" if turn.remark else "", "dim"))
        table.add_row(str(turn.sequence), turn.step, turn.reason, ends)
    console.print(table)
    console.print(Text.assemble("\n", (simulated.status, "bold"), f"  {simulated.reason}"), soft_wrap=True)


def _print_walk_json(workflow: "PinnedWorkflow", simulated: "Simulated") -> None:
    from dataclasses import asdict

    from proctor.cli.jsonl import write_line

    write_line("simulation", {"workflow": workflow.name, **asdict(simulated)})
