"""What a context's session remembers from step to step."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from proctor import Context, Session
from proctor_python.report import Target
from proctor_python.survey import Component, Suite


class Memory(BaseModel):
    """The session's state, read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    python: Target
    components: tuple[Component, ...]
    test_files: tuple[str, ...] = ()
    suite: Suite = Suite()
    branch: str
    notices: tuple[str, ...] = ()
    """What the user should know of the package as it is."""
    given_up: Mapping[str, str] = {}
    """Components that get no further attempt, and why."""


def recall(session: Session) -> Memory:
    """Read a session's state, as `initialize` left it."""
    return Memory.model_validate(session.state)


def context(session: Session) -> Context:
    """Give the package that a session is about."""
    return Context.from_json(session.subject)
