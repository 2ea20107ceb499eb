"""What every store promises of parents and children: counted, woken, and due."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from proctor.contracts.store import Change, Store
from proctor.domain.event import News
from proctor.domain.head import Pending
from proctor.domain.interaction import Result
from proctor.errors import Conflict
from proctor.testing.kit import rule
from proctor.testing.store.heads import (
    COMMAND,
    ELSEWHERE,
    HERE,
    HeadFields,
    end,
    newborn,
    plant,
    present,
    refused,
    spawn,
    step,
)
from proctor.testing.store.opened import Opened


class Family(Opened):
    """What every store promises of parents and children: counted, woken, and due."""

    @rule()
    async def test_a_child_exists_once_for_its_key_and_attempt(self, store: Store) -> None:
        """A child exists once for its key and attempt."""
        parked, first = await spawn(store, newborn("a"), newborn("b"))
        twin, retry = newborn("twin", key="a"), newborn("retry", key="a", attempt=2)
        news = (News("twin", "session_created", 3.0), News("retry", "session_created", 3.0))
        second = await store.commit(Change(step(parked), children=(twin, retry), news=news))
        assert (first.ready, second.ready) == (("a", "b"), ("retry",))
        assert (first.head.open_children, second.head.open_children) == (2, 3)
        children = await store.children(HERE, "root")
        assert [(child.id, child.version) for child in children] == [("a", 1), ("retry", 1), ("b", 1)]
        assert [event.session_id for event in await store.events(HERE, "root")] == ["retry"]

    @rule()
    async def test_the_last_child_that_ends_wakes_its_parent(self, store: Store) -> None:
        """The last child that ends wakes its parent."""
        await spawn(store, newborn("a"), newborn("b"))
        first, last = await end(store, "a", "failed"), await end(store, "b")
        assert (first.ready, last.ready) == ((), ("root",))
        parent = await present(store, "root")
        assert (parent.open_children, parent.version) == (0, 4)
        assert await store.due("root", 10.0) == ["root"]

    @rule()
    async def test_children_that_end_in_one_batch_are_all_counted(self, store: Store) -> None:
        """Children that end in one batch are all counted."""
        await spawn(store, *(newborn(f"c{n}") for n in range(20)))
        woken = [committed.ready for committed in await asyncio.gather(*(end(store, f"c{n}") for n in range(20)))]
        assert sorted(woken) == [()] * 19 + [("root",)]

    @rule()
    async def test_a_child_ends_once(self, store: Store) -> None:
        """A child ends once."""
        await spawn(store, newborn("a"), newborn("b"))
        await end(store, "a")
        await end(store, "a", "cancelled")
        assert (await present(store, "root")).open_children == 1

    @rule()
    async def test_a_parent_that_is_paused_or_waits_for_something_else_is_not_woken(self, store: Store) -> None:
        """A parent that is paused or waits for something else is not woken."""
        parked, _ = await spawn(store, newborn("a"), newborn("b"))
        await store.commit(Change(step(parked, paused=True)))
        await end(store, "a")
        assert [(await end(store, "b")).ready, tuple(await store.due("root", 10.0))] == [(), ()]

    @rule()
    async def test_a_change_of_the_parent_meets_the_end_of_a_child(self, store: Store) -> None:
        """A change of the parent meets the end of a child."""
        parked, _ = await spawn(store, newborn("a"))
        await end(store, "a")
        with refused(Conflict):
            await store.commit(Change(step(parked)))

    @rule()
    async def test_who_parks_for_children_that_have_all_ended_is_ready_itself(self, store: Store) -> None:
        """Who parks for children that have all ended is ready itself."""
        await spawn(store, newborn("a"))
        await end(store, "a")
        root = await present(store, "root")
        committed = await store.commit(Change(step(root, open_children=9)))
        assert (committed.head.open_children, committed.ready) == (0, ("root",))

    @rule()
    async def test_what_can_go_on_is_due(self, store: Store) -> None:
        """What can go on is due."""
        pending = Pending(1, COMMAND, 5.0)
        judged_soon = replace(pending, raw=Result("ok"))
        cases: Sequence[tuple[HeadFields, bool]] = (
            ({}, True),
            ({"paused": True}, False),
            ({"blocked": "plugin missing"}, False),
            ({"status": "failed"}, False),
            ({"pending": pending, "lease_until": 11.0}, False),
            ({"pending": pending, "lease_until": 9.0}, True),
            ({"pending": judged_soon, "lease_until": 11.0}, True),
            ({"pending": pending, "parked": "external"}, False),
            ({"pending": judged_soon, "parked": "external"}, True),
            ({"pending": pending, "parked": "children"}, True),
        )
        for number, (changes, due) in enumerate(cases):
            root = f"root {number}"
            await store.commit(plant(root))
            await store.commit(Change(step(plant(root).head, **changes)))
            assert await store.due(root, 10.0) == ([root] if due else []), changes

    @rule()
    async def test_what_is_due_comes_by_priority_then_creation(self, store: Store) -> None:
        """What is due comes by priority then creation."""
        late, early, urgent = (
            newborn("late", created_at=9.0),
            newborn("early"),
            newborn("urgent", priority=5, created_at=9.0),
        )
        await spawn(store, late, early, urgent)
        assert await store.due("root", 10.0) == ["urgent", "early", "late"]
        assert await store.due("root", 10.0, limit=1) == ["urgent"]
        assert await store.due("elsewhere", 10.0) == []

    @rule()
    async def test_children_go_on_behind_a_place(self, store: Store) -> None:
        """Children go on behind a place."""
        born = [newborn(f"{key}{attempt}", key=key, attempt=attempt) for key in ("", "a", "b") for attempt in (1, 2)]
        await spawn(store, *born)
        seen, place = [], None
        while found := await store.children(HERE, "root", after=place, limit=2):
            seen += [head.id for head in found]
            place = found[-1].birth.key, found[-1].birth.attempt
        assert seen == [head.id for head in born] == [head.id for head in await store.children(HERE, "root")]
        assert await store.children(ELSEWHERE, "root", limit=2) == []

    @rule()
    async def test_descendants_come_by_depth_and_creation(self, store: Store) -> None:
        """Descendants come by depth and creation."""
        grandchild = newborn("grandchild", parent="b", depth=2)
        b, a = newborn("b", depth=1, created_at=2.0), newborn("a", depth=1, created_at=3.0)
        await spawn(store, a, b)
        await store.commit(Change(replace(b, version=2), children=(grandchild,)))
        assert [head.id for head in await store.descendants(HERE, "root")] == ["root", "b", "a", "grandchild"]
