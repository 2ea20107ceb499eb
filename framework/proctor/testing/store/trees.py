"""What every store promises of trees: their scope, owner, fingerprint, and the order of their roots."""

from dataclasses import replace

from proctor.contracts.store import Change, Store, Tree
from proctor.domain.budget import Spent
from proctor.domain.interaction import Interaction, Usage
from proctor.domain.scope import Scope
from proctor.domain.session import Limits
from proctor.errors import Conflict, SessionNotFound
from proctor.testing.kit import rule
from proctor.testing.store.heads import (
    COMMAND,
    ELSEWHERE,
    HERE,
    OWNER,
    WORKFLOW,
    end,
    newborn,
    plant,
    present,
    refused,
    root_of,
    shared,
    spawn,
    step,
    told,
)
from proctor.testing.store.opened import Opened


class Trees(Opened):
    """What every store promises of trees: their scope, owner, fingerprint, and the order of their roots."""

    @rule()
    async def test_a_tree_counts_sessions_and_what_was_spent(self, store: Store) -> None:
        """A tree counts sessions and what was spent."""
        parked, _ = await spawn(store, newborn("a"), newborn("b"))
        await store.commit(Change(step(parked), spent=Usage(1, 2, 0.5)))
        await store.commit(Change(step(parked, version=4), spent=Usage(10, 20, 0.25)))
        tree = await store.tree(HERE, "root")
        assert tree == Tree("root", HERE, (WORKFLOW,), sessions=3, spent=Usage(11, 22, 0.75))

    @rule()
    async def test_time_that_several_count_at_once_counts_once(self, store: Store) -> None:
        """Time that several count at once counts once."""
        await store.commit(plant())
        for since, until in ((10.0, 14.0), (12.0, 15.0), (11.0, 13.0), (20.0, 20.5)):
            await store.count_time("root", since, until)
        root = await present(store, "root")
        await store.commit(Change(step(root), executed=(20.0, 21.5)))
        assert (await store.spent("root")).seconds == 6.5
        with refused(SessionNotFound):
            await store.spent("nowhere")

    @rule()
    async def test_nothing_begins_behind_a_used_up_budget(self, store: Store) -> None:
        """Nothing begins behind a used-up budget, not even if it is used up at the same moment."""
        await store.commit(plant())
        limits, children = Limits(tokens=10, sessions=2), (newborn("a"), newborn("b"))
        await store.commit(Change(step(await present(store, "root")), spent=Usage(4, 5), within=limits))
        before = await present(store, "root")
        with refused(Conflict):
            await store.commit(Change(step(before), spent=Usage(1, 0), within=limits))
        with refused(Conflict):
            await store.commit(Change(step(before), children=children, within=limits))
        assert await store.descendants(HERE, "root") == [before]
        assert await store.spent("root") == Spent(tokens=9, sessions=1)
        await store.commit(Change(step(before), children=children[:1], within=limits))
        later = await present(store, "root")
        await store.commit(Change(step(later), spent=Usage(1, 0), within=Limits(sessions=1)))

    @rule()
    async def test_what_a_root_spent_before_it_was_opened_again_counts_no_more(self, store: Store) -> None:
        """What a root spent before it was opened again counts no more."""
        await store.commit(plant())
        await store.commit(Change(step(await present(store, "root")), spent=Usage(1, 2, 0.5)))
        await store.count_time("root", 1.0, 2.0)
        await end(store, "root", "failed")
        await store.commit(Change(step(await present(store, "root"), status="active"), reopens=True))
        assert await store.spent("root") == Spent()
        await store.commit(Change(step(await present(store, "root")), spent=Usage(1, 0, 0.25)))
        assert await store.spent("root") == Spent(tokens=1, money=0.25)
        assert (await shared(store, "root")).spent == Usage(2, 2, 0.75)

    @rule()
    async def test_a_fingerprint_is_unique_while_its_root_is_active(self, store: Store) -> None:
        """A fingerprint is unique while its root is active."""
        await store.commit(plant("first", fingerprint="f"))
        with refused(Conflict):
            await store.commit(plant("second", fingerprint="f"))
        assert await store.head(HERE, "second") is None
        assert await root_of(store, HERE, "f") == "first"
        await end(store, "first")
        assert await store.find_tree(HERE, "f") is None
        await store.commit(plant("second", fingerprint="f"))
        assert await root_of(store, HERE, "f") == "second"

    @rule()
    async def test_what_lies_outside_the_scope_does_not_exist(self, store: Store) -> None:
        """What lies outside the scope does not exist."""
        await spawn(store, newborn("child"))
        await store.commit(plant("other", scope=ELSEWHERE, fingerprint="f"))
        await store.commit(plant("mine", fingerprint="f"))
        await store.tell("root", told("secret"))
        parked = await present(store, "root")
        await store.commit(Change(step(parked), closed=Interaction(1, COMMAND, None, "abandoned", 6.0)))
        for scope in (ELSEWHERE, Scope("other", "one", "ann")):
            assert await store.head(scope, "root") is None
            assert await store.tree(scope, "root") is None
            for read in (store.children, store.descendants, store.interactions, store.events):
                assert await read(HERE, "root") != []
                assert await read(scope, "root") == []
        assert [head.id for head in await store.roots(ELSEWHERE)] == ["other"]
        assert await root_of(store, ELSEWHERE, "f") == "other"
        assert await root_of(store, HERE, "f") == "mine"

    @rule()
    async def test_roots_come_newest_first(self, store: Store) -> None:
        """Roots come newest first."""
        for number in range(4):
            await store.commit(plant(f"r{number}", at=float(number)))
        await end(store, "r2")
        assert [head.id for head in await store.roots(HERE)] == ["r3", "r2", "r1", "r0"]
        assert [head.id for head in await store.roots(HERE, limit=2)] == ["r3", "r2"]
        assert [head.id for head in await store.roots(HERE, status="complete")] == ["r2"]

    @rule()
    async def test_roots_go_on_behind_a_place(self, store: Store) -> None:
        """Roots go on behind a place."""
        for number, moment in enumerate((1.0, 2.0, 2.0, 2.0, 3.0)):
            await store.commit(plant(f"r{number}", at=moment))
        seen, place = [], None
        while found := await store.roots(HERE, limit=2, before=place):
            seen += [head.id for head in found]
            place = found[-1].birth.created_at, found[-1].id
        assert seen == ["r4", "r3", "r2", "r1", "r0"]
        assert await store.roots(ELSEWHERE, before=(9.0, "r9")) == []

    @rule()
    async def test_roots_can_be_of_one_workflow(self, store: Store) -> None:
        """Roots can be of one workflow."""
        await store.commit(plant("mine"))
        assert [head.id for head in await store.roots(HERE, workflow="testing")] == ["mine"]
        assert await store.roots(HERE, workflow="o\0ther") == []

    @rule()
    async def test_a_tree_has_one_owner(self, store: Store) -> None:
        """A tree has one owner."""
        rival = replace(OWNER, pid=8)
        await store.commit(plant())
        assert await store.own("root", OWNER, None)
        assert not await store.own("root", rival, None)
        assert (await shared(store, "root")).owner == OWNER
        assert await store.own("root", rival, OWNER)
        assert await store.own("root", None, rival)
        assert (await shared(store, "root")).owner is None
        assert not await store.own("nowhere", OWNER, None)

    @rule()
    async def test_open_trees_are_those_with_an_active_root_in_every_scope(self, store: Store) -> None:
        """Open trees are those with an active root in every scope."""
        for change in (plant("first"), plant("second", scope=ELSEWHERE), plant("third")):
            await store.commit(change)
        await end(store, "first")
        assert [(tree.root, tree.scope) for tree in await store.open_trees()] == [
            ("second", ELSEWHERE),
            ("third", HERE),
        ]

    @rule()
    async def test_a_root_that_is_opened_again_has_its_fingerprint_again(self, store: Store) -> None:
        """A root that is opened again has its fingerprint again."""
        await store.commit(plant("first", fingerprint="f"))
        await end(store, "first", "failed")
        failed = await present(store, "first")
        await store.commit(Change(step(failed, status="active"), reopens=True))
        assert await root_of(store, HERE, "f") == "first"
        with refused(Conflict):
            await store.commit(plant("second", fingerprint="f"))

    @rule()
    async def test_a_root_whose_fingerprint_is_taken_meanwhile_stays_as_it_is(self, store: Store) -> None:
        """A root whose fingerprint is taken meanwhile stays as it is."""
        await store.commit(plant("first", fingerprint="f"))
        await end(store, "first", "failed")
        await store.commit(plant("second", fingerprint="f"))
        failed = await present(store, "first")
        with refused(Conflict):
            await store.commit(Change(step(failed, status="active"), reopens=True))
        assert await store.head(HERE, "first") == failed
