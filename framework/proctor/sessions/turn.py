"""One turn of a session: what is handed out, what comes back, and what that leads to."""

from dataclasses import dataclass

from proctor.domain import head as heads
from proctor.domain.head import Head
from proctor.domain.interaction import Interaction, Result
from proctor.domain.session import SessionStatus


@dataclass(frozen=True, slots=True)
class Started:
    """An interaction that has been handed out."""

    head: Head
    """The session, with that interaction pending."""
    fresh: bool = True
    """False if it had been handed out before and is only shown again."""

    @property
    def interaction(self) -> Interaction:
        """The pending interaction, as the log will show it."""
        assert self.head.pending is not None
        return Interaction(self.head.pending.sequence, self.head.pending.command)

    @property
    def fence(self) -> int:
        """What has to be handed back with the result."""
        return self.head.fence

    @property
    def parked(self) -> str | None:
        """What the interaction waits for, if nobody is to execute it."""
        return self.head.parked


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a submitted result led to."""

    sequence: int
    status: str
    session_status: SessionStatus
    started: Started | None = None
    """The next interaction, when going on was asked for and possible."""


@dataclass(frozen=True, slots=True)
class Came:
    """A result as it came."""

    result: Result
    executed_by: str | None = None
    key: str | None = None
    digest: str | None = None

    def kept(self, head: Head) -> Head:
        """Give the head with this result, before anybody judges it."""
        return heads.receive(head, self.result, executed_by=self.executed_by, key=self.key, digest=self.digest)


WOKEN = Came(Result("ok"))
"""What is judged once all children have ended."""
