"""What every store promises of forgetting: what is over goes whole, and nothing else is touched."""

import asyncio
import time

from proctor.contracts.access import Deed
from proctor.contracts.retention import Pruned, Terms
from proctor.contracts.store import Answer, Change, Store
from proctor.domain.interaction import Interaction, Result
from proctor.errors import BlobMissing, Conflict, SessionNotFound
from proctor.testing.kit import rule
from proctor.testing.store.heads import (
    COMMAND,
    HERE,
    end,
    newborn,
    plant,
    present,
    refused,
    shared,
    spawn,
    step,
    told,
)
from proctor.testing.store.opened import Opened

LATER = time.time() + 10 * 86400.0
ALL = Terms(events=LATER, sessions=LATER, audit=LATER, blobs=LATER)
SLICES = 1000


async def forget(store: Store, terms: Terms = ALL) -> Pruned:
    """Forget all that these terms say, and say how much it was."""
    total = Pruned()
    for _ in range(SLICES):
        if not (pruned := await store.prune(terms)):
            break
        total += pruned
    left = await store.orphans(terms)
    while left:
        dropped, left = await store.drop(left, terms)
        total += dropped
    return total


async def lived(store: Store, *, blob: str = "") -> None:
    """Make a tree with a child, a log, events and an answer, which is over."""
    await spawn(store, newborn("child"))
    child = await present(store, "child")
    closed = Interaction(1, COMMAND, Result("ok", files={"it.py": blob} if blob else {}), "completed", 6.0)
    answer = Answer("child", "submit", "key", "digest", {"status": "ok"})
    await store.commit(Change(step(child, sequence=1), closed, news=told("one", "two"), answer=answer))
    await end(store, "child")
    await end(store, "root")


