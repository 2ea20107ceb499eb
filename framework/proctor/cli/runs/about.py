"""What a run is about, said before it begins."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from proctor.app import App, Begun
from proctor.cli.tree.past import main_lines
from proctor.cli.tree.product import mapping, text
from proctor.cli.wording import SHORT_COMMIT, SHORT_ID, clean, first_line
from proctor.config import Settings
from proctor.contracts.store import Tree
from proctor.domain.json import JsonObject
from proctor.domain.session import TERMINAL
from proctor.domain.workflow import PinnedStep, PinnedWorkflow
from proctor.registry import OWN, Plugin

DIRTY = "uncommitted changes are left out: tests are written against the commit"


@dataclass(frozen=True, slots=True)
class StrangerStep:
    """A step that another distribution brought into a workflow, or changed there."""

    workflow: str
    step: str
    distribution: str
    version: str
    replaced_by: str | None = None
    """The step of that distribution that took its place."""
    inside: str | None = None
    """The wrapper of that distribution that stands around it."""

    def __str__(self) -> str:
        replaced = f" replaced by {self.replaced_by}" if self.replaced_by else ""
        inside = f" inside {self.inside}" if self.inside else ""
        return f"{self.workflow}.{self.step}{replaced}{inside} ({self.distribution} {self.version})"


@dataclass(frozen=True, slots=True)
class About:
    """The session and its circumstances."""

    session_id: str
    name: str
    repository: Path
    base: str
    agent: str
    branch: str | None
    continued: bool
    attached: bool
    dirty: bool
    strangers: tuple[StrangerStep, ...]
    """Steps that other distributions brought or changed."""
    lines: Mapping[str, tuple[str, ...]]
    """Workflow -> its main line of steps; that of the session itself comes first."""
    past: int
    """Number of the last event that happened before."""
    carried: tuple[str, ...] = ()
    """Files that are laid over every workspace and never land."""
    ended: bool = False
    """It had ended before."""
    broken: tuple[Plugin, ...] = ()
    """Steps that take no part because they cannot be used."""

    def told(self) -> list[str]:
        """Tell it to a person, a line for each."""
        if self.ended:
            return [f"The session {self.session_id[:SHORT_ID]} of {self.name} has ended. This is what came of it."]
        verb = "Watching" if self.attached else "Continuing" if self.continued else self._doing()
        told = [f"{verb} {self.name} with the agent {self.agent}, session {self.session_id[:SHORT_ID]}"]
        told.append(f"  commit {self.base[:SHORT_COMMIT]} of {self.repository}")
        told += [f"  what is proven lands on the new branch {self.branch}"] if self.branch else []
        if self.attached:
            told.append("  another process runs this session; Ctrl-C here stops only the watching")
        if self.dirty:
            told.append(f"  {DIRTY}")
        if self.carried:
            told.append(f"  with what is not in git: {', '.join(self.carried)}")
        told += [f"  with the step {stranger}" for stranger in self.strangers]
        told += [
            f"  without the step {each.name} ({each.distribution} {each.version}), which cannot be used: "
            f"{clean(first_line(each.error))}"
            for each in self.broken
        ]
        return told

    def _doing(self) -> str:
        """Say what is done: only of the workflow that Proctor itself chooses it is known to be testing."""
        chosen = str(Settings.model_fields["workflow"].default)
        workflow = next(iter(self.lines), chosen)
        return "Testing" if workflow == chosen else f"Running {workflow} on"

    def to_json(self) -> JsonObject:
        """Tell it to a machine."""
        return {
            "session": self.session_id,
            "name": self.name,
            "repository": str(self.repository),
            "base": self.base,
            "agent": self.agent,
            "branch": self.branch,
            "continued": self.continued,
            "attached": self.attached,
            "dirty": self.dirty,
            "carried": list(self.carried),
            "strangers": [asdict(stranger) for stranger in self.strangers],
            "broken": [asdict(plugin) for plugin in self.broken],
        }


async def about(app: App, begun: Begun, branch: str | None = None) -> About:
    """Find out what a run is about."""
    head = await app.sessions.head(app.scope, begun.session_id)
    tree = await app.store.tree(app.scope, begun.session_id)
    assert tree is not None
    subject = head.birth.subject
    return About(
        session_id=head.id,
        name=text(subject.get("name")) or head.birth.workflow,
        repository=Path(text(subject.get("repository")) or "."),
        base=text(subject.get("base")) or "",
        agent=head.birth.agent.name,
        branch=branch,
        continued=begun.continued,
        attached=begun.attached,
        dirty=begun.dirty,
        carried=tuple(map(clean, mapping(subject.get("carried")))),
        strangers=strangers(tree),
        lines=main_lines(tree),
        past=tree.events if begun.continued else 0,
        ended=head.status in TERMINAL,
        broken=() if begun.continued else left_out(app, tree, subject),
    )


def left_out(app: App, tree: Tree, subject: JsonObject) -> tuple[Plugin, ...]:
    """List the broken steps that a new tree was pinned without."""
    project = app.settings.project(Path(text(subject.get("repository")) or "."))
    return app.registry.unusable([workflow.name for workflow in tree.workflows], only=project.plugins)


def strangers(tree: Tree) -> tuple[StrangerStep, ...]:
    """Name the steps of a tree that other distributions brought, took the place of, or stand around."""
    found = (each for workflow in tree.workflows for step in workflow.steps.values() for each in _of(workflow, step))
    return tuple(each for each in found if each.distribution != OWN)


def _of(workflow: PinnedWorkflow, step: PinnedStep) -> Iterator[StrangerStep]:
    """Name who brought a step, then who stands around it, the innermost first."""
    yield StrangerStep(workflow.name, step.name, step.distribution, step.version, replaced_by=step.plugin or None)
    for each in step.wrappers:
        yield StrangerStep(workflow.name, step.name, each.distribution, each.version, inside=each.name)
