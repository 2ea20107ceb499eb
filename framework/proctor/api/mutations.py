"""What can be done. Each mutation takes one input, asks the session service, and tells what it said."""

import hashlib
import os
from collections.abc import Awaitable, Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Protocol, TypeVar, cast

import strawberry

from proctor.api.answers import (
    CancelSessionResult,
    CancelSessionSuccess,
    CreateSessionResult,
    CreateSessionSuccess,
    PauseSessionResult,
    PauseSessionSuccess,
    RenewLeaseResult,
    RenewLeaseSuccess,
    ResumeSessionResult,
    ResumeSessionSuccess,
    RetrySessionResult,
    RetrySessionSuccess,
    RunSessionResult,
    RunSessionSuccess,
    StartedInteraction,
    StartInteractionResult,
    StartInteractionSuccess,
    SubmitResultResult,
    SubmitResultSuccess,
)
from proctor.api.audit import LONGEST_KEY, begin
from proctor.api.caller import Caller
from proctor.api.enums import ExecutionMode, SessionStatus
from proctor.api.errors import Refusal, answer_to, forbidden, invalid_input, not_found
from proctor.api.ids import session_of
from proctor.api.inputs import (
    CancelSessionInput,
    CreateSessionInput,
    PauseSessionInput,
    RenewLeaseInput,
    ResumeSessionInput,
    RetrySessionInput,
    RunSessionInput,
    StartInteractionInput,
    SubmitResultInput,
)
from proctor.api.interaction import pending
from proctor.api.node import Info, moment
from proctor.api.session import Session
from proctor.app import Order
from proctor.errors import ProctorError
from proctor.sessions import Started

T = TypeVar("T")
Given = Annotated[T, strawberry.argument(name="input", description="What is to be done.")]


class _Input(Protocol):
    idempotency_key: str


Input = TypeVar("Input", bound=_Input)
Resolver = Callable[["Mutation", Info, Input], Awaitable[T]]


def answering(resolver: Resolver[Input, T]) -> Resolver[Input, T]:
    """Let only those in who may change things, give expected failures as members of the union, and note both."""

    async def attempted(self: "Mutation", info: Info, given: Input) -> T:
        try:
            _admit(info.context, given.idempotency_key)
            return await resolver(self, info, given)
        except Refusal as refusal:
            return cast(T, refusal.answer)
        except ProctorError as error:
            if (answer := answer_to(error)) is None:
                raise
            return cast(T, answer)

    @wraps(resolver)
    async def answered(self: "Mutation", info: Info, given: Input) -> T:
        act = begin(info.context, info.field_name, given.idempotency_key, getattr(given, "session_id", None))
        try:
            answer = await attempted(self, info, given)
        except Exception as error:
            act.fail(error)
            raise
        act.answer(answer)
        if isinstance(answer, CreateSessionSuccess):
            act.session = answer.session.head.id
        return answer

    return answered


