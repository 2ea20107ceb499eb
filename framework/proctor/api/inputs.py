"""What mutations take."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping

import orjson
import strawberry
from strawberry.scalars import JSON

from proctor.api.enums import ExecutionMode
from proctor.api.errors import SHOWN, invalid_input
from proctor.domain.interaction import Result, Usage
from proctor.domain.json import EMPTY, JsonObject

Put = Callable[[bytes], Awaitable[str]]

LARGEST = 2**63 - 1
"""The largest number that every database keeps."""


@strawberry.input
class CreateSessionInput:
    """What is to be tested, and how."""

    idempotency_key: str
    """A name for this call, chosen by the caller. Repeat the call under the same name if its answer was lost."""
    path: str
    """A package folder or module in a git repository on the server."""
    workflow: str | None = None
    """What the session does; if left out, the server's own setting, which tests a package."""
    only: list[str] = strawberry.field(default_factory=list)
    """Test only the modules whose dotted name, path or file name fits one of these patterns, as `shop.*`."""
    exclude: list[str] = strawberry.field(default_factory=list)
    """Leave out the modules that fit one of these patterns, written alike."""
    agent: str | None = None
    """The agent that writes the tests; the server's own setting, if left out."""
    branch: str | None = None
    """The branch to land on, which must not exist yet. One is named, if this is left out."""
    carry: list[str] = strawberry.field(default_factory=list)
    """Files of the checkout that git does not have and tests need: full paths on the server. They never land."""
    require_tests: bool = False
    """A component for which nothing can be proven fails. It is tried again, if the agent may do better."""
    execution_mode: ExecutionMode = ExecutionMode.AUTO
    """Who starts the session's steps."""


@strawberry.input
class StartInteractionInput:
    """The session whose next interaction is to be handed out."""

    idempotency_key: str
    """A name for this call, chosen by the caller. A repeated call hands the same interaction out again."""
    session_id: strawberry.ID
    """The session."""


@strawberry.input
class RenewLeaseInput:
    """The interaction whose lease is to be renewed."""

    idempotency_key: str
    """A name for this call, chosen by the caller. A repeated call renews again, which harms nobody."""
    session_id: strawberry.ID
    """The session."""
    fence: int
    """The fence that `startInteraction` gave."""


@strawberry.input(one_of=True)
class FileContentInput:
    """The content of a file: exactly one of these."""

    text: str | None = strawberry.UNSET
    """Text, to be stored as UTF-8."""
    base64: str | None = strawberry.UNSET
    """Bytes, in base64."""

    def data(self, path: str) -> bytes:
        """Give the bytes."""
        if self.text is not None and self.text is not strawberry.UNSET:
            return self.text.encode(errors="replace")
        try:
            return base64.b64decode(self.base64 or "", validate=True)
        except (binascii.Error, ValueError) as error:
            raise invalid_input(f"The content of {path} is no base64: {error}.") from error


@strawberry.input
class FileInput:
    """A file that a command brought back."""

    path: str
    """Relative to the repository's top, with forward slashes."""
    content: FileContentInput
    """What is in it."""


@strawberry.input
class UsageInput:
    """What an agent consumed."""

    input_tokens: int = 0
    """Tokens read."""
    output_tokens: int = 0
    """Tokens written."""
    cost_usd: float = 0.0
    """What that cost, in US dollars."""


