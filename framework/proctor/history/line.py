"""A session on its way through a replay, and what is taken over from the record because nobody decides it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from proctor.domain import head as heads
from proctor.domain.head import Head
from proctor.domain.interaction import Interaction, Outcome
from proctor.domain.orchestrator import Completed, Orchestrator
from proctor.domain.session import TERMINAL, SessionStatus
from proctor.domain.workflow import FAULT, PinnedWorkflow
from proctor.history.document import Entry, Recorded

OPENED_AGAIN = "opened again"


@dataclass
class Line:
    """One session: how it stands by now."""

    recorded: Recorded
    workflow: PinnedWorkflow
    diverged: bool = False
    lost: str | None = None
    """Why steps cannot be asked any more; the rule still can."""
    writers: dict[str, str] = field(default_factory=dict)
    """Key of the state -> who wrote it last."""

    def __post_init__(self) -> None:
        birth = self.recorded.head.birth
        self.head = Head(birth, state=self.recorded.state, version=1)
        self.log: Mapping[int, Interaction] = {each.sequence: each for each in self.recorded.interactions}
        if pending := self.recorded.head.pending:
            self.log = {**self.log, pending.sequence: Interaction(pending.sequence, pending.command)}

    @property
    def is_asked(self) -> bool:
        """Tell whether steps are asked: the session stands as it stood then."""
        return not self.diverged and self.lost is None

    def start(self, interaction: Interaction) -> None:
        """Hand out what was handed out."""
        self.head = heads.start(self.head, interaction.command, owner=None, lease_until=None, parked=None)

    def judge(self, interaction: Interaction, outcome: Outcome) -> None:
        """Let a verdict, the rule and the budgets decide."""
        judged = heads.judge(self.head, Orchestrator(self.workflow), outcome, interaction.closed_at or 0.0)
        writer = f"interaction {interaction.sequence}, {interaction.command.step}"
        self.writers.update(dict.fromkeys(outcome.state, writer))
        self.head = judged.head

    def take_over(self, interaction: Interaction, end: Entry | None) -> None:
        """Go on as it was recorded, whatever a step would say now."""
        assert interaction.result is not None
        last = Completed(interaction.sequence, interaction.command.step, interaction.result.status)
        self.head = replace(self.head, sequence=interaction.sequence, pending=None, last_completed=last)
        self.stand(end)

    def stand(self, end: Entry | None) -> None:
        """Stand as it was recorded: the parent looks at it."""
        was = self.recorded.head
        if end is not None:
            known = {"outcome": was.outcome, "product": was.product, "last_error": was.last_error}
            self.head = replace(self.head, status=was.status, **known)  # type: ignore[arg-type] # each is its own field
        elif self.head.status in TERMINAL:
            self.head = replace(self.head, status="active")

    def abandon(self, end: Entry | None) -> None:
        """Close an interaction without a result.

        A user's run counts these anew without a word in the record, so the record says whether it was the last.
        """
        if end is not None and end.budget:
            self.head, _ = heads.run_out(self.head, end.budget, 0.0)
            return
        led_to: SessionStatus = "active" if end is None else self._status(end)
        if led_to == "cancelled":
            self.head, _ = heads.cancel(self.head, 0.0)
            return
        before = self.head.birth.limits.abandoned - 1 if led_to == "failed" else 0
        self.head, _ = heads.abandon(replace(self.head, abandoned=before), 0.0)
        self.head = replace(self.head, status=led_to)

    def change(self, entry: Entry) -> str | None:
        """Do what a user did to the session, and name it."""
        was = self.head
        if entry.status == "active" and was.status in TERMINAL:
            self.head = heads.reopen(was)
            return OPENED_AGAIN
        if entry.status == "cancelled" and was.status not in TERMINAL:
            self.head, _ = heads.cancel(was, 0.0)
        if entry.budget:
            self.head = was if was.status in TERMINAL else heads.run_out(was, entry.budget, 0.0)[0]
            return "ended by a budget"
        self.head = replace(self.head, paused=entry.paused)
        if entry.status == "cancelled":
            return "cancelled"
        return "paused" if entry.paused and not was.paused else None

    def _status(self, end: Entry) -> SessionStatus:
        return next(status for status in TERMINAL if status == end.status)


def is_faulted(interaction: Interaction) -> bool:
    """Tell whether the step could not even make its command: then there was nothing to submit."""
    command, result = interaction.command, interaction.result
    closed_at_once = interaction.closed_at == command.at and command.kind == "none"
    return closed_at_once and interaction.came is None and result is not None and result.status == FAULT
