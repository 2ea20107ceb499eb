"""What can be asked."""

from typing import Annotated

import strawberry

from proctor.api.blob import Blob, carried_in, load
from proctor.api.caller import Caller
from proctor.api.enums import SessionStatus
from proctor.api.errors import NotFound, not_found
from proctor.api.ids import interaction_of, session_cursor, session_of, session_place
from proctor.api.interaction import Interaction, pending
from proctor.api.next_interaction import NextInteractionResult, next_interaction
from proctor.api.node import Info, Node
from proctor.api.pages import USUAL, After, Connection, First, checked, page, placed
from proctor.api.plugin import CommandKind, Plugin, command_kind, plugin
from proctor.api.session import Session
from proctor.api.shown import shown
from proctor.api.workflow import Workflow, workflow
from proctor.domain import interaction as domain
from proctor.domain.head import Head
from proctor.domain.orchestrator import Orchestrator
from proctor.errors import ProctorError

NodeGid = Annotated[strawberry.ID, strawberry.argument(name="id", description="The id, as this schema gave it.")]
SessionGid = Annotated[strawberry.ID, strawberry.argument(description="The id of the session.")]


@strawberry.input
class SessionFilter:
    """Which sessions to list. Whatever is left out does not matter."""

    status: SessionStatus | None = None
    """Only those that stand so."""
    workflow: str | None = None
    """Only those of this workflow."""


@strawberry.input(one_of=True)
class CompletionInput:
    """What may have completed: exactly one of these."""

    session_id: strawberry.ID | None = strawberry.UNSET
    """A session: has it come to its end?"""
    interaction_id: strawberry.ID | None = strawberry.UNSET
    """An interaction: did just this one bring its session to its end?"""


@strawberry.type
class Completion:
    """Whether something is complete."""

    is_complete: bool
    """The last step of the main line has ended with `ok`."""


CompletionResult = Annotated[
    Completion | NotFound,
    strawberry.union("CompletionResult", description="Whether something is complete."),
]
Filter = Annotated[
    SessionFilter | None, strawberry.argument(name="filter", description="Which ones; all, if left out.")
]
By = Annotated[CompletionInput, strawberry.argument(description="What may have completed.")]
Digest = Annotated[str, strawberry.argument(description="The sha256 of the file, in hex digits.")]


@strawberry.type
class Query:
    """What can be asked. Whatever belongs to others answers as if it did not exist."""

    @strawberry.field
    async def node(self, info: Info, gid: NodeGid) -> Node | None:
        """Give a session or an interaction by its id."""
        if session_id := session_of(gid):
            return await _session(info.context, session_id)
        if place := interaction_of(gid):
            return await _interaction(info.context, *place)
        return None

    @strawberry.field
    async def session(self, info: Info, gid: NodeGid) -> Session | None:
        """Give a session."""
        return await _session(info.context, session_of(gid))

    @strawberry.field
    async def sessions(
        self,
        info: Info,
        first: First = USUAL,
        after: After = None,
        only: Filter = None,
    ) -> Connection[Session]:
        """List the sessions that users created, newest first. Those that sessions created are their `children`."""
        caller, limit, place = info.context, checked(first), placed(after, session_place)
        wanted = only or SessionFilter()
        heads = await caller.app.store.roots(
            caller.scope,
            limit=limit + 1,
            status=wanted.status.value if wanted.status else None,
            workflow=wanted.workflow,
            before=place,
        )
        return page(
            [Session.of(head) for head in heads[:limit]],
            lambda session: session_cursor(session.head.birth.created_at, session.head.id),
            has_next=len(heads) > limit,
            has_previous=place is not None,
        )

    @strawberry.field
    async def next_interaction(self, info: Info, session_id: SessionGid) -> NextInteractionResult:
        """Say what comes next in a session, and why. It starts nothing: that does `startInteraction`."""
        head = await _head(info.context, session_of(session_id))
        if head is None:
            return _nothing(session_id)
        return await next_interaction(info.context, head)

    @strawberry.field
    async def is_complete(self, info: Info, by: By) -> CompletionResult:
        """Tell whether a session, or an interaction as the last of its session, is complete."""
        caller = info.context
        if by.session_id:
            head = await _head(caller, session_of(by.session_id))
            complete = await caller.app.sessions.is_complete(caller.scope, head.id) if head else None
        else:
            complete = await _completes(caller, interaction_of(by.interaction_id or ""))
        if complete is None:
            return _nothing(by.session_id or by.interaction_id or "")
        return Completion(is_complete=complete)

    @strawberry.field
    def workflows(self, info: Info) -> list[Workflow]:
        """List the workflows that are installed, each with its ordered steps."""
        names = [each.name for each in info.context.app.registry.plugins() if each.group == "proctor.workflows"]
        return [_workflow(info.context, name) for name in dict.fromkeys(names)]

    @strawberry.field
    def command_kinds(self, info: Info) -> list[CommandKind]:
        """List the kinds of commands, for clients that execute commands themselves. Broken ones are in `plugins`."""
        registry = info.context.app.registry
        found = [each for each in registry.plugins(check=True) if each.group == "proctor.executors" and not each.error]
        return [command_kind(each, registry.executor(each.name)) for each in found]

    @strawberry.field
    def plugins(self, info: Info) -> list[Plugin]:
        """List what is installed, the broken ones with the reason."""
        return [plugin(each) for each in info.context.app.registry.plugins(check=True)]

    @strawberry.field
    async def blob(self, info: Info, session_id: SessionGid, digest: Digest) -> Blob | None:
        """Give a file that a session's workspaces, results or product name, or that is carried along in its tree."""
        head = await _head(info.context, session_of(session_id))
        return await load(info, digest) if head and digest in await _digests(info.context, head) else None


