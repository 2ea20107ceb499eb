"""A session tree as its events tell it. Pure: it is fed with events and asked; it reads no clock and draws nothing."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from proctor.cli.tree.product import Product, mapping, text, whole
from proctor.cli.tree.spending import Spending
from proctor.domain.event import Event
from proctor.domain.json import EMPTY, JsonObject
from proctor.domain.session import TERMINAL, SessionStatus
from proctor.domain.workflow import CHECK, ERROR, OK, WARNING

EXTERNAL = "external"
FIX, DROP = CHECK[ERROR], CHECK[WARNING]
"""The steps that findings are sent to."""
TROUBLE = ("failed", "none", "partial")
"""Verdicts of which a user asks why, the worst first."""


@dataclass(slots=True)
class SessionView:
    """One session; a component's newest attempt, unless it is the root."""

    id: str
    name: str
    created: float
    workflow: str = ""
    line: tuple[str, ...] = ()
    """Its main line of steps."""
    attempt: int = 1
    priority: int = 0
    status: SessionStatus = "active"
    step: str | None = None
    """The step that is under way."""
    sequence: int = 0
    """Number of the interaction that was started last."""
    rounds: int = 0
    """Times that findings were sent to be fixed."""
    passed: int = 0
    """Steps of the main line that were behind it at its furthest: this never falls."""
    found: str | None = None
    """What the last check that did not end with `ok` said."""
    last: tuple[str, str, str | None] | None = None
    """The last completed step, its status and its message."""
    repeated: bool = False
    """The last completed step said exactly what the one before it had said."""
    doing: str | None = None
    """What is happening within the step, as far as it tells."""
    asks: bool = False
    """The step that was started last waits for an answer."""
    began: float | None = None
    """When its first step began."""
    earlier: float = 0.0
    """Seconds that earlier attempts were under way."""
    ended: float | None = None
    held: float | None = None
    """While it is paused: when there was news of it last."""
    idle: list[tuple[float, float]] = field(default_factory=list)
    """From when to when nothing was done: between its end and its being opened again, and in pauses."""
    outcome: str | None = None
    error: str | None = None
    blocked: str | None = None
    paused: bool = False
    """Nothing new starts in it until it is resumed; what is under way may finish."""
    product: JsonObject = EMPTY

    @property
    def is_running(self) -> bool:
        """Whether it has begun and not ended."""
        return self.began is not None and self.ended is None

    @property
    def is_asking(self) -> bool:
        """Whether its step waits for an answer."""
        return self.asks and self.step is not None

    @property
    def verdict(self) -> str:
        """One word on how it ended: its outcome, else its status."""
        return (self.outcome or self.status) if self.status == "complete" else self.status

    @property
    def state(self) -> str:
        """One word on how it is: its verdict once it has ended, else `blocked`, `paused`, `running` or `waiting`."""
        if self.ended is not None:
            return self.verdict
        held = "blocked" if self.blocked else "paused" if self.paused else None
        return held or ("running" if self.is_running else "waiting")

    def seconds(self, now: float) -> float:
        """Tell for how long it has been, or was, under way, with earlier attempts; not the time between, nor pauses."""
        return self.earlier + (0.0 if self.began is None else self.busy(self.began, now))

    def busy(self, since: float, now: float) -> float:
        """Tell for how long something was done in it, or could have been; a pause begins with the last news."""
        until = self.ended or self.held or now
        return max(0.0, until - since - sum(max(0.0, end - max(begin, since)) for begin, end in self.idle))

    def made(self) -> Product:
        """Give what it has to show."""
        return Product.read(self.product)


