"""A workflow, its transition tables, and how strangers' steps find their place in it.

A workflow is a main line of steps. Each step has a table `status -> where to go`:

    NEXT            the step that stands behind this one on the main line (behind the last one: complete)
    SELF            the same step again
    "other_step"    that step, which may stand off the main line

The table that a step has unless it brings its own alone yields the customer's state machine: `ok` goes on,
anything else repeats. A table of a step's own is closed: a status that it does not list is an invalid state.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from proctor.domain.json import EMPTY, JsonObject
from proctor.errors import AnchorAfterEnd, AnchorCycle, DuplicateStep, InvalidStep, ReplacedTwice, UnknownAnchor

OK = "ok"
"""Done."""
WARNING = "warning"
"""Done, with a reservation that the table gives a meaning."""
ERROR = "error"
"""The work was done and judged bad."""
FAULT = "fault"
"""The work could not be done: not started, environment lost, plugin raised or hung."""

ANY = "*"
"""In a table: every status that it does not list."""
NEXT = "@next"
"""In a table: the step behind this one on the main line; behind the last one, the session is complete."""
SELF = "@self"
"""In a table: the same step again."""

Transitions = Mapping[str, str]
"""Status -> NEXT, SELF or the name of a step."""

DEFAULT: Transitions = {OK: NEXT, ANY: SELF}
"""The table of a step that brings none: `ok` goes on, anything else repeats."""
CHECK: Transitions = {OK: NEXT, ERROR: "fix_tests", WARNING: "drop_tests"}
"""For a step that checks tests: findings are sent to be fixed, or, when the fixes are used up, dropped.

The two names belong to the contract: a workflow in which such steps stand has steps that are called so.
"""


@dataclass(frozen=True, slots=True)
class Workflow:
    """A named, ordered list of steps: a session's type."""

    name: str
    """`[a-z_]+`, like its entry point."""
    main: tuple[str, ...]
    """The names of its steps, in order."""
    aside: tuple[str, ...] = ()
    """Steps off the main line: reached only by name, from another step's table."""
    spawns: tuple[str, ...] = ()
    """Workflows that children of such a session may have."""
    contract: int = 1
    """The version of the contract of workflows that it was written for."""

    def __post_init__(self) -> None:
        steps = (*self.main, *self.aside)
        if not self.main or len(set(steps)) < len(steps):
            raise ValueError(f"the workflow {self.name} has no step, or one that it names twice")


@dataclass(frozen=True, slots=True)
class PinnedStep:
    """A step as it stands in a pinned workflow."""

    name: str
    transitions: Transitions = field(default_factory=lambda: DEFAULT)
    options: JsonObject = EMPTY
    distribution: str = ""
    version: str = ""
    after: str | None = None
    before: str | None = None
    replaces: str | None = None
    """The step whose place this one takes. Once it is placed, `name` is that step's, and `plugin` its own."""
    plugin: str = ""
    """Under which name its plugin is registered, if that is another."""
    wrappers: tuple["PinnedWrapper", ...] = ()
    """What stands around it, the innermost first."""

    @property
    def anchor(self) -> str | None:
        """The step beside which this one wants to stand; None for a workflow's own steps."""
        return self.after or self.before


@dataclass(frozen=True, slots=True)
class PinnedWrapper:
    """What a stranger puts around a step."""

    name: str
    wraps: str
    options: JsonObject = EMPTY
    distribution: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class PinnedWorkflow:
    """A workflow as it was when its session tree was created: the ordered steps with their tables and options."""

    name: str
    main: tuple[str, ...]
    steps: Mapping[str, PinnedStep]
    """Every step by name, those off the main line included."""
    spawns: tuple[str, ...] = ()

    def follower(self, step: str) -> str | None:
        """Give the step behind `step` on the main line, or None behind the last."""
        place = self.main.index(step) + 1
        return self.main[place] if place < len(self.main) else None


def pin(workflow: Workflow, steps: Iterable[PinnedStep], wrappers: Iterable[PinnedWrapper] = ()) -> PinnedWorkflow:
    """Place every step, check every table, and give the workflow as a session will follow it.

    `steps` are the workflow's own (without an anchor) and strangers' (with one, or in place of another step), in any
    order. Several wrappers of one step stand around it in the order of their names. Raises DuplicateStep,
    ReplacedTwice, UnknownAnchor, AnchorAfterEnd, AnchorCycle or InvalidStep.
    """
    by_name = _index(workflow, _replaced(workflow, steps))
    for wrapper in sorted(wrappers, key=lambda wrapper: wrapper.name):
        inner = by_name.get(wrapper.wraps)
        if inner is None:
            raise _unknown(workflow, wrapper.name, wrapper.distribution, "around", wrapper.wraps, by_name)
        by_name[inner.name] = replace(inner, wrappers=(*inner.wrappers, wrapper))
    main = _ordered(workflow, by_name)
    pinned = {name: replace(step, transitions=_table(workflow, step, main, by_name)) for name, step in by_name.items()}
    ordered = {name: pinned[name] for name in (*main, *workflow.aside)}
    return PinnedWorkflow(workflow.name, main, ordered, workflow.spawns)


