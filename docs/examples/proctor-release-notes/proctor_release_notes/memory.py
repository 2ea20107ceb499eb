"""What a session of this workflow remembers from step to step."""

from dataclasses import replace

from pydantic import BaseModel, ConfigDict

from proctor import FAULT, Outcome, Result, Session


class Commit(BaseModel):
    """One commit since the last tag."""

    id: str
    subject: str


class Collected(BaseModel):
    """What `collect_commits` found."""

    model_config = ConfigDict(frozen=True)

    since: str | None
    """The last tag; None if there is none."""
    commits: tuple[Commit, ...]
    """The newest first."""


class Memory(BaseModel):
    """The session's state, read."""

    collected: Collected | None = None
    wanted: str | None = None
    """The text that somebody wants in place of the one that was drafted."""
    notes: str = ""
    """The section as it stands in `files`."""
    files: dict[str, str] = {}
    """Path -> blob: the changelog with the section in it."""


def recall(session: Session) -> Memory:
    """Read a session's state."""
    return Memory.model_validate(session.state)


def fault(result: Result, message: str | None = None) -> Outcome:
    """Say that the work could not be done; the step is then repeated, within the session's limits."""
    return Outcome(replace(result, status=FAULT, error_message=message or result.stderr or result.error_message))
