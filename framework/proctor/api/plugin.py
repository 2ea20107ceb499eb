"""What is installed: plugins, and the kinds of commands that they can carry out."""

import strawberry
from strawberry.scalars import JSON

from proctor import registry
from proctor.api.enums import WaitsFor
from proctor.api.shown import without_folders
from proctor.contracts.executor import Executor


@strawberry.type
class Plugin:
    """An entry point of an installed distribution."""

    group: str
    """What it is: `proctor.workflows`, `proctor.steps`, `proctor.agents`, `proctor.executors` or `proctor.engines`."""
    name: str
    """Its name in that group; a step's is `<workflow>.<step>`."""
    distribution: str
    """The distribution that brings it."""
    version: str
    """The version of that distribution."""
    is_broken: bool
    """It cannot be used."""
    reason: str | None
    """Why it cannot be used."""


@strawberry.type
class CommandKind:
    """A kind of commands: what whoever executes one gets, and what it reports."""

    name: str
    """The `kind` of such commands."""
    description: str
    """What it does, what its statuses mean, and what its data says."""
    waits_for: WaitsFor | None
    """Not null: nobody executes such a command; its interaction is parked until what it waits for is there."""
    arguments_schema: JSON
    """The JSON Schema of a command's `arguments`."""
    data_schema: JSON | None
    """The JSON Schema of a result's `data`; null if its author published none."""
    distribution: str
    """The distribution that brings it."""


def plugin(found: registry.Plugin) -> Plugin:
    """Show a plugin."""
    return Plugin(
        group=found.group,
        name=found.name,
        distribution=found.distribution,
        version=found.version,
        is_broken=found.error is not None,
        reason=without_folders(found.error) if found.error else None,
    )


def command_kind(found: registry.Plugin, executor: type[Executor]) -> CommandKind:
    """Show a kind of commands."""
    data = getattr(executor, "Data", None)
    return CommandKind(
        name=found.name,
        description=" ".join((executor.__doc__ or "").split()),
        waits_for=WaitsFor(executor.parks) if executor.parks else None,
        arguments_schema=JSON(executor.Arguments.model_json_schema()),
        data_schema=JSON(data.model_json_schema()) if data else None,
        distribution=found.distribution,
    )
