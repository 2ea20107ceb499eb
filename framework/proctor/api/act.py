"""What a mutation did, as its resolver saw it, whatever the client asked to be told."""

from dataclasses import dataclass

from proctor.errors import ProctorError


@dataclass(slots=True)
class Act:
    """One execution of a mutation."""

    action: str
    """The mutation's name."""
    session: str | None
    """The server's own id of the session it is about; None if there is none."""
    key: str
    """Its idempotency key."""
    outcome: str = "unknown"
    """The name of its answer's type, or `fault`; `unknown` as long as there is no answer."""
    code: str | None = None
    """Why it was refused or failed."""

    def answer(self, given: object) -> None:
        """Take note of the answer."""
        code = getattr(given, "code", None)
        self.outcome, self.code = type(given).__name__, code if isinstance(code, str) else None

    def fail(self, error: Exception) -> None:
        """Take note of a fault."""
        self.outcome, self.code = "fault", error.code if isinstance(error, ProctorError) else "internal_error"
