"""What a component's session remembers from step to step."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, JsonValue

from proctor import Component, Finding, Session, Workspace
from proctor_python.component import Component as Facts
from proctor_python.measured import Measured
from proctor_python.report import Target


class Memory(BaseModel):
    """The session's state, read. What is handed down by the parent comes first."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    repository: str
    base: str
    target: str
    """The test file to write."""
    python: Target
    test_files: tuple[str, ...] = ()
    """The project's own."""
    baseline: Measured | None = None
    previous: str | None = None
    import_error: str = ""
    """How importing the module failed at the base commit; the end says most."""

    facts: Facts | None = None
    files: Mapping[str, str] = {}
    """The overlay of every command: path -> blob."""
    findings: tuple[dict[str, JsonValue], ...] = ()
    fixes: int = 0
    gave_up: bool = False
    """The agent had nothing more to do about the last findings."""
    dropped: tuple[dict[str, JsonValue], ...] = ()
    """Findings whose tests were removed."""
    suspected_bugs: tuple[dict[str, JsonValue], ...] = ()
    conversation_id: str | None = None
    discarded: tuple[str, ...] = ()
    """Files that the agent changed and was not allowed to."""
    tests: int = 0
    """Good tests in the last run."""
    coverage: Measured | None = None
    """With the new tests alone."""
    reason: str | None = None
    """Why there are no tests, as far as it is known."""

    @property
    def workspace(self) -> Workspace:
        """Give the base commit with everything written so far."""
        return Workspace(self.repository, self.base, self.files)

    @property
    def may_write(self) -> list[str]:
        """Give what the agent may change: the test file, and a folder for its data."""
        return [self.target, f"{self.target.removesuffix('.py')}_data/"]

    @property
    def unimportable(self) -> str | None:
        """Say in a line that the module does not import, if so."""
        lines = [line.strip() for line in self.import_error.splitlines() if line.strip()]
        return f"the module does not import: {lines[-1]}" if lines else None

    def found(self) -> list[Finding]:
        """Give the findings of the last check."""
        return [Finding.from_json(finding) for finding in self.findings]


def recall(session: Session) -> Memory:
    """Read a session's state."""
    return Memory.model_validate(session.state)


def component(session: Session) -> Component:
    """Give the module that a session is about."""
    return Component.from_json(session.subject)
