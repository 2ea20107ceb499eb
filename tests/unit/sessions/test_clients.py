"""What nobody drives goes on by what its clients do."""

from collections.abc import Sequence

from factories import SCOPE, Clock

from proctor import Result
from proctor.contracts.store import Store
from proctor.domain.head import Head
from proctor.sessions import LEASE_S, Draft, Sessions

OK = Result("ok")


async def family(sessions: Sessions, store: Store) -> tuple[str, Sequence[Head]]:
    root = (await sessions.create(SCOPE, Draft("family", {"name": "x"}, execution_mode="manual"))).id
    await sessions.start(SCOPE, root)
    return root, await store.children(SCOPE, root)


async def finish(sessions: Sessions, session_id: str) -> None:
    while (await sessions.head(SCOPE, session_id)).status == "active":
        started = await sessions.start(SCOPE, session_id, owner="client:me")
        await sessions.submit(SCOPE, session_id, started.fence, OK)


async def test_a_parent_goes_on_by_itself_when_its_last_child_is_complete(sessions: Sessions, store: Store) -> None:
    root, (one, two) = await family(sessions, store)
    await finish(sessions, one.id)
    assert (await sessions.head(SCOPE, root)).parked == "children"
    await finish(sessions, two.id)
    head = await sessions.head(SCOPE, root)
    assert (head.parked, head.last_completed and head.last_completed.step) == (None, "spawn")
    await finish(sessions, root)
    assert (await sessions.head(SCOPE, root)).status == "complete"


async def test_a_parent_goes_on_when_its_last_child_is_cancelled(sessions: Sessions, store: Store) -> None:
    root, (one, two) = await family(sessions, store)
    await finish(sessions, one.id)
    await sessions.cancel(SCOPE, two.id)
    head = await sessions.head(SCOPE, root)
    assert head.last_completed is not None
    assert (head.parked, head.last_completed.status) == (None, "error")


async def test_a_paused_parent_goes_on_when_it_is_started_after_the_pause(sessions: Sessions, store: Store) -> None:
    root, children = await family(sessions, store)
    begun = [await sessions.start(SCOPE, child.id) for child in children]
    await sessions.pause(SCOPE, root)
    for child in begun:
        await sessions.submit(SCOPE, child.head.id, child.fence, OK)
    await sessions.resume(SCOPE, root)
    for child in begun:
        await finish(sessions, child.head.id)
    started = await sessions.start(SCOPE, root)
    assert started.interaction.command.step == "close"


async def test_an_interaction_whose_lease_ran_out_is_handed_out_again(sessions: Sessions, clock: Clock) -> None:
    session_id = (await sessions.create(SCOPE, Draft("line", {"name": "x"}, execution_mode="manual"))).id
    first = await sessions.start(SCOPE, session_id, owner="client:one")
    assert not (await sessions.start(SCOPE, session_id, owner="client:two")).fresh
    clock.now += LEASE_S + 1
    again = await sessions.start(SCOPE, session_id, owner="client:two")
    assert again.fresh
    assert again.fence > first.fence
    assert again.interaction.sequence == first.interaction.sequence + 1


async def test_a_client_does_not_take_what_a_living_runner_of_ours_holds(sessions: Sessions) -> None:
    session_id = (await sessions.create(SCOPE, Draft("line", {"name": "x"}))).id
    held = await sessions.proceed(SCOPE, session_id, owner="host:1:2.0")
    assert held is not None
    shown = await sessions.start(SCOPE, session_id, owner="client:me")
    assert (shown.fresh, shown.fence) == (False, held.fence)
