"""What every store promises of a change: whole or not at all, once, and read as it was written."""

import asyncio
from dataclasses import replace

from proctor.contracts.store import Answer, Change, Committed, Store
from proctor.domain.head import Pending
from proctor.domain.interaction import Interaction, Result, Usage
from proctor.errors import BlobMissing, Conflict
from proctor.testing.kit import rule
from proctor.testing.store.heads import COMMAND, HERE, newborn, plant, present, refused, shared, step, told
from proctor.testing.store.opened import Opened


class Changes(Opened):
    """What every store promises of a change: whole or not at all, once, and read as it was written."""

    @rule()
    async def test_a_head_reads_as_it_was_written(self, store: Store) -> None:
        """A head reads as it was written."""
        await store.commit(plant())
        raw = Result("ok", {"n": [1, 2.5, None]}, stdout="ä€😀", usage=Usage(1, 2, 0.5))
        pending = Pending(1, replace(COMMAND, children=()), 5.0, raw, "me")
        head = step(plant().head, state={"deep": {"er": [True]}}, pending=pending, lease_until=9.5, owner="me", fence=3)
        assert await store.commit(Change(head)) == Committed(head)
        assert await store.head(HERE, "root") == head

    @rule()
    async def test_a_change_of_another_version_writes_nothing(self, store: Store) -> None:
        """A change of another version writes nothing."""
        await store.commit(plant())
        late = Change(
            replace(plant().head, version=3, paused=True),
            closed=Interaction(1, COMMAND, None, "abandoned", 6.0),
            children=(newborn("child"),),
            news=told("lost"),
            answer=Answer("root", "submit", "key", "digest", {}),
            spent=Usage(1, 1, 1.0),
        )
        with refused(Conflict):
            await store.commit(late)
        assert await store.head(HERE, "root") == plant().head
        assert await store.interactions(HERE, "root") == []
        assert await store.events(HERE, "root") == []
        assert await store.children(HERE, "root") == []
        assert await store.answer("root", "submit", "key") is None
        tree = await shared(store, "root")
        assert (tree.sessions, tree.events, tree.spent) == (1, 0, Usage())

    @rule()
    async def test_a_session_is_created_once(self, store: Store) -> None:
        """A session is created once."""
        await store.commit(plant())
        with refused(Conflict):
            await store.commit(plant())

    @rule()
    async def test_of_many_changes_at_once_one_wins(self, store: Store) -> None:
        """Of many changes at once one wins."""
        await store.commit(plant())
        rivals = (Change(step(plant().head, outcome=str(n)), news=told(str(n))) for n in range(20))
        outcomes = await asyncio.gather(*map(store.commit, rivals), return_exceptions=True)
        assert sum(isinstance(outcome, Committed) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 19
        assert [event.sequence for event in await store.events(HERE, "root")] == [1]

    @rule()
    async def test_the_log_is_read_by_number(self, store: Store) -> None:
        """The log is read by number."""
        await store.commit(plant())
        head, log = plant().head, []
        for number in range(1, 6):
            log.append(Interaction(number, COMMAND, Result("ok", {"n": number}), "completed", 7.0, "me"))
            head = step(head, sequence=number)
            await store.commit(Change(head, closed=log[-1]))
        assert await store.interactions(HERE, "root") == log
        assert await store.interactions(HERE, "root", after=1, limit=2) == log[1:3]

    @rule()
    async def test_a_change_that_fails_half_way_leaves_nothing_and_takes_no_number(self, store: Store) -> None:
        """A change that fails half way leaves nothing and takes no number."""
        closed = Interaction(1, COMMAND, None, "abandoned", 6.0)
        await store.commit(plant())
        first = step(plant().head, sequence=1)
        again = Change(step(first), closed=closed, children=(newborn("child"),), news=told("never"))
        _, failure, _ = await asyncio.gather(
            store.commit(Change(first, closed=closed, news=told("one"))),
            store.commit(again),
            store.tell("root", told("two")),
            return_exceptions=True,
        )
        assert isinstance(failure, Exception)
        assert (await present(store, "root")).version == 2
        assert await store.children(HERE, "root") == []
        assert [(e.sequence, e.data["word"]) for e in await store.events(HERE, "root")] == [(1, "one"), (2, "two")]

    @rule()
    async def test_an_answer_is_kept_with_its_change(self, store: Store) -> None:
        """An answer is kept with its change."""
        answer = Answer("root", "submit", "k\0ey", "digest", {"fence": 3})
        await store.commit(plant())
        await store.commit(Change(step(plant().head), answer=answer))
        kept = await store.answer("root", "submit", "k\0ey")
        assert kept is not None
        assert kept.answer == {"fence": 3}
        assert await store.answer("root", "start", "k\0ey") is None
        with refused(Conflict):
            await store.commit(Change(replace(plant().head, version=3), answer=answer))
        assert (await present(store, "root")).version == 2

    @rule()
    async def test_blobs_are_known_by_their_content(self, store: Store) -> None:
        """Blobs are known by their content."""
        data = bytes(range(256)) * 1000
        blob_id = await store.put(data)
        assert await store.put(data) == blob_id
        assert await store.get(blob_id) == data
        assert await store.get(await store.put(b"")) == b""
        with refused(BlobMissing):
            await store.get("0" * 64)

    @rule()
    async def test_text_that_no_database_holds_is_cleaned(self, store: Store) -> None:
        """Text that no database holds is cleaned."""
        await store.commit(plant())
        head = step(plant().head, blocked="a\0b", state={"k\ud800": ["\udfff", "ü", 2**70]}, last_error="\0")
        await store.commit(Change(head, news=told("x\ud83d")))
        stored = await present(store, "root")
        assert (stored.blocked, stored.last_error) == ("a\ufffdb", "\ufffd")
        assert stored.state == {"k\ufffd": ["\ufffd", "ü", str(2**70)]}
        assert (await store.events(HERE, "root"))[0].data == {"word": "x\ufffd"}
