"""What can be said of an installed plugin once it is loaded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from pydantic import BaseModel

from proctor.cli.wording import first_line
from proctor.contracts import Executor, Step, Wrapper
from proctor.domain.json import JsonObject
from proctor.domain.workflow import PinnedWorkflow, Workflow
from proctor.errors import ProctorError
from proctor.registry import Plugin, Registry
from proctor.registry.loading import asked

ARROW = " → "
_STANDING = {"after": "after", "before": "before", "replaces": "in place of", "wraps": "around"}

Loaded = Workflow | Step | Wrapper | type


@dataclass(frozen=True, slots=True)
class Facts:
    """What a plugin is, where it stands, and what can be set."""

    plugin: Plugin
    """With the reason if it cannot be used."""
    summary: str = ""
    contract: int | None = None
    place: str | None = None
    line: tuple[str, ...] = ()
    """The main line of its workflow, with it."""
    schema: JsonObject = field(default_factory=dict)
    """The JSON schema of its options, or of an executor's arguments."""


def facts(plugin: Plugin, registry: Registry) -> Facts:
    """Load a plugin, and say what it is."""
    try:
        loaded = load(plugin, registry)
        kind = loaded if isinstance(loaded, type | Workflow) else type(loaded)
        schema = asked(plugin, lambda: _schema(kind), doing="describing its options", who="its schema")
    except ProctorError as error:
        return Facts(replace(plugin, error=str(error.facts.get("cause", error))))
    workflow, problem = _pinned(loaded, registry)
    return Facts(
        replace(plugin, error=problem),
        summary="" if isinstance(loaded, Workflow) else first_line(kind.__doc__),
        contract=loaded.contract if hasattr(loaded, "contract") else None,
        place=standing(loaded),
        line=tuple(line_of(workflow)) if workflow else (),
        schema=schema,
    )


def load(plugin: Plugin, registry: Registry) -> Loaded:
    """Load a plugin. Raises PluginBroken or PluginClash."""
    match plugin.group:
        case "proctor.workflows":
            return registry.workflow(plugin.name)
        case "proctor.steps":
            return registry.step_or_wrapper(*plugin.name.split(".", 1))
        case "proctor.agents":
            return registry.agent(plugin.name)
        case "proctor.executors":
            return registry.executor(plugin.name)
        case _:
            return registry.engine(plugin.name)


def standing(loaded: Loaded) -> str | None:
    """Say where a step or wrapper stands in somebody else's workflow."""
    found = ((words, getattr(loaded, name, None)) for name, words in _STANDING.items())
    return next((f"{words} {step}" for words, step in found if isinstance(step, str)), None)


def line_of(workflow: PinnedWorkflow) -> Iterator[str]:
    """Name the steps of a main line, each with who replaces and wraps it."""
    for step in (workflow.steps[name] for name in workflow.main):
        remarks = [f"by {step.plugin}"] if step.plugin else []
        remarks += [f"in {wrapper.name}" for wrapper in step.wrappers]
        yield f"{step.name} ({', '.join(remarks)})" if remarks else step.name


def called(plugins: Sequence[Plugin], name: str) -> list[Plugin]:
    """Find the plugins that a name may mean: `group:name`, the name, or a step's name without its workflow."""
    group, _, own = name.rpartition(":")
    found = [
        each for each in plugins if not group or each.group.removeprefix("proctor.") == group.removeprefix("proctor.")
    ]
    full = [each for each in found if each.name == own]
    return full or [each for each in found if each.group == "proctor.steps" and each.name.partition(".")[2] == own]


def _pinned(loaded: Loaded, registry: Registry) -> tuple[PinnedWorkflow | None, str | None]:
    """Give the workflow as it is pinned now, or say why it cannot be."""
    if isinstance(loaded, type):
        return None, None
    try:
        return registry.pin(loaded.name if isinstance(loaded, Workflow) else loaded.workflow)[0], None
    except ProctorError as error:
        return None, str(error)


def _schema(kind: object) -> JsonObject:
    model = getattr(kind, "Arguments" if isinstance(kind, type) and issubclass(kind, Executor) else "Options", None)
    return model.model_json_schema() if isinstance(model, type) and issubclass(model, BaseModel) else {}
