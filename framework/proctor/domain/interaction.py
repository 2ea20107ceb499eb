"""One turn of a session: the command that was handed out and the result that came of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from operator import attrgetter
from typing import Any, Literal

from proctor.domain.json import EMPTY, JsonObject

NO_FILES: Mapping[str, str] = EMPTY


@dataclass(frozen=True, slots=True)
class Workspace:
    """A base commit plus an overlay of files: enough to recreate the working folder of a command on any machine."""

    repository: str
    """Absolute path of the repository's top folder, or a URL."""
    base: str
    """The commit, 40 or 64 hex digits."""
    overlay: Mapping[str, str] = NO_FILES
    """Path in the repository -> id of the blob with its content."""


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """A child session that a command wants to exist. It is inserted only if (parent, key, attempt) is missing."""

    key: str
    """What it stands for among its siblings: a component's name, say."""
    workflow: str
    """One of those that the parent's workflow `spawns`."""
    subject: JsonObject
    """What it is about."""
    attempt: int = 1
    priority: int = 0
    """The highest goes first."""
    state: JsonObject = EMPTY
    """What it remembers from the beginning."""


@dataclass(frozen=True, slots=True)
class Command:
    """What has to be done. The session service fills `step` and `at`."""

    kind: str
    """Which executor carries it out."""
    arguments: JsonObject = EMPTY
    """As the executor's model `Arguments` asks for."""
    workspace: Workspace | None = None
    """The files that it works on."""
    children: tuple[ChildSpec, ...] = ()
    """Created when the command is started; see the kind `spawn_sessions`."""
    metadata: JsonObject = EMPTY
    """For whoever reads the log. The session service adds `child_session_ids` where there are children."""
    step: str = ""
    at: float = 0.0
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What an agent consumed."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    """US dollars."""

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cost_usd + other.cost_usd,
        )


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a command."""

    status: str
    """`[a-z_]+`: `ok`, `warning`, `error`, `fault`, or one of a plugin's own."""
    data: JsonObject = EMPTY
    """As the executor's model `Data` says; a step may add to it."""
    exit_code: int | None = None
    """Of the process, if there was one; negative: killed by that signal."""
    error_message: str | None = None
    """Why it is not `ok`, in a sentence for people."""
    stdout: str = ""
    """What was kept of the output."""
    stderr: str = ""
    """As stdout."""
    files: Mapping[str, str] = NO_FILES
    """Path in the repository -> id of the blob with its content."""
    usage: Usage | None = None
    """What an agent consumed; None if none was asked, or it is not known."""
    duration_s: float = 0.0
    """Seconds that it took to carry out."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A result as its step judged it, and what follows for the session."""

    result: Result
    """The result with the status, message and data that the step gives it."""
    state: JsonObject = EMPTY
    """Merged into the session's state by top-level key; a None deletes the key."""
    product: JsonObject | None = None
    """What a parent may see of this session, at most 64 KiB as JSON."""
    outcome: str | None = None
    """One word on how the session ended: proven, partial, none."""
    session_status: Literal["failed"] | None = None
    """`failed` ends the session at once: trying again would give the same."""


InteractionStatus = Literal["pending", "completed", "abandoned"]


@dataclass(frozen=True, slots=True)
class Interaction:
    """One numbered entry of a session's append-only log."""

    sequence: int
    command: Command
    result: Result | None = None
    status: InteractionStatus = "pending"
    closed_at: float | None = None
    executed_by: str | None = None
    came: JsonObject | None = None
    """The fields in which the result that was submitted differs from the judged one; None if that is not known."""

    @property
    def submitted(self) -> Result | None:
        """Give the result as it came, before its step judged it; None if none came, or it is not known."""
        if self.result is None or self.came is None:
            return None
        changed: dict[str, Any] = dict(self.came)
        if usage := changed.get("usage"):
            changed["usage"] = Usage(**usage)
        return replace(self.result, **changed)


def with_usage(judged: Result, submitted: Result | None) -> Result:
    """Give a judged result with the usage that was reported: no verdict takes back what was spent."""
    if submitted is None or judged is submitted or judged.usage == submitted.usage:
        return judged
    return replace(judged, usage=submitted.usage)


def changed_by_verdict(submitted: Result, judged: Result) -> JsonObject:
    """Give the fields of a submitted result that its verdict does not carry on, as they came.

    What a verdict carries on is the same object, as a rule, so that this costs little. Mappings that were made anew
    are kept even if they are equal: equal is not the same to JSON (1 and true).
    """
    if judged is submitted:
        return EMPTY
    pairs = zip(_RESULT, _values(submitted), _values(judged), strict=True)
    changed = {
        name: came for name, came, kept in pairs if came is not kept and (came != kept or isinstance(came, Mapping))
    }
    if usage := changed.get("usage"):
        changed["usage"] = asdict(usage)
    return changed


_RESULT = tuple(field.name for field in fields(Result))
_values = attrgetter(*_RESULT)