class Retention(Opened):
    """What every store promises of forgetting: what is over goes whole, and nothing else is touched."""

    @rule()
    async def test_a_tree_that_is_over_is_forgotten_whole(self, store: Store) -> None:
        """A tree that is over is forgotten whole."""
        await lived(store)
        counted = await store.prunable(ALL)
        assert (counted.trees, counted.sessions, counted.interactions, counted.events) == (1, 2, 1, 2)
        pruned = await forget(store)
        assert (pruned.trees, pruned.sessions, pruned.interactions, pruned.events) == (1, 2, 1, 2)
        assert await store.head(HERE, "root") is None
        assert await store.tree(HERE, "root") is None
        assert await store.answer("child", "submit", "key") is None
        for read in (store.descendants, store.children, store.events):
            assert await read(HERE, "root") == []
        assert await store.interactions(HERE, "child") == []
        assert await store.prunable(ALL) == Pruned()
        await store.commit(plant())

    @rule()
    async def test_whoever_sees_a_session_sees_all_of_it(self, store: Store) -> None:
        """Whoever sees a session while its tree is forgotten sees all of it."""
        await lived(store)
        for _ in range(SLICES):
            heads = [await store.head(HERE, session) for session in ("root", "child")]
            logs = [len(await store.interactions(HERE, session)) for session in ("root", "child")]
            assert (heads, logs) == ([None, None], [0, 0]) or (all(heads), logs) == (True, [0, 1])
            if not await store.prune(Terms(sessions=LATER)):
                break

    @rule()
    async def test_a_tree_that_is_not_over_is_not_touched(self, store: Store) -> None:
        """A tree that is not over is not touched, nor one whose root has ended while something below it has not."""
        await spawn(store, newborn("child"))
        await store.tell("root", told("one"))
        for ended in ("", "root"):
            if ended:
                await end(store, ended)
            before = await store.descendants(HERE, "root"), await shared(store, "root")
            assert await forget(store) == Pruned()
            assert (await store.descendants(HERE, "root"), await shared(store, "root")) == before
            assert len(await store.events(HERE, "root")) == 1

    @rule()
    async def test_nothing_is_forgotten_before_its_time(self, store: Store) -> None:
        """Nothing is forgotten before its time, or that is kept for ever."""
        await lived(store)
        blob = await store.put(b"nobody's")
        await store.record(Deed(time.time(), HERE, "shout"))
        earlier = time.time() - 60
        for terms in (Terms(earlier, earlier, earlier, earlier), Terms()):
            assert await store.prunable(terms) == await forget(store, terms) == Pruned()
        assert len(await store.events(HERE, "root")) == 2
        assert await store.get(blob) == b"nobody's"
        assert len(await store.deeds(HERE)) == 1

    @rule()
    async def test_a_tree_says_up_to_where_its_events_are_forgotten(self, store: Store) -> None:
        """A tree says up to where its events are forgotten, and the numbers go on from there."""
        await lived(store)
        assert (await forget(store, Terms(events=LATER))).events == 2
        tree = await shared(store, "root")
        assert (tree.events, tree.forgotten) == (2, 2)
        assert len(await store.interactions(HERE, "child")) == 1
        await store.tell("root", told("three"))
        assert [event.sequence for event in await store.events(HERE, "root")] == [3]

    @rule()
    async def test_a_tree_that_is_opened_again_is_kept(self, store: Store) -> None:
        """A tree that is opened again is kept; one that is being forgotten cannot be opened."""
        await lived(store)
        ended = await present(store, "root")
        await store.commit(Change(step(ended, status="active"), reopens=True))
        assert await forget(store) == Pruned()
        ended = (await end(store, "root")).head
        await store.prune(ALL)
        with refused(Conflict):
            await store.commit(Change(step(ended, status="active"), reopens=True))
        await forget(store)
        with refused(SessionNotFound):
            await store.tell("root", told("late"))

    @rule()
    async def test_a_blob_that_a_session_names_is_kept(self, store: Store) -> None:
        """A blob that a session names is kept; one that nobody names goes."""
        named, nobodys = await store.put(b"named"), await store.put(b"nobody's")
        await lived(store, blob=named)
        assert await store.orphans(Terms(blobs=LATER)) == [nobodys]
        assert await store.drop([nobodys], Terms(blobs=LATER)) == (Pruned(blobs=1, bytes=8), ())
        assert await store.get(named) == b"named"
        with refused(BlobMissing):
            await store.get(nobodys)
        assert (await forget(store)).blobs == 1
        assert await store.put(b"named") == named
        assert await store.get(named) == b"named"

    @rule()
    async def test_the_audit_forgets_its_oldest_entries(self, store: Store) -> None:
        """The audit forgets its oldest entries."""
        for at in range(50):
            await store.record(Deed(float(at), HERE, "shout"))
        assert (await forget(store, Terms(audit=30.0))).deeds == 30
        assert [deed.at for deed in await store.deeds(HERE)] == [float(at) for at in range(49, 29, -1)]

    @rule()
    async def test_a_chore_is_claimed_once_in_its_time(self, store: Store) -> None:
        """A chore is claimed once in its time, however many want it."""
        assert sorted(await asyncio.gather(*(store.claim("sweep", 100.0, 50.0) for _ in range(5)))) == [False] * 4 + [
            True
        ]
        assert not await store.claim("sweep", 149.0, 50.0)
        assert await store.claim("sweep", 150.0, 50.0)
        assert await store.claim("dust", 150.0, 50.0)
        assert await store.claim("sweep", 10.0, 50.0), "a clock that was put back must not stop it"

    @rule()
    async def test_space_is_given_back_until_there_is_no_more(self, store: Store) -> None:
        """Space is given back until there is no more, and nothing is lost by it."""
        kept = await store.put(bytes(range(256)) * 1000)
        for number in range(20):
            await store.put(bytes([number]) * 100_000)
        await store.commit(plant())
        head = await present(store, "root")
        await store.commit(Change(step(head, state={"files": {"it.py": kept}})))
        await forget(store)
        for _ in range(SLICES):
            if not await store.shrink():
                break
        assert await store.shrink() == 0
        assert await store.get(kept) == bytes(range(256)) * 1000