@dataclass(slots=True)
class TreeView:
    """A root session and the newest attempt of each of its components."""

    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Workflow -> its main line."""
    root: SessionView | None = None
    components: dict[str, SessionView] = field(default_factory=dict)
    """By the key that the parent gave them."""
    judged: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """How often a step got a status: by workflow, step and status."""
    spending: Spending = field(default_factory=Spending)
    """What was spent in all sessions, replaced ones included."""
    seen: int = 0
    """Number of the last event that was taken in."""
    _by_id: dict[str, SessionView] = field(default_factory=dict)
    _progress: float = 0.0
    _done: set[str] = field(default_factory=set)

    def apply(self, event: Event) -> SessionView | None:
        """Take an event in, and give the session that it is about; None if that has been replaced."""
        self.seen = event.sequence
        self.spending.apply(event)
        if event.kind == "session_created":
            self._create(event)
        session = self._by_id.get(event.session_id)
        if session is not None:
            was = session.status
            for each in (session, self.root):
                if each is not None and each.held is not None and event.kind != "session_changed":
                    each.held = event.at
            _apply(session, event)
            if session is self.root and was in TERMINAL and session.status not in TERMINAL:
                self.spending.begin_anew()
            if event.kind == "interaction_completed" and session.last is not None:
                self.judged[session.workflow, session.last[0], session.last[1]] += 1
            self._done |= {key for key, each in self.components.items() if each.status == "complete"}
            self._progress = max(self._progress, self._share())
        return session

    def elapsed(self, now: float) -> float:
        """Tell for how long the tree has been, or was, at work: without pauses and the time until it was retried."""
        return self.root.busy(self.root.created, now) if self.root else 0.0

    @property
    def done(self) -> int:
        """How many components are complete. It never falls: nothing complete is done again."""
        return len(self._done)

    @property
    def progress(self) -> float:
        """How much of the work is behind, from 0 to 1. It never falls: what is repeated was counted already."""
        return self._progress

    def ordered(self) -> list[SessionView]:
        """Give the components, the most important first, then by name."""
        return sorted(self.components.values(), key=lambda each: (-each.priority, each.name))

    def counts(self) -> Mapping[str, int]:
        """Count the components by their state."""
        return Counter(each.state for each in self.components.values())

    def paused(self) -> list[SessionView]:
        """Give what would have to be resumed: the root if all is paused, else each paused component."""
        every = [self.root] if self.root is not None and self.root.paused else self.ordered()
        return [each for each in every if each.paused]

    def outlived(self) -> bool:
        """Tell whether the root has ended and a component has not: news of it is still to come."""
        ended = self.root is not None and self.root.ended is not None
        return ended and any(each.ended is None for each in self.components.values())

    def trouble(self) -> SessionView | None:
        """Give the component that ended worst, of several the last one; None if all was proven until now."""
        bad = [each for each in self.components.values() if each.ended is not None and each.verdict in TROUBLE]
        return max(bad, key=lambda each: (-TROUBLE.index(each.verdict), each.ended or 0.0), default=None)

    def asking(self) -> SessionView | None:
        """Give a session that waits for an answer, if there is any."""
        every = [self.root, *self.ordered()] if self.root is not None else []
        return next((each for each in every if each.is_asking), None)

    def _create(self, event: Event) -> None:
        data = event.data
        subject = mapping(data.get("subject"))
        session = SessionView(
            id=event.session_id,
            name=text(subject.get("name")) or text(data.get("key")) or event.session_id,
            created=event.at,
            workflow=str(data.get("workflow")),
            line=self.lines.get(str(data.get("workflow")), ()),
            attempt=whole(data.get("attempt")) or 1,
            priority=whole(data.get("priority")),
        )
        self._by_id[session.id] = session
        if data.get("parent") is None:
            self.root = session
        else:
            self._replace(str(data.get("key")), session)

    def _replace(self, key: str, session: SessionView) -> None:
        older = self.components.get(key)
        if older is not None and older.attempt > session.attempt:
            del self._by_id[session.id]
            return
        if older is not None:
            session.earlier, session.passed = older.seconds(session.created), older.passed
            self._by_id.pop(older.id, None)
        self.components[key] = session

    def _share(self) -> float:
        if self.root is not None and self.root.status == "complete":
            return 1.0
        if not self.components:
            return 0.0
        whole_way = sum(len(each.line) or 1 for each in self.components.values()) + 1
        return sum(_behind(each) for each in self.components.values()) / whole_way


def _behind(session: SessionView) -> int:
    return (len(session.line) or 1) if session.status == "complete" else session.passed


def _apply(session: SessionView, event: Event) -> None:
    data = event.data
    match event.kind:
        case "interaction_started":
            session.step, session.sequence = str(data.get("step")), whole(data.get("sequence"))
            session.doing = session.blocked = None
            session.asks = False
            session.began = event.at if session.began is None else session.began
            session.rounds += session.step == FIX
        case "interaction_completed":
            _complete(session, str(data.get("step")), str(data.get("status")), text(data.get("message")))
        case "interaction_parked" if data.get("waits_for") == EXTERNAL:
            session.asks = True
            session.doing = "waits for an answer"
        case "interaction_abandoned":
            session.step = session.doing = None
        case "activity" if session.step and whole(data.get("sequence")) == session.sequence:
            session.doing = text(data.get("text")) or session.doing
        case "session_changed":
            _change(session, event)


def _complete(session: SessionView, step: str, status: str, message: str | None) -> None:
    session.step = session.doing = None
    said = step, status, message
    session.repeated, session.last = said == session.last, said
    if status != OK and step not in (FIX, DROP):
        session.found = message or session.found
    elif status == OK and step in session.line:
        session.passed = max(session.passed, session.line.index(step) + 1)


def _change(session: SessionView, event: Event) -> None:
    data, status = event.data, cast("SessionStatus", event.data.get("status"))
    if (stood := session.ended or session.held) is not None:
        session.idle.append((stood, event.at))
    session.status = status
    session.outcome, session.error = text(data.get("outcome")), text(data.get("error"))
    session.blocked = None if status in TERMINAL else text(data.get("blocked"))
    session.paused = status not in TERMINAL and data.get("paused") is True
    session.held = event.at if session.paused else None
    session.product = mapping(data.get("product"))
    session.ended = None  # one that was opened again has not ended
    if status in TERMINAL:
        session.ended, session.step, session.doing = event.at, None, None
