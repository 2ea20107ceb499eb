"""Interactions: the turns of a session."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.scalars import JSON

from proctor.api.blob import File
from proctor.api.enums import InteractionStatus, WaitsFor
from proctor.api.ids import interaction_gid, session_gid
from proctor.api.node import Info, Node, maybe_moment, moment
from proctor.domain import interaction as domain
from proctor.domain.head import Head

if TYPE_CHECKING:
    from proctor.api.session import Session


@strawberry.type
class Workspace:
    """A base commit plus files: enough to recreate a command's working folder on any machine."""

    repository: str
    """Where the repository is: a path on the server, or a URL."""
    base: str
    """The commit to start from, in full."""
    files: list[File]
    """Files to lay over it."""


@strawberry.type
class Command:
    """What has to be done."""

    step: str
    """The step that wants it."""
    kind: str
    """Who can carry it out: see `commandKinds`."""
    arguments: JSON
    """What exactly has to be done: fits the `argumentsSchema` of its kind."""
    workspace: Workspace | None
    """Where to do it; null if no folder is needed."""
    child_session_ids: list[strawberry.ID]
    """The sessions that a command of the kind `spawn_sessions` waits for."""
    metadata: JSON
    """What else its step noted. Ids in here are the server's own, not those of this schema."""
    at: datetime
    """When it was made."""


@strawberry.type
class Usage:
    """What agents consumed."""

    input_tokens: float
    """Tokens read. A whole number that may be larger than an Int."""
    output_tokens: float
    """Tokens written. A whole number that may be larger than an Int."""
    cost_usd: float
    """What that cost, in US dollars."""


@strawberry.type
class Result:
    """What came of a command, as its step judged it."""

    status: str
    """`ok`, `warning`, `error` (judged bad), `fault` (could not be done), or one that a plugin invented."""
    data: JSON
    """What the executor reported, by the kind of the command."""
    exit_code: int | None
    """Of the process, if there was one."""
    error_message: str | None
    """What went wrong."""
    stdout: str
    """What was written to standard output, its head and tail if it was long."""
    stderr: str
    """What was written to standard error, its head and tail if it was long."""
    files: list[File]
    """Files that were brought back."""
    usage: Usage | None
    """What an agent consumed for it, if that is known."""
    duration_seconds: float
    """How long it took."""


@strawberry.type
class Interaction(Node):
    """One turn of a session: the command that was handed out and, once judged, its result."""

    session_id: strawberry.Private[str]
    entry: strawberry.Private[domain.Interaction]
    sequence: int
    """Its number in its session: 1, 2, 3…"""
    status: InteractionStatus
    """Where it stands."""
    step: str
    """The step whose turn it is."""
    waits_for: WaitsFor | None
    """What it waits for, if it is parked."""
    lease_expires_at: datetime | None
    """Until when whoever executes it has to submit or renew. Null if nobody executes it."""
    started_at: datetime
    """When the command was handed out."""
    closed_at: datetime | None
    """When the result was judged, or the interaction abandoned."""
    executed_by: str | None
    """Who executed it. A name with `client:` is a client of this API; what it says was not seen by a runner."""

    @strawberry.field(description="What has to be done.")  # type: ignore[untyped-decorator] # only so it has no type
    def command(self) -> Command:
        """Give the command."""
        return command(self.entry.command)

    @strawberry.field(  # type: ignore[untyped-decorator] # as above
        description="What came of it; null until it was judged, and when it was abandoned."
    )
    def result(self) -> Result | None:
        """Give the result, if there is one."""
        return result(self.entry.result) if self.entry.result else None

    @strawberry.field
    async def session(self, info: Info) -> Annotated["Session", strawberry.lazy("proctor.api.session")]:
        """Give the session whose turn it is."""
        from proctor.api.session import Session

        return Session.of(await info.context.app.sessions.head(info.context.scope, self.session_id))

    @classmethod
    def of(cls, session_id: str, entry: domain.Interaction, *, pending_in: Head | None = None) -> "Interaction":
        """Show an entry of a session's log, or the one that is pending in a head."""
        return cls(
            id=interaction_gid(session_id, entry.sequence),
            session_id=session_id,
            entry=entry,
            sequence=entry.sequence,
            status=InteractionStatus(entry.status),
            step=entry.command.step,
            waits_for=WaitsFor(pending_in.parked) if pending_in and pending_in.parked else None,
            lease_expires_at=maybe_moment(pending_in.lease_until) if pending_in else None,
            started_at=moment(entry.command.at),
            closed_at=maybe_moment(entry.closed_at),
            executed_by=entry.executed_by,
        )


def pending(head: Head) -> Interaction | None:
    """Show what is pending in a session as the newest entry of its log."""
    if head.pending is None:
        return None
    entry = domain.Interaction(
        head.pending.sequence, head.pending.command, executed_by=head.pending.executed_by or head.owner
    )
    return Interaction.of(head.id, entry, pending_in=head)


def command(made: domain.Command) -> Command:
    """Show a command."""
    at, children = made.workspace, made.metadata.get("child_session_ids")
    return Command(
        step=made.step,
        kind=made.kind,
        arguments=JSON(made.arguments),
        workspace=Workspace(repository=at.repository, base=at.base, files=files(at.overlay)) if at else None,
        child_session_ids=[session_gid(str(child)) for child in children] if isinstance(children, list) else [],
        metadata=JSON(made.metadata),
        at=moment(made.at),
    )


def result(came: domain.Result) -> Result:
    """Show a result."""
    return Result(
        status=came.status,
        data=JSON(came.data),
        exit_code=came.exit_code,
        error_message=came.error_message,
        stdout=came.stdout,
        stderr=came.stderr,
        files=files(came.files),
        usage=usage(came.usage) if came.usage else None,
        duration_seconds=came.duration_s,
    )


def usage(spent: domain.Usage) -> Usage:
    """Show what was consumed."""
    return Usage(input_tokens=spent.input_tokens, output_tokens=spent.output_tokens, cost_usd=spent.cost_usd)


def files(digests: Mapping[str, str]) -> list[File]:
    """Show files by path."""
    return [File(path=path, digest=digest) for path, digest in sorted(digests.items())]
