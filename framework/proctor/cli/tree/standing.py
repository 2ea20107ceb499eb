"""What is next in a session and why, or what keeps anything from being next. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from proctor.cli.program import command
from proctor.cli.tree.product import whole
from proctor.cli.tree.view import EXTERNAL
from proctor.cli.wording import SHORT_ID, age, count, first_line
from proctor.domain.head import Head
from proctor.domain.json import JsonObject
from proctor.domain.orchestrator import InvalidInteraction, InvalidState, Next, NextStep, SessionComplete
from proctor.domain.session import TERMINAL, SessionStatus
from proctor.sessions.service import CLIENT

ENDS: Mapping[SessionStatus, str] = {"complete": "is complete", "failed": "has failed", "cancelled": "was cancelled"}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a session stands."""

    state: str
    """ended, blocked, paused, waits_for_children, waits_for_answer, under_way, lost, to_be_judged, ready."""
    step: str | None
    """The step that is under way or next, if any is."""
    told: tuple[str, ...]
    """The same in sentences, the most important first."""

    def to_json(self) -> JsonObject:
        """Give the form for machines."""
        return {"state": self.state, "step": self.step, "told": list(self.told)}


def standing(
    head: Head,
    following: Next,
    children: Sequence[Head],
    now: float,
    *,
    stranded: bool = False,
    held: bool = False,
    database: str = "",
) -> Standing:
    """Say how a session stands, of which the rule says `following`.

    `stranded`: nobody runs its tree. `held`: its root is paused. `database` is what names the database on a command
    line, if anything does.
    """
    ways = _Ways(head, database)
    found = _ended(head, following) or _kept(head, following, ways, held=held)
    found = found or _waiting(head, children, ways) or _at_hand(head, now, stranded=stranded) or _next(head, following)
    if head.status in TERMINAL:
        return found
    told = [*found.told, *_spent(head)]
    if stranded and not head.paused:
        told.append(f"Nobody runs it: {ways.to('continue', head.birth.root)} goes on with it.")
    return Standing(found.state, found.step, tuple(told))


@dataclass(frozen=True, slots=True)
class _Ways:
    """Commands that help a session on."""

    head: Head
    database: str

    def to(self, verb: str, session_id: str | None = None) -> str:
        return f"`{command(f'sessions {verb} {(session_id or self.head.id)[:SHORT_ID]}{self.database}')}`"


def _ended(head: Head, following: Next) -> Standing | None:
    if head.status not in TERMINAL:
        return None
    told = [f"Nothing is next: the session {ENDS[head.status]}."]
    if head.status == "complete" and isinstance(following, SessionComplete):
        told.append(f"By the rule: {following.reason}.")
    if head.status == "failed":
        told.append(f"What ended it: {head.last_error or 'no reason was given'}")
    if head.status != "complete" and isinstance(following, NextStep):
        told.append(f"By the rule alone, {_because(following)} would have followed.")
    return Standing("ended", None, tuple(told))


def _kept(head: Head, following: Next, ways: _Ways, *, held: bool) -> Standing | None:
    """Say what keeps a session from starting anything."""
    step = head.pending.command.step if head.pending else following.step if isinstance(following, NextStep) else None
    if head.blocked:
        return Standing("blocked", step, (f"{step} is next, but the session is blocked: {head.blocked}",))
    if not head.paused:
        return None
    pending = f"{head.pending.command.step} may finish, but" if head.pending else f"{step} would be next, but"
    way = ways.to("resume", head.birth.root if held else None)
    return Standing("paused", step, (f"{pending} the session is paused: {way} ends that.",))


def _waiting(head: Head, children: Sequence[Head], ways: _Ways) -> Standing | None:
    """Say what a session waits for."""
    if head.pending is None:
        return None
    step = head.pending.command.step
    if head.parked == EXTERNAL:
        asked = f"{step} waits for an answer: {question(head)}"
        return Standing("waits_for_answer", step, (asked, f"{ways.to('answer')} gives it."))
    if head.parked == "children" and head.open_children:
        return Standing("waits_for_children", step, (_told_of(step, children),))
    return None


def _at_hand(head: Head, now: float, *, stranded: bool) -> Standing | None:
    """Say how the interaction stands that was handed out."""
    if head.pending is None:
        return None
    step = head.pending.command.step
    if head.parked == "children" or head.pending.raw is not None:
        return Standing("to_be_judged", step, (f"{step} is done; what came of it is judged next.",))
    since = age(now - head.pending.started_at)
    if (head.lease_until or 0.0) < now or (stranded and not (head.owner or "").startswith(CLIENT)):
        lost = f"{step} was begun {since} ago, and whoever executed it is gone: it is handed out again."
        return Standing("lost", step, (lost,))
    return Standing("under_way", step, (f"{step} has been under way for {since}.",))


def _told_of(step: str, children: Sequence[Head]) -> str:
    newest = {child.birth.key: child for child in children}
    states = Counter("paused" if each.paused else "blocked" if each.blocked else "open" for each in _open(newest))
    kinds = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    return f"{step} waits until all of {count(len(newest), 'child session')} have ended: {kinds}."


def _open(newest: dict[str, Head]) -> list[Head]:
    return [child for child in newest.values() if child.status not in TERMINAL]


def _next(head: Head, following: Next) -> Standing:
    match following:
        case NextStep(step):
            told = [f"{_because(following)} is next."]
            if head.repeats:
                limits = head.birth.limits
                told.append(
                    f"It is repeat {head.repeats} of at most {limits.repeats}; it failed in the same way "
                    f"{head.same_failure} of at most {limits.same_failure} times."
                )
            return Standing("ready", step, tuple(told))
        case SessionComplete(reason):
            return Standing("ended", None, (f"Nothing is next: {reason}.",))
        case InvalidInteraction(step):
            return Standing("ended", None, (f"Nothing is next: this workflow has no step {step}.",))
        case InvalidState(step, status):
            return Standing("ended", None, (f"Nothing is next: {step} does not know the status {status}.",))


def _because(following: NextStep) -> str:
    return f"{following.step} ({following.reason})"


def _spent(head: Head) -> list[str]:
    limits, used = head.birth.limits, head.sequence - head.counted_from
    fixes = whole(head.state.get("fixes"))
    told = [f"{used} of {limits.interactions} interactions"]
    told += [f"{fixes} of {limits.fixes} fixes"] if fixes else []
    return [f"Spent: {', '.join(told)}."]


def question(head: Head) -> str:
    """Give what a session that waits for an answer asks, in a line."""
    assert head.pending is not None
    return first_line(str(head.pending.command.arguments.get("question") or head.pending.command.step))
