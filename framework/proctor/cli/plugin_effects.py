"""What a distribution makes of the workflows that its steps take part in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from proctor.cli.plugin_facts import ARROW, line_of
from proctor.errors import ProctorError
from proctor.registry import OWN, Plugin, Registry


@dataclass(frozen=True, slots=True)
class Effect:
    """The main line of a workflow without a distribution and with it."""

    workflow: str
    without: tuple[str, ...]
    line: tuple[str, ...]

    def __str__(self) -> str:
        """Show what changes, and one step on either side of it."""
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
    without, line = (_line(workflow, registry, only) for only in (others, {*others, distribution}))
    if isinstance(line, ProctorError):
        if not isinstance(without, ProctorError) or distribution in str(line):
            yield line
    elif not isinstance(without, ProctorError):
        yield Effect(workflow, without, line)


def _line(workflow: str, registry: Registry, only: set[str]) -> tuple[str, ...] | ProctorError:
    try:
        return tuple(line_of(registry.pin(workflow, only=only)[0]))
    except ProctorError as error:
        return error


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Count the steps with which both begin."""
    pairs = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
