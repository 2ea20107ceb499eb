"""A call that is repeated under its key changes nothing, whatever happened since."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

import pytest
from factories import SCOPE

from proctor import Result, Scope
from proctor.contracts.store import Store
from proctor.errors import IdempotencyConflict, SessionNotFound, StaleFence
from proctor.sessions import Draft, Sessions

DRAFT = Draft("line", {"name": "x"})


async def test_a_session_is_created_once_under_a_key(sessions: Sessions, store: Store) -> None:
    first = await sessions.create(SCOPE, DRAFT, key="k", wish=["this"])
    assert await sessions.created(SCOPE, "k", ["this"]) == first
    assert await sessions.created(SCOPE, "other", ["this"]) is None
    with pytest.raises(IdempotencyConflict):
        await sessions.created(SCOPE, "k", ["that"])
    assert len(await store.roots(SCOPE)) == 1


async def test_the_key_of_another_tenant_or_user_is_another_key(sessions: Sessions) -> None:
    first = await sessions.create(SCOPE, DRAFT, key="k")
    for scope in (Scope(account="b"), Scope(project="b"), Scope(user="b")):
        assert await sessions.created(scope, "k", None) is None
        assert (await sessions.create(scope, DRAFT, key="k")).id != first.id


async def test_a_start_hands_the_same_interaction_out_again(sessions: Sessions) -> None:
    session_id = (await sessions.create(SCOPE, DRAFT)).id
    first = await sessions.start(SCOPE, session_id, owner="me", key="k")
    again = await sessions.start(SCOPE, session_id, owner="me", key="k")
    assert (again.fence, again.fresh, again.interaction) == (first.fence, True, first.interaction)
    assert not (await sessions.start(SCOPE, session_id, owner="me", key="other")).fresh
    with pytest.raises(IdempotencyConflict):
        await sessions.start(SCOPE, session_id, owner="you", key="k")


async def test_a_start_that_is_repeated_too_late_starts_nothing(sessions: Sessions) -> None:
    session_id = (await sessions.create(SCOPE, DRAFT)).id
    started = await sessions.start(SCOPE, session_id, key="k")
    await sessions.submit(SCOPE, session_id, started.fence, Result("ok"))
    with pytest.raises(StaleFence):
        await sessions.start(SCOPE, session_id, key="k")
    assert (await sessions.head(SCOPE, session_id)).pending is None


Undo = Callable[[Sessions, str], Awaitable[object]]
PAIRS: dict[str, tuple[Undo, Undo, Callable[[Sessions], object]]] = {
    "pause": (
        lambda sessions, root: sessions.pause(SCOPE, root, key="k"),
        lambda sessions, root: sessions.resume(SCOPE, root),
        lambda head: head.paused,
    ),
    "resume": (
        lambda sessions, root: sessions.resume(SCOPE, root, key="k"),
        lambda sessions, root: sessions.pause(SCOPE, root),
        lambda head: not head.paused,
    ),
    "cancel": (
        lambda sessions, root: sessions.cancel(SCOPE, root, key="k"),
        lambda sessions, root: sessions.retry(SCOPE, root),
        lambda head: head.status == "cancelled",
    ),
}


@pytest.mark.parametrize("operation", PAIRS)
async def test_what_was_undone_is_not_done_again(sessions: Sessions, operation: str) -> None:
    do, undo, done = PAIRS[operation]
    root = (await sessions.create(SCOPE, DRAFT)).id
    await do(sessions, root)
    assert done(await sessions.head(SCOPE, root))
    await undo(sessions, root)
    await do(sessions, root)
    assert not done(await sessions.head(SCOPE, root))


async def test_a_retry_makes_one_new_attempt(sessions: Sessions, store: Store) -> None:
    root = (await sessions.create(SCOPE, Draft("family", {"name": "x"}))).id
    await sessions.start(SCOPE, root)
    child = (await store.children(SCOPE, root))[0].id
    await sessions.cancel(SCOPE, child)
    again = await sessions.retry(SCOPE, child, key="k")
    assert again.birth.attempt == 2
    await sessions.cancel(SCOPE, again.id)
    assert (await sessions.retry(SCOPE, child, key="k")).id == again.id
    assert len(await store.children(SCOPE, root)) == 3
    with pytest.raises(IdempotencyConflict):
        await sessions.retry(SCOPE, child, (), key="k")


async def test_a_key_that_somebody_else_used_tells_a_stranger_nothing(sessions: Sessions) -> None:
    session_id = (await sessions.create(SCOPE, DRAFT)).id
    await sessions.start(SCOPE, session_id, owner="me", key="k")
    stranger = Scope(account="other", user="me")
    for call in (sessions.start, sessions.pause, sessions.resume, sessions.cancel, sessions.retry):
        with pytest.raises(SessionNotFound):
            await call(stranger, session_id, key="k")


async def _family(sessions: Sessions, store: Store) -> tuple[str, str]:
    root = (await sessions.create(SCOPE, Draft("family", {"name": "x"}))).id
    await sessions.start(SCOPE, root)
    return root, (await store.children(SCOPE, root))[-1].id


@pytest.mark.parametrize("operation", ["cancel", "pause", "resume"])
async def test_what_was_cut_off_half_way_is_brought_to_its_end(
    sessions: Sessions, store: Store, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    do, _, done = PAIRS[operation]
    root, child = await _family(sessions, store)
    if operation == "resume":
        await sessions.pause(SCOPE, root)

    async def cut_off(*_: object) -> NoReturn:
        raise asyncio.CancelledError

    with monkeypatch.context() as broken:
        broken.setattr(store, "children", cut_off)
        with pytest.raises(asyncio.CancelledError):
            await do(sessions, root)
    assert done(await sessions.head(SCOPE, root))
    assert not done(await sessions.head(SCOPE, child))
    await do(sessions, root)
    assert done(await sessions.head(SCOPE, child))