@strawberry.type
class Mutation:
    """What can be done. Each takes one input; what can be expected to fail is a type with the interface Error."""

    @strawberry.mutation
    @answering
    async def create_session(self, info: Info, given: Given[CreateSessionInput]) -> CreateSessionResult:
        """Create a session that tests a package or module, or find the unfinished one about the same."""
        caller = info.context
        order = _order(given)
        for place in (order.path, *order.carry):
            if not caller.may_create(str(place)):
                raise forbidden(f"Sessions about {place} are not allowed here. Ask for it to be put on the list.")
        created = await caller.app.orders.create(caller.scope, order, key=given.idempotency_key)
        return CreateSessionSuccess(session=Session.of(created.head), is_continued=created.continued)

    @strawberry.mutation
    @answering
    async def start_interaction(self, info: Info, given: Given[StartInteractionInput]) -> StartInteractionResult:
        """Hand out a session's next interaction, to be executed by the caller. A pending one is shown again."""
        caller, session_id = info.context, _named(given.session_id)
        key, owner = given.idempotency_key, _name(caller)
        started = await caller.app.sessions.start(caller.scope, session_id, owner=owner, key=key)
        return StartInteractionSuccess(session=Session.of(started.head), started=_started(started))

    @strawberry.mutation
    @answering
    async def renew_lease(self, info: Info, given: Given[RenewLeaseInput]) -> RenewLeaseResult:
        """Keep an interaction that takes longer than its lease."""
        caller, session_id = info.context, _named(given.session_id)
        until = await caller.app.sessions.renew(caller.scope, session_id, given.fence)
        return RenewLeaseSuccess(lease_expires_at=moment(until))

    @strawberry.mutation
    @answering
    async def submit_result(self, info: Info, given: Given[SubmitResultInput]) -> SubmitResultResult:
        """Hand in what came of an interaction. Its step judges it, and the session goes on from there."""
        caller, session_id = info.context, _named(given.session_id)
        head = await caller.app.sessions.head(caller.scope, session_id)
        is_expected = head.pending is not None and head.pending.raw is None and head.fence == given.fence
        submitted = await caller.app.sessions.submit(
            caller.scope,
            session_id,
            given.fence,
            await given.result.result(caller.app.store.put if is_expected else _digest),
            key=given.idempotency_key,
            go_on=given.go_on,
            owner=_name(caller),
            executed_by=_name(caller),
        )
        return SubmitResultSuccess(
            session=await _session(caller, session_id),
            sequence=submitted.sequence,
            step_status=submitted.status,
            session_status=SessionStatus(submitted.session_status),
            started=_started(submitted.started) if submitted.started else None,
        )

    @strawberry.mutation
    @answering
    async def run_session(self, info: Info, given: Given[RunSessionInput]) -> RunSessionResult:
        """Have the server execute a session and all below it; watch it by `sessionEvents`."""
        caller, session_id = info.context, _named(given.session_id)
        return RunSessionSuccess(session=Session.of(await caller.app.run_session(caller.scope, session_id)))

    @strawberry.mutation
    @answering
    async def cancel_session(self, info: Info, given: Given[CancelSessionInput]) -> CancelSessionResult:
        """End a session and all below it. What runs for them is stopped, and a late result changes nothing."""
        caller, session_id = info.context, _named(given.session_id)
        await caller.app.cancel(session_id, scope=caller.scope, key=given.idempotency_key)
        return CancelSessionSuccess(session=await _session(caller, session_id))

    @strawberry.mutation
    @answering
    async def pause_session(self, info: Info, given: Given[PauseSessionInput]) -> PauseSessionResult:
        """Let nothing new start in a session until it is resumed. What runs may finish."""
        caller, session_id = info.context, _named(given.session_id)
        head = await caller.app.sessions.pause(caller.scope, session_id, key=given.idempotency_key)
        return PauseSessionSuccess(session=Session.of(head))

    @strawberry.mutation
    @answering
    async def resume_session(self, info: Info, given: Given[ResumeSessionInput]) -> ResumeSessionResult:
        """Let a paused session go on."""
        caller, session_id = info.context, _named(given.session_id)
        head = await caller.app.sessions.resume(caller.scope, session_id, key=given.idempotency_key)
        return ResumeSessionSuccess(session=Session.of(head))

    @strawberry.mutation
    @answering
    async def retry_session(self, info: Info, given: Given[RetrySessionInput]) -> RetrySessionResult:
        """Try again what failed or was cancelled below a session, as new sessions. One that had ended goes on."""
        caller, session_id = info.context, _named(given.session_id)
        children = None if given.child_ids is None else [_named(child) for child in given.child_ids]
        head = await caller.app.sessions.retry(caller.scope, session_id, children, key=given.idempotency_key)
        return RetrySessionSuccess(session=Session.of(head))


def _admit(caller: Caller, key: str) -> None:
    if not caller.may_write:
        raise forbidden("A viewer may look, and change nothing. Use the token of an operator.")
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise invalid_input(f"The idempotency key is not from 1 to {LONGEST_KEY} printable characters long.")


def _named(gid: str) -> str:
    session_id = session_of(gid)
    if session_id is None:
        raise not_found(gid)
    return session_id


def _name(caller: Caller) -> str:
    """Give the name under which a client executes: no runner of ours saw what it did."""
    return f"client:{caller.scope.user}"


async def _digest(data: bytes) -> str:
    """Give the id that a file would get: what will be refused is not stored."""
    return hashlib.sha256(data).hexdigest()


async def _session(caller: Caller, session_id: str) -> Session:
    return Session.of(await caller.app.sessions.head(caller.scope, session_id))


def _started(started: Started) -> StartedInteraction:
    interaction = pending(started.head)
    assert interaction is not None
    return StartedInteraction(
        interaction=interaction,
        fence=started.fence,
        lease_expires_at=interaction.lease_expires_at,
        is_fresh=started.fresh,
    )


def _order(given: CreateSessionInput) -> Order:
    names = (given.path, given.branch or "", given.agent or "", given.workflow or "")
    for text in (*names, *given.only, *given.exclude, *given.carry):
        if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise invalid_input("A path, name or pattern contains a character that no file name can have.")
    return Order(
        _place(given.path, "package"),
        tuple(given.only),
        tuple(given.exclude),
        given.branch,
        given.agent,
        "manual" if given.execution_mode is ExecutionMode.MANUAL else "auto",
        given.workflow,
        require_tests=given.require_tests,
        carry=tuple(_place(file, "file") for file in given.carry),
    )


def _place(path: str, whose: str) -> Path:
    if not Path(path).is_absolute():
        raise invalid_input(f"{path or '.'} is no absolute path. Name the {whose}'s full path on the server.")
    return Path(os.path.normpath(path))