def _replaced(workflow: Workflow, steps: Iterable[PinnedStep]) -> list[PinnedStep]:
    """Put each step that replaces another into its place: under its name, and in its table unless it has its own."""
    steps = list(steps)
    own = [step for step in steps if step.replaces is None]
    originals = {step.name: step for step in own}
    successors: dict[str, PinnedStep] = {}
    for step in steps:
        if step.replaces is None:
            continue
        if (original := originals.get(step.replaces)) is None:
            raise _unknown(workflow, step.name, step.distribution, "in place of", step.replaces, originals)
        if other := successors.get(original.name):
            claims = sorted((each.distribution, each.plugin or each.name) for each in (other, step))
            both = " and ".join(f"{name} of {distribution}" for distribution, name in claims)
            raise ReplacedTwice(step=original.name, workflow=workflow.name, successors=both)
        table = original.transitions if step.transitions == DEFAULT else step.transitions
        successors[original.name] = replace(
            step,
            name=original.name,
            plugin=step.name,
            transitions=table,
            after=original.after,
            before=original.before,
        )
    return [successors.get(step.name, step) for step in own]


def _unknown(
    workflow: Workflow, step: str, distribution: str, side: str, anchor: str, known: Iterable[str]
) -> UnknownAnchor:
    names = ", ".join(sorted(known))
    return UnknownAnchor(
        step=step, distribution=distribution, workflow=workflow.name, side=side, anchor=anchor, known=names
    )


def _index(workflow: Workflow, steps: Iterable[PinnedStep]) -> dict[str, PinnedStep]:
    by_name: dict[str, PinnedStep] = {}
    for step in steps:
        if other := by_name.get(step.name):
            owners = ", ".join(sorted({other.distribution, step.distribution}))
            raise DuplicateStep(step=step.name, workflow=workflow.name, distributions=owners)
        by_name[step.name] = step
    own = {*workflow.main, *workflow.aside}
    for name in sorted(own - by_name.keys()):
        raise InvalidStep(step=name, distribution="?", workflow=workflow.name, reason="it is not installed")
    for step in by_name.values():
        _check_anchor(workflow, step, own, by_name)
    return by_name


def _check_anchor(workflow: Workflow, step: PinnedStep, own: set[str], by_name: Mapping[str, PinnedStep]) -> None:
    facts = {"step": step.name, "distribution": step.distribution, "workflow": workflow.name}
    if step.after and step.before:
        raise InvalidStep(**facts, reason="it names two anchors, `after` and `before`; keep one")
    if step.anchor is None:
        if step.name not in own:
            raise InvalidStep(**facts, reason="it names no anchor; set `after` or `before`")
        return
    if step.name in own:
        raise InvalidStep(**facts, reason="it is one of the workflow's own steps and cannot be anchored elsewhere")
    known = [name for name in by_name if name not in workflow.aside]
    if step.anchor not in known:
        side = "after" if step.after else "before"
        raise _unknown(workflow, step.name, step.distribution, side, step.anchor, {*known} - {step.name})
    if step.after == workflow.main[-1]:
        raise AnchorAfterEnd(**facts, anchor=step.after)


def _ordered(workflow: Workflow, by_name: Mapping[str, PinnedStep]) -> tuple[str, ...]:
    before: defaultdict[str, list[str]] = defaultdict(list)
    after: defaultdict[str, list[str]] = defaultdict(list)
    for step in sorted(by_name.values(), key=lambda step: step.name):
        if step.before:
            before[step.before].append(step.name)
        elif step.after:
            after[step.after].append(step.name)
    line: list[str] = []

    def place(name: str) -> None:
        for other in before[name]:
            place(other)
        line.append(name)
        for other in after[name]:
            place(other)

    for name in workflow.main:
        place(name)
    if lost := sorted(by_name.keys() - {*line, *workflow.aside}):
        owners = ", ".join(sorted({by_name[name].distribution for name in lost}))
        raise AnchorCycle(steps=", ".join(lost), distributions=owners, workflow=workflow.name)
    return tuple(line)


def _table(
    workflow: Workflow, step: PinnedStep, main: tuple[str, ...], by_name: Mapping[str, PinnedStep]
) -> Transitions:
    facts = {"step": step.name, "distribution": step.distribution, "workflow": workflow.name}
    table = dict(step.transitions)
    if ANY not in table:
        if missing := [status for status in (OK, ERROR) if status not in table]:
            raise InvalidStep(**facts, reason=f"its transition table does not list {' and '.join(missing)}")
        table.setdefault(FAULT, SELF)
    for status, target in table.items():
        if target == NEXT and step.name not in main:
            raise InvalidStep(**facts, reason=f"it stands off the main line, so {status} cannot lead to NEXT")
        if target not in (NEXT, SELF) and target not in by_name:
            raise InvalidStep(**facts, reason=f"{status} leads to {target}, and there is no such step")
    if step.name == main[-1] and [status for status in table if table[status] == NEXT] != [OK]:
        raise InvalidStep(**facts, reason="it is the last step, which `ok`, and only `ok`, completes")
    return table
