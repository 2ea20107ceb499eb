"""Makes the decisions of a history once more, and says where they part from what was recorded.

The tree is gone through in the order in which things happened in it. Each session's head is moved on by the very
functions that moved the recorded one, so that a step is asked with the snapshot that it saw then: its state, what was
left of its budgets, and how its children stood at that moment. What neither a rule nor a step decides is taken over
from the record: that an interaction was abandoned, a session cancelled, paused or opened again.
"""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from proctor.domain import head as heads
from proctor.domain.budget import Spent, used_up
from proctor.domain.head import Head
from proctor.domain.interaction import Interaction, Outcome, Result, Usage, with_usage
from proctor.domain.json import EMPTY, JsonObject
from proctor.domain.orchestrator import Next, NextStep, Orchestrator, SessionComplete
from proctor.domain.scope import Scope
from proctor.domain.session import TERMINAL, Session
from proctor.errors import PluginBroken, PluginClash, PluginMissing
from proctor.history.comparison import Comparison
from proctor.history.differences import Difference
from proctor.history.document import Entry, History
from proctor.history.installed import installed
from proctor.history.line import OPENED_AGAIN, Line, is_faulted
from proctor.registry import Registry
from proctor.steps import Fault, Steps

UNAVAILABLE = (PluginMissing, PluginBroken, PluginClash)
DECISIONS = ("next step", "command", "verdict")
"""What is counted."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first decision of a session that came out otherwise."""

    session: str
    about: str
    """What the session is about: its key, or the name of its subject."""
    sequence: int
    """Of the interaction; the number of the last one for what is known of the end only."""
    step: str
    decision: str
    """What came out otherwise: one of DECISIONS, `status` or `end`; `plugin` if the step cannot be asked."""
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay came to."""

    sessions: int
    decisions: int
    divergences: tuple[Divergence, ...]
    notes: tuple[str, ...]
    """What could not be done again, or could not be seen whole."""
    texts: tuple[str, ...]
    """Long files of commands of which only the digest is known, and which have another one now."""


async def replay(history: History, registry: Registry) -> Replayed:
    """Make every decision of a history once more, with the plugins that are installed."""
    again = _Replay(history, registry)
    for entry, following in zip(history.entries, (*history.entries[1:], None), strict=True):
        ends = following is not None and following.session == entry.session and following.status in TERMINAL
        await again.follow(entry, following if ends else None)
    return again.finished()


class _Replay:
    def __init__(self, history: History, registry: Registry) -> None:
        self._history = history
        self._registry = registry
        self._steps = Steps(registry)
        self._installed, self._not_installed = installed(history, registry)
        self._comparison = Comparison(history.python)
        self._recorded = {recorded.head.id: recorded for recorded in history.sessions}
        self._workflows = {workflow.name: workflow for workflow in history.workflows}
        self._lines: dict[str, Line] = {}
        self._divergences: list[Divergence] = []
        self._taken_over: Counter[str] = Counter()
        self._decisions = 0
        self._spent = Spent()

    async def follow(self, entry: Entry, end: Entry | None) -> None:
        """Do what an entry tells of; `end` tells that the session ended with it."""
        if entry.kind == "session_created":
            self._spent = replace(self._spent, sessions=self._spent.sessions + 1)
            recorded = self._recorded[entry.session]
            self._lines[entry.session] = Line(recorded, self._workflows[recorded.head.birth.workflow])
            return
        line = self._lines[entry.session]
        match entry.kind:
            case "interaction_started":
                await self._start(line, line.log[entry.sequence])
            case "interaction_completed":
                ended = end if end is not None and end.status != "cancelled" and not end.budget else None
                await self._complete(line, line.log[entry.sequence], ended)
                self._spent = self._spent.plus(_usage(line.log[entry.sequence]))
            case "interaction_abandoned":
                line.abandon(end)
                self._taken_over["abandoned"] += 1
            case "session_changed":
                self._change(line, entry)

    def finished(self) -> Replayed:
        """Compare how every session stands in the end, and give all that was found."""
        for line in self._lines.values():
            self._compare_end(line)
        notes, texts = tuple(self._notes()), tuple(self._comparison.texts)
        return Replayed(len(self._lines), self._decisions, tuple(self._divergences), notes, texts)

    def _change(self, line: Line, entry: Entry) -> None:
        """Take over a change of a session, and what it tells of the budgets of its tree."""
        changed, birth = line.change(entry), line.head.birth
        self._taken_over.update(filter(None, (changed,)))
        if changed == OPENED_AGAIN and birth.parent is None:
            self._spent = Spent()
        elif entry.budget.startswith("limits.seconds:"):
            self._spent = replace(self._spent, seconds=math.inf)

    # -- decisions -------------------------------------------------------------------------------------------------

    async def _start(self, line: Line, was: Interaction) -> None:
        self._ask_rule(line, was, NextStep(was.command.step, ""))
        if line.is_asked:
            await self._ask_for_command(line, was)
        line.start(was)

    def _ask_rule(self, line: Line, was: Interaction, recorded: Next) -> None:
        """Ask the rule what comes next: by the tables that the tree was created with, and by those of now."""
        self._compare(line, was, "next step", recorded, Orchestrator(line.workflow).get_next_interaction(line.head))
        if (installed := self._installed.get(line.workflow.name)) is not None:
            following = Orchestrator(installed).get_next_interaction(line.head)
            self._compare(line, was, "next step as installed now", recorded, following)

    async def _ask_for_command(self, line: Line, was: Interaction) -> None:
        try:
            session = self._snapshot(line, self._spent)
            made = await self._steps.command(Scope(), line.workflow, was.command.step, session)
        except UNAVAILABLE as error:
            self._lacks_plugin(line, was, error)
            return
        if isinstance(made, Fault):
            now: object = made.outcome().result if is_faulted(was) else {"fault": made.message}
        else:
            now = made
        self._compare(line, was, "command", was.result if is_faulted(was) else _made(was), now)

    async def _complete(self, line: Line, was: Interaction, end: Entry | None) -> None:
        """Have the step judge the result as it came, and let rule and budgets decide."""
        assert was.result is not None
        outcome = await self._verdict(line, was, was.result)
        if outcome is None:
            line.take_over(was, end)
            return
        line.judge(was, outcome)
        stood = {"session": end.status if end else "active"}
        self._compare(line, was, "status", stood, {"session": line.head.status})
        if line.head.status == "complete":
            self._ask_rule(line, was, SessionComplete(""))
        if end is not None and was.sequence == line.recorded.head.sequence:
            self._compare_end(line)
        if line.diverged:
            line.stand(end)

    async def _verdict(self, line: Line, was: Interaction, judged: Result) -> Outcome | None:
        """Give the verdict of now, if it is the recorded one; None if it is not, or nobody can tell."""
        submitted, step = was.submitted, was.command.step
        if is_faulted(was):
            return Outcome(judged) if line.is_asked else None
        if submitted is None:
            line.lost = line.lost or f"the result of interaction {was.sequence}, {step}, is not recorded as it came"
        if submitted is None or not line.is_asked:
            return None
        try:
            session = self._snapshot(line, self._allowed(line, was))
            outcome = await self._steps.outcome(Scope(), line.workflow, step, session, submitted)
        except UNAVAILABLE as error:
            self._lacks_plugin(line, was, error)
            return None
        outcome = replace(outcome, result=with_usage(outcome.result, submitted))
        self._compare(line, was, "verdict", judged, outcome.result)
        return None if line.diverged else replace(outcome, result=judged)

    def _allowed(self, line: Line, was: Interaction) -> Spent:
        """Give what counted against an interaction: nothing, if its command was allowed to spend."""
        spent = self._spent.plus(_usage(was))
        if used_up(line.head.birth.limits, spent) and self._registry.executor(was.command.kind).spends:
            return Spent()
        return spent

    def _snapshot(self, line: Line, spent: Spent) -> Session:
        """Give the session as its steps saw it at that moment."""
        if not line.workflow.spawns:
            return heads.snapshot(line.head, spent=spent)
        children = [each.head for each in self._lines.values() if each.head.birth.parent == line.head.id]
        children.sort(key=lambda child: (child.birth.key, child.birth.attempt))
        return heads.snapshot(line.head, tuple(heads.summary(child) for child in children), spent)

    # -- what is found ---------------------------------------------------------------------------------------------

    def _compare(self, line: Line, was: Interaction, decision: str, recorded: object, now: object) -> None:
        """Count a decision, and keep the first of a session that differs."""
        if line.diverged:
            return
        self._decisions += decision in DECISIONS
        step = was.command.step
        if found := self._comparison.differences(recorded, now, f"{_about(line.head)}, {step}"):
            self._diverge(line, was.sequence, step, decision, *found)

    def _compare_end(self, line: Line) -> None:
        """Compare what only the end tells, before a parent sees it: the state, the outcome and the product."""
        if not line.is_asked:
            return
        was, last = line.recorded.head, line.head.last_completed
        if found := self._comparison.differences(_end(was), _end(line.head), _about(was)):
            named = [replace(each, place=_written(line, each.place)) for each in found]
            self._diverge(line, was.sequence, last.step if last else "", "end", *named)

    def _lacks_plugin(self, line: Line, was: Interaction, error: Exception) -> None:
        self._diverge(line, was.sequence, was.command.step, "plugin", Difference("", "it was there", str(error)))

    def _diverge(self, line: Line, sequence: int, step: str, decision: str, *found: Difference) -> None:
        line.diverged = True
        self._divergences.append(Divergence(line.head.id, _about(line.head), sequence, step, decision, found))

    def _notes(self) -> Iterator[str]:
        if self._not_installed:
            yield f"the tables that are installed now were not asked: {self._not_installed}"
        for line in self._lines.values():
            if line.lost and not line.diverged:
                yield f"{_about(line.head)}: {line.lost}; from there on only the rule was asked"
        if self._taken_over:
            told = ", ".join(f"{number} {what}" for what, number in self._taken_over.items())
            yield f"what no rule and no step decides was taken from the record: {told}"
        if self._history.shortened:
            yield f"{len(self._history.shortened)} outputs are recorded shortened"
        if self._history.redacted:
            yield f"{len(self._history.redacted)} values are redacted"


def _usage(was: Interaction) -> Usage | None:
    return was.result.usage if was.result else None


def _made(was: Interaction) -> object:
    """Give what a step made, without what the service fills in."""
    metadata = {key: value for key, value in was.command.metadata.items() if key != "child_session_ids"}
    return replace(was.command, metadata=metadata, step="", at=0.0)


def _end(head: Head) -> JsonObject:
    return {
        "status": head.status,
        "outcome": head.outcome,
        "last_error": head.last_error,
        "product": head.product or EMPTY,
        "state": head.state,
    }


def _written(line: Line, place: str) -> str:
    """Say of a place in the state who wrote it last."""
    key = place.removeprefix("state.").partition(".")[0].partition("[")[0]
    writer = line.writers.get(key) if place.startswith("state.") else None
    return f"{place}, written by {writer}" if writer else place


def _about(head: Head) -> str:
    return head.birth.key or str(head.birth.subject.get("name") or head.birth.workflow)