@strawberry.input
class ResultInput:
    """What came of a command."""

    status: str
    """`ok`, `warning`, `error` (the work was judged bad), `fault` (it could not be done), or one of a plugin's own."""
    data: JSON | None = None
    """An object; what it says depends on the kind of the command: see `commandKinds`."""
    exit_code: int | None = None
    """Of the process, if there was one."""
    error_message: str | None = None
    """What went wrong."""
    stdout: str = ""
    """What was written to standard output."""
    stderr: str = ""
    """What was written to standard error."""
    files: list[FileInput] = strawberry.field(default_factory=list)
    """Files that were brought back."""
    usage: UsageInput | None = None
    """What an agent consumed for it."""
    duration_seconds: float = 0.0
    """How long it took."""

    async def result(self, put: Put) -> Result:
        """Store the files and give the result."""
        _check(self)
        contents = {file.path: file.content.data(file.path) for file in self.files}
        if len(contents) < len(self.files):
            raise invalid_input("The result names a file twice. Give each path once.")
        usage = self.usage
        return Result(
            status=self.status,
            data=_object(self.data),
            exit_code=self.exit_code,
            error_message=self.error_message,
            stdout=self.stdout,
            stderr=self.stderr,
            files={path: await put(data) for path, data in contents.items()},
            usage=Usage(usage.input_tokens, usage.output_tokens, usage.cost_usd) if usage else None,
            duration_s=self.duration_seconds,
        )


@strawberry.input
class SubmitResultInput:
    """The result of a pending interaction."""

    idempotency_key: str
    """A name for this call, chosen by the caller. A repeated call gets the answer of the first."""
    session_id: strawberry.ID
    """The session."""
    fence: int
    """The fence that `startInteraction` gave."""
    result: ResultInput
    """What came of the command."""
    go_on: bool = False
    """Also hand out the next interaction, to this caller."""


@strawberry.input
class RunSessionInput:
    """The session that the server is to execute."""

    idempotency_key: str
    """A name for this call, chosen by the caller. A repeated call asks again, which harms nobody."""
    session_id: strawberry.ID
    """The session."""


@strawberry.input
class CancelSessionInput:
    """The session to end, with all below it."""

    idempotency_key: str
    """A name for this call, chosen by the caller. A repeated call changes nothing."""
    session_id: strawberry.ID
    """The session."""


@strawberry.input
class PauseSessionInput:
    """The session in which nothing new is to start."""

    idempotency_key: str
    """A name for this call, chosen by the caller. A repeated call changes nothing."""
    session_id: strawberry.ID
    """The session."""


@strawberry.input
class ResumeSessionInput:
    """The paused session that is to go on."""

    idempotency_key: str
    """A name for this call, chosen by the caller. A repeated call changes nothing."""
    session_id: strawberry.ID
    """The session."""


@strawberry.input
class RetrySessionInput:
    """What is to be tried again."""

    idempotency_key: str
    """A name for this call, chosen by the caller. A repeated call changes nothing."""
    session_id: strawberry.ID
    """The session whose children are tried again, or a child that is."""
    child_ids: list[strawberry.ID] | None = None
    """Which of its children; all that failed or were cancelled, if left out."""


def _check(given: ResultInput) -> None:
    """Refuse what cannot be meant, and what no JSON can hold: an answer that repeats it could not be sent."""
    usage = given.usage or UsageInput()
    _check_amount("durationSeconds", given.duration_seconds)
    _check_amount("inputTokens", usage.input_tokens)
    _check_amount("outputTokens", usage.output_tokens)
    _check_amount("costUsd", usage.cost_usd)
    for file in given.files:
        _check_path(file.path)
    texts = [given.status, given.error_message, given.stdout, given.stderr, *(file.path for file in given.files)]
    try:
        orjson.dumps([*texts, given.data])
    except orjson.JSONEncodeError as error:
        raise invalid_input(f"The result holds something that cannot be kept: {error}.") from error


def _check_amount(name: str, amount: float) -> None:
    if not 0 <= amount <= LARGEST:  # nor is NaN, of which neither is true
        raise invalid_input(f"{name} is {amount:g}. Give a number from 0 to {LARGEST}.")


def _check_path(path: str) -> None:
    if not path or path.startswith("/") or ".." in path.split("/") or "\0" in path:
        shown = path[:SHOWN].encode(errors="replace").decode()
        raise invalid_input(f"{shown!r} is no path of a file. Name it relative to the repository's top, without `..`.")


def _object(data: object) -> JsonObject:
    if data is None:
        return EMPTY
    if not isinstance(data, Mapping):
        raise invalid_input("The result's data is no JSON object. Give one, or leave it out.")
    return data