async def _head(caller: Caller, session_id: str | None) -> Head | None:
    return await caller.app.store.head(caller.scope, session_id) if session_id else None


async def _session(caller: Caller, session_id: str | None) -> Session | None:
    head = await _head(caller, session_id)
    return Session.of(head) if head else None


async def _interaction(caller: Caller, session_id: str, sequence: int) -> Interaction | None:
    head = await _head(caller, session_id)
    if head is not None and head.pending is not None and head.pending.sequence == sequence:
        return pending(head)
    entry = await _closed(caller, session_id, sequence)
    return Interaction.of(session_id, entry) if entry else None


async def _closed(caller: Caller, session_id: str, sequence: int) -> domain.Interaction | None:
    entries = await caller.app.store.interactions(caller.scope, session_id, after=sequence - 1, limit=1)
    return entries[0] if entries and entries[0].sequence == sequence else None


async def _completes(caller: Caller, place: tuple[str, int] | None) -> bool | None:
    head = await _head(caller, place[0]) if place else None
    if place is None or head is None:
        return None
    entry = await _closed(caller, *place)
    if entry is None:
        return False if head.pending and head.pending.sequence == place[1] else None
    tree = await caller.app.store.tree(caller.scope, head.birth.root)
    pinned = {each.name: each for each in tree.workflows} if tree else {}
    return Orchestrator(pinned[head.birth.workflow]).is_complete(entry)


async def _digests(caller: Caller, head: Head) -> set[str]:
    """Collect the files that a session names where files are named, and not just anywhere in its documents."""
    entries = await caller.app.store.interactions(caller.scope, head.id, limit=head.sequence + 1)
    commands = [entry.command for entry in entries] + ([head.pending.command] if head.pending else [])
    digests = {digest for command in commands if command.workspace for digest in command.workspace.overlay.values()}
    digests |= {digest for entry in entries if entry.result for digest in entry.result.files.values()}
    digests |= set((await carried_in(caller, head)).values())
    made = (head.product or {}).get("files")
    return digests | {str(digest) for digest in made.values()} if isinstance(made, dict) else digests


def _workflow(caller: Caller, name: str) -> Workflow:
    try:
        return workflow(caller.app.registry.pin(name)[0])
    except ProctorError as error:
        return Workflow(name=name, steps=[], spawns=[], problem=shown(error))


def _nothing(gid: str) -> NotFound:
    answer = not_found(gid).answer
    assert isinstance(answer, NotFound)
    return answer
