"""What happened in a session, as it is printed: each step, what came of it, and by which rule the next one followed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from proctor.cli.output import indented
from proctor.cli.wording import clean, gist
from proctor.domain.orchestrator import Completed, because
from proctor.domain.workflow import OK

COLOURS = {OK: "green", "pending": "cyan"}
"""Status -> its colour; any other asks for attention."""
ABANDONED = "abandoned"
"""Status of a step from which nothing follows: what is next follows from the one before it."""
INDENT = 4
"""Columns before what is said of a step, behind its number."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A step that was handed out: why, and how it ended."""

    at: float
    sequence: int
    step: str
    reason: str
    status: str
    message: str | None = None

    def rule_for(self, reason: str) -> str:
        """Give the rule of a reason: all of it, but for what stands in this very line."""
        return reason.removeprefix(f"{because(Completed(self.sequence, self.step, self.status))}: ")


@dataclass(frozen=True, slots=True)
class Turning:
    """Something else that changed the session's way."""

    at: float
    what: str


@dataclass(frozen=True, slots=True)
class _Columns:
    number: int
    step: int
    status: int


def print_story(console: Console, history: Sequence[Decision | Turning]) -> None:
    """Print it in order: a line for each step, and below it whatever needs more room."""
    decisions = [each for each in history if isinstance(each, Decision)]
    reasons = [each.reason for each in decisions]
    columns = _Columns(
        max((len(str(each.sequence)) for each in decisions), default=0),
        max((cell_len(each.step) for each in decisions), default=0),
        max((len(each.status) for each in decisions), default=0),
    )
    following = iter([*reasons[1:], None])
    if reasons:
        indented(console, Text(f"→ {reasons[0]}", "dim"), by=columns.number + INDENT, hanging=2)
    for each in history:
        if isinstance(each, Turning):
            indented(console, Text(each.what, "yellow"), by=columns.number + 2, hanging=2)
        else:
            _print_decision(console, each, next(following), columns)


def _print_decision(console: Console, decision: Decision, following: str | None, columns: _Columns) -> None:
    """Print a step; what follows from it stands in the same line, if that has room and nothing else is to be said."""
    message = gist(decision.message) if decision.status != OK else ""
    rule = f"→ {decision.rule_for(following)}" if following and decision.status != ABANDONED else ""
    line, by = _line(decision, columns), columns.number + INDENT
    if rule and not message and line.cell_len + cell_len(f"  {rule}") <= console.width:
        line.append(f"  {rule}", "dim")
        rule = ""
    line.rstrip()
    console.print(line, soft_wrap=True, highlight=False)
    for told in _below(message, rule):
        indented(console, told, by=by, hanging=2 if told.style else 0)


def _below(message: str, rule: str) -> Iterator[Text]:
    if message:
        yield Text(clean(message))
    if rule:
        yield Text(rule, "dim")


def _line(decision: Decision, columns: _Columns) -> Text:
    padding = " " * (columns.step - cell_len(decision.step))
    status = (f"{decision.status:<{columns.status}}", COLOURS.get(decision.status, "yellow"))
    return Text.assemble((f"{decision.sequence:>{columns.number}}", "dim"), f"  {decision.step}{padding}  ", status)
