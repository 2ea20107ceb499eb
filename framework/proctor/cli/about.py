"""What a run is about, said before it begins."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from proctor.app import App, Begun
from proctor.cli.product import text
from proctor.cli.wording import SHORT_COMMIT, SHORT_ID
from proctor.contracts.store import Tree
from proctor.domain.json import JsonObject
from proctor.domain.workflow import PinnedStep, PinnedWorkflow
from proctor.registry import OWN


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
    """Workflow -> its main line of steps."""
    past: int
    """Number of the last event that happened before."""

    def told(self) -> list[str]:
        """Tell it to a person, a line for each."""
        verb = "Watching" if self.attached else "Continuing" if self.continued else "Testing"
        told = [f"{verb} {self.name} with the agent {self.agent}, session {self.session_id[:SHORT_ID]}"]
        told.append(f"  commit {self.base[:SHORT_COMMIT]} of {self.repository}")
        told += [f"  branch {self.branch}"] if self.branch else []
        if self.attached:
            told.append("  another process runs this session; Ctrl-C here stops only the watching")
        if self.dirty:
            told.append("  uncommitted changes are left out: tests are written against the commit")
        told += [f"  with the step {stranger}" for stranger in self.strangers]
        return told

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
            "strangers": [asdict(stranger) for stranger in self.strangers],
        }


async def about(app: App, begun: Begun, branch: str | None) -> About:
    """Find out what a run is about."""
    head = await app.sessions.head(app.scope, begun.session_id)
    tree = await app.store.tree(app.scope, begun.session_id)
    assert tree is not None
    subject = head.birth.subject
    return About(
        session_id=head.id,
        name=text(subject.get("name")) or str(begun.repository.top),
        repository=begun.repository.top,
        base=text(subject.get("base")) or begun.repository.base,
        agent=head.birth.agent.name,
        branch=branch,
        continued=begun.continued,
        attached=begun.attached,
        dirty=begun.repository.dirty,
        strangers=strangers(tree),
        lines=main_lines(tree),
        past=tree.events if begun.continued else 0,
    )


def main_lines(tree: Tree) -> dict[str, tuple[str, ...]]:
    """Give the main line of each workflow of a tree."""
    return {workflow.name: workflow.main for workflow in tree.workflows}


def strangers(tree: Tree) -> tuple[StrangerStep, ...]:
    """Name the steps of a tree that other distributions brought, took the place of, or stand around."""
    found = (each for workflow in tree.workflows for step in workflow.steps.values() for each in _of(workflow, step))
    return tuple(each for each in found if each.distribution != OWN)


def _of(workflow: PinnedWorkflow, step: PinnedStep) -> Iterator[StrangerStep]:
    """Name who brought a step, then who stands around it, the innermost first."""
    yield StrangerStep(workflow.name, step.name, step.distribution, step.version, replaced_by=step.plugin or None)
    for each in step.wrappers:
        yield StrangerStep(workflow.name, step.name, each.distribution, each.version, inside=each.name)
