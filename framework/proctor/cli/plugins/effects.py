"""What a distribution makes of the workflows that its steps take part in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from proctor.cli.plugins.facts import ARROW, line_of
from proctor.errors import ProctorError
from proctor.registry import OWN, Plugin, Registry


@dataclass(frozen=True, slots=True)
class Effect:
    """The main line of a workflow without a distribution and with it."""

    workflow: str
    without: tuple[str, ...]
    """Empty if the workflow is the distribution's own: without it there is none."""
    line: tuple[str, ...]

    def __str__(self) -> str:
        """Show what changes, and one step on either side of it."""
        if not self.without:
            return f"{self.workflow}: {ARROW.join(self.line)}"
        if self.line == self.without:
            return f"{self.workflow}: as without it"
        ahead = _common(self.line, self.without)
        behind = min(_common(self.line[::-1], self.without[::-1]), min(len(self.line), len(self.without)) - ahead)
        before, after = (
            ARROW.join(line[max(0, ahead - 1) : len(line) - behind + 1]) for line in (self.without, self.line)
        )
        return f"{self.workflow}: {after} (without it {before})"


def effects(plugins: Sequence[Plugin], distribution: str, registry: Registry) -> Iterator[Effect | ProctorError]:
    """Compare every workflow to which a distribution brings steps; an error if it is the one that spoils it."""
    others = {plugin.distribution for plugin in plugins} - {distribution}
    steps = [each for each in plugins if each.group == "proctor.steps" and each.distribution == distribution]
    for workflow in dict.fromkeys(step.name.partition(".")[0] for step in steps):
        if distribution != OWN:
            yield from _effect(workflow, distribution, others, registry)


def _effect(workflow: str, distribution: str, others: set[str], registry: Registry) -> Iterator[Effect | ProctorError]:
    own = any((each.group, each.name) == ("proctor.workflows", workflow) for each in _of(distribution, registry))
    already = [*map(_about, registry.clashes(workflow, only=others))]
    if errors := registry.clashes(workflow, only={*others, distribution}):
        yield from (each for each in errors if own or _about(each) not in already or distribution in str(each))
    elif own or not already:
        without, line = (_line(workflow, registry, only) for only in (others, {*others, distribution}))
        yield Effect(workflow, () if own else without, line)


def _about(error: ProctorError) -> Sequence[object]:
    """Say what an error is about: its text also tells which steps are known."""
    return error.code, *(error.facts.get(fact) for fact in ("workflow", "step", "steps", "name"))


def _of(distribution: str, registry: Registry) -> Iterator[Plugin]:
    return (each for each in registry.plugins() if each.distribution == distribution)


def _line(workflow: str, registry: Registry, only: set[str]) -> tuple[str, ...]:
    return tuple(line_of(registry.pin(workflow, only=only)[0]))


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Count the steps with which both begin."""
    pairs = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
