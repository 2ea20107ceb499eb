"""What every store promises of a tree's stream of events, and of waiting for more of it."""

import asyncio
import functools
import time

from proctor.contracts.store import Change, Store
from proctor.domain.event import EventKind, News
from proctor.errors import SessionNotFound
from proctor.testing.kit import rule
from proctor.testing.store.heads import ELSEWHERE, HERE, newborn, plant, present, refused, shared, spawn, step, told
from proctor.testing.store.opened import Opened


class Stream(Opened):
    """What every store promises of a tree's stream of events, and of waiting for more of it."""

    @rule()
    async def test_events_are_numbered_without_gaps_in_every_tree(self, store: Store) -> None:
        """Events are numbered without gaps in every tree."""
        await store.commit(plant("a"))
        await store.commit(plant("b"))
        for batch in range(5):
            await asyncio.gather(*(store.tell("ab"[n % 2], told(f"{batch}.{n}", "x")) for n in range(30)))
        for root in "ab":
            events = await store.events(HERE, root)
            assert [event.sequence for event in events] == list(range(1, 151))
            words = [str(event.data["word"]) for event in events if event.data["word"] != "x"]
            assert words == sorted(words, key=lambda word: tuple(map(int, word.split("."))))
            assert await store.events(HERE, root, after=10, limit=3) == events[10:13]
            assert (await shared(store, root)).events == 150

    @rule()
    async def test_events_can_be_of_one_session_and_all_below_it(self, store: Store) -> None:
        """Events can be of one session and all below it."""
        await spawn(store, newborn("a"), newborn("b"))
        for parent, child in (("a", "a1"), ("a1", "a2")):
            head = await present(store, parent)
            born = newborn(child, parent=parent)
            await store.commit(Change(step(head), children=(born,), news=(News(child, "session_created", 2.0),)))
        for session in ("root", "a", "a1", "a2", "b", "a"):
            await store.tell("root", told(session, session=session))
        read = functools.partial(store.events, HERE, "root")
        below = await read(below="a")
        assert [event.session_id for event in below] == ["a1", "a2", "a", "a1", "a2", "a"]
        assert [event for event in await read() if event.session_id[0] == "a"] == below
        assert await read(below="a", after=below[1].sequence, limit=2) == below[2:4]
        assert await read(below="root") == await read()
        assert await read(below="nobody") == []
        assert await store.events(ELSEWHERE, "root", below="a") == []

    @rule()
    async def test_events_can_be_the_changes_of_a_sessions_children(self, store: Store) -> None:
        """Events can be the changes of a session's children."""
        parked, _ = await spawn(store, newborn("a"), newborn("b"))
        await store.commit(Change(step(parked), children=(newborn("a1", parent="a"),)))
        for session in ("root", "a", "a1", "b"):
            kinds: tuple[EventKind, ...] = ("session_changed", "activity", "output", "interaction_started")
            await store.tell("root", [News(session, kind, 2.0) for kind in kinds])
        changes = await store.events(HERE, "root", children_of="root")
        told_of = [("a", "session_changed"), ("a", "interaction_started"), ("b", "session_changed")]
        assert [(event.session_id, event.kind) for event in changes] == [*told_of, ("b", "interaction_started")]
        assert await store.events(HERE, "root", children_of="root", after=changes[0].sequence, limit=2) == changes[1:3]
        assert {event.session_id for event in await store.events(HERE, "root", children_of="a")} == {"a1"}
        assert await store.events(ELSEWHERE, "root", children_of="root") == []

    @rule()
    async def test_nobody_can_tell_of_a_tree_that_is_not_there(self, store: Store) -> None:
        """Nobody can tell of a tree that is not there."""
        with refused(SessionNotFound):
            await store.tell("nowhere", told("hello"))

    @rule()
    async def test_waiting_ends_with_the_news(self, store: Store) -> None:
        """Waiting ends with the news."""
        await store.commit(plant())
        started = time.monotonic()
        waiting = asyncio.create_task(store.wait("root", 0, 30))
        await asyncio.sleep(0)
        await store.tell("root", told("hello"))
        await waiting
        await store.wait("root", 0, 30)
        assert time.monotonic() - started < 20

    @rule()
    async def test_waiting_ends_with_the_time(self, store: Store) -> None:
        """Waiting ends with the time."""
        await store.commit(plant())
        await asyncio.wait_for(store.wait("root", 0, 0.01), 20)

    @rule(when="shared")
    async def test_waiting_sees_what_another_store_wrote(self, store: Store) -> None:
        """Waiting sees what another store wrote."""
        other = await self.open()
        await store.commit(plant())
        waiting = asyncio.create_task(store.wait("root", 0, 30))
        await asyncio.sleep(0)
        await other.tell("root", told("hello"))
        await asyncio.wait_for(waiting, 20)
        await other.close()

    @rule()
    async def test_a_waiter_that_is_cancelled_is_forgotten(self, store: Store) -> None:
        """A waiter that is cancelled is forgotten."""
        await store.commit(plant())
        first, second = (asyncio.create_task(store.wait("root", 0, 30)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait((first,))
        await store.tell("root", told("hello"))
        await asyncio.wait_for(second, 20)
