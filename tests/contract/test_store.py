"""What every store promises. Another implementation joins by a line in OPENERS."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proctor.contracts.store import Answer, Change, Committed, Owner, Store, Tree
from proctor.domain.event import News
from proctor.domain.head import Birth, Head, Pending
from proctor.domain.interaction import Command, Interaction, Result, Usage
from proctor.domain.scope import Scope
from proctor.domain.session import SessionStatus
from proctor.domain.workflow import PinnedStep, PinnedWorkflow
from proctor.errors import BlobMissing, Conflict, SessionNotFound
from proctor.store import open_store

Run = Callable[[Awaitable[Any]], Any]

OPENERS: dict[str, Callable[[Path], Awaitable[Store]]] = {
    "sqlite": lambda folder: open_store(f"sqlite://{folder}/proctor.db"),
}
HERE, ELSEWHERE = Scope("acme", "one", "ann"), Scope("acme", "two", "ann")
WORKFLOW = PinnedWorkflow("testing", ("initialize",), {"initialize": PinnedStep("initialize", {"ok": "@next"})})
COMMAND = Command("process", {"argv": ["true"]}, step="initialize", at=5.0)
OWNER = Owner("host", "boot", 7, 1.5)


@pytest.fixture
def run() -> Iterator[Run]:
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(params=sorted(OPENERS))
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Awaitable[Store]]:
    return lambda: OPENERS[request.param](tmp_path)


@pytest.fixture
def store(run: Run, opener: Callable[[], Awaitable[Store]]) -> Iterator[Store]:
    opened: Store = run(opener())
    yield opened
    run(opened.close())


def newborn(session: str, root: str = "root", **birth: Any) -> Head:
    given = {"parent": None if session == root else root, "key": session, "created_at": 1.0, "scope": HERE}
    return Head(Birth(id=session, root=root, workflow="testing", subject={"name": session}, **{**given, **birth}))


def plant(session: str = "root", *, fingerprint: str | None = None, scope: Scope = HERE, at: float = 1.0) -> Change:
    """A change that creates a tree."""
    head = replace(newborn(session, session, scope=scope, created_at=at), version=1)
    return Change(head, tree=Tree(session, scope, (WORKFLOW,), fingerprint))


def step(head: Head, **changes: Any) -> Head:
    return replace(head, **{"version": head.version + 1, **changes})


def told(*words: str, session: str = "root") -> tuple[News, ...]:
    return tuple(News(session, "activity", 2.0, {"word": word}) for word in words)


async def spawn(store: Store, *children: Head) -> tuple[Head, Committed]:
    """Create a tree whose root is parked for these children."""
    root = plant().head
    await store.commit(plant())
    parked = step(root, pending=Pending(1, COMMAND, 5.0), parked="children", fence=1)
    return parked, await store.commit(Change(parked, children=children))


async def end(store: Store, session: str, status: SessionStatus = "complete") -> Committed:
    head = await store.head(HERE, session)
    assert head is not None
    return await store.commit(Change(step(head, status=status)))


def test_a_head_reads_as_it_was_written(run: Run, store: Store) -> None:
    run(store.commit(plant()))
    raw = Result("ok", {"n": [1, 2.5, None]}, stdout="ä€😀", usage=Usage(1, 2, 0.5))
    pending = Pending(1, replace(COMMAND, children=()), 5.0, raw, "me")
    head = step(plant().head, state={"deep": {"er": [True]}}, pending=pending, lease_until=9.5, owner="me", fence=3)
    assert run(store.commit(Change(head))) == Committed(head)
    assert run(store.head(HERE, "root")) == head


def test_a_change_of_another_version_writes_nothing(run: Run, store: Store) -> None:
    run(store.commit(plant()))
    late = Change(
        replace(plant().head, version=3, paused=True),
        closed=Interaction(1, COMMAND, None, "abandoned", 6.0),
        children=(newborn("child"),),
        news=told("lost"),
        answer=Answer("root", "submit", "key", "digest", {}),
        spent=Usage(1, 1, 1.0),
    )
    with pytest.raises(Conflict):
        run(store.commit(late))
    assert run(store.head(HERE, "root")) == plant().head
    assert run(store.interactions(HERE, "root")) == run(store.events(HERE, "root")) == []
    assert run(store.children(HERE, "root")) == []
    assert run(store.answer("root", "submit", "key")) is None
    assert run(store.tree(HERE, "root")) == replace(plant().tree, sessions=1)


def test_a_session_is_created_once(run: Run, store: Store) -> None:
    run(store.commit(plant()))
    with pytest.raises(Conflict):
        run(store.commit(plant()))


def test_of_many_changes_at_once_one_wins(run: Run, store: Store) -> None:
    async def race() -> list[object]:
        await store.commit(plant())
        rivals = (Change(step(plant().head, outcome=str(n)), news=told(str(n))) for n in range(20))
        return await asyncio.gather(*map(store.commit, rivals), return_exceptions=True)

    outcomes = run(race())
    assert sum(isinstance(outcome, Committed) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 19
    assert [event.sequence for event in run(store.events(HERE, "root"))] == [1]


def test_the_log_is_read_by_number(run: Run, store: Store) -> None:
    run(store.commit(plant()))
    head, log = plant().head, []
    for number in range(1, 6):
        log.append(Interaction(number, COMMAND, Result("ok", {"n": number}), "completed", 7.0, "me"))
        head = step(head, sequence=number)
        run(store.commit(Change(head, closed=log[-1])))
    assert run(store.interactions(HERE, "root")) == log
    assert run(store.interactions(HERE, "root", after=1, limit=2)) == log[1:3]


def test_a_change_that_fails_half_way_leaves_nothing_and_takes_no_number(run: Run, store: Store) -> None:
    closed = Interaction(1, COMMAND, None, "abandoned", 6.0)

    async def story() -> list[object]:
        await store.commit(plant())
        first = step(plant().head, sequence=1)
        again = Change(step(first), closed=closed, children=(newborn("child"),), news=told("never"))
        return await asyncio.gather(
            store.commit(Change(first, closed=closed, news=told("one"))),
            store.commit(again),
            store.tell("root", told("two")),
            return_exceptions=True,
        )

    _, failure, _ = run(story())
    assert isinstance(failure, Exception)
    assert run(store.head(HERE, "root")).version == 2
    assert run(store.children(HERE, "root")) == []
    assert [(e.sequence, e.data["word"]) for e in run(store.events(HERE, "root"))] == [(1, "one"), (2, "two")]


def test_events_are_numbered_without_gaps_in_every_tree(run: Run, store: Store) -> None:
    async def story() -> None:
        await store.commit(plant("a"))
        await store.commit(plant("b"))
        for batch in range(5):
            await asyncio.gather(*(store.tell("ab"[n % 2], told(f"{batch}.{n}", "x")) for n in range(30)))

    run(story())
    for root in "ab":
        events = run(store.events(HERE, root))
        assert [event.sequence for event in events] == list(range(1, 151))
        words = [event.data["word"] for event in events if event.data["word"] != "x"]
        assert words == sorted(words, key=lambda word: tuple(map(int, word.split("."))))
        assert run(store.events(HERE, root, after=10, limit=3)) == events[10:13]
        assert run(store.tree(HERE, root)).events == 150


def test_nobody_can_tell_of_a_tree_that_is_not_there(run: Run, store: Store) -> None:
    with pytest.raises(SessionNotFound):
        run(store.tell("nowhere", told("hello")))


def test_a_tree_counts_sessions_and_what_was_spent(run: Run, store: Store) -> None:
    async def story() -> Tree | None:
        parked, _ = await spawn(store, newborn("a"), newborn("b"))
        await store.commit(Change(step(parked), spent=Usage(1, 2, 0.5)))
        await store.commit(Change(step(parked, version=4), spent=Usage(10, 20, 0.25)))
        return await store.tree(HERE, "root")

    tree = run(story())
    assert tree == Tree("root", HERE, (WORKFLOW,), sessions=3, spent=Usage(11, 22, 0.75))


def test_a_child_exists_once_for_its_key_and_attempt(run: Run, store: Store) -> None:
    async def story() -> tuple[Committed, Committed]:
        parked, first = await spawn(store, newborn("a"), newborn("b"))
        twin, retry = newborn("twin", key="a"), newborn("retry", key="a", attempt=2)
        news = (News("twin", "session_created", 3.0), News("retry", "session_created", 3.0))
        return first, await store.commit(Change(step(parked), children=(twin, retry), news=news))

    first, second = run(story())
    assert (first.ready, second.ready) == (("a", "b"), ("retry",))
    assert (first.head.open_children, second.head.open_children) == (2, 3)
    children = run(store.children(HERE, "root"))
    assert [(child.id, child.version) for child in children] == [("a", 1), ("retry", 1), ("b", 1)]
    assert [event.session_id for event in run(store.events(HERE, "root"))] == ["retry"]


def test_the_last_child_that_ends_wakes_its_parent(run: Run, store: Store) -> None:
    async def story() -> tuple[Committed, Committed]:
        await spawn(store, newborn("a"), newborn("b"))
        return await end(store, "a", "failed"), await end(store, "b")

    first, last = run(story())
    assert (first.ready, last.ready) == ((), ("root",))
    parent = run(store.head(HERE, "root"))
    assert (parent.open_children, parent.version) == (0, 4)
    assert run(store.due("root", 10.0)) == ["root"]


def test_children_that_end_in_one_batch_are_all_counted(run: Run, store: Store) -> None:
    async def story() -> list[Committed]:
        await spawn(store, *(newborn(f"c{n}") for n in range(20)))
        return list(await asyncio.gather(*(end(store, f"c{n}") for n in range(20))))

    woken = [committed.ready for committed in run(story())]
    assert sorted(woken) == [()] * 19 + [("root",)]


def test_a_child_ends_once(run: Run, store: Store) -> None:
    async def story() -> None:
        await spawn(store, newborn("a"), newborn("b"))
        await end(store, "a")
        await end(store, "a", "cancelled")

    run(story())
    assert run(store.head(HERE, "root")).open_children == 1


def test_a_parent_that_is_paused_or_waits_for_something_else_is_not_woken(run: Run, store: Store) -> None:
    async def story() -> list[tuple[str, ...]]:
        parked, _ = await spawn(store, newborn("a"), newborn("b"))
        await store.commit(Change(step(parked, paused=True)))
        await end(store, "a")
        return [(await end(store, "b")).ready, tuple(await store.due("root", 10.0))]

    assert run(story()) == [(), ()]


def test_a_change_of_the_parent_meets_the_end_of_a_child(run: Run, store: Store) -> None:
    async def story() -> None:
        parked, _ = await spawn(store, newborn("a"))
        await end(store, "a")
        await store.commit(Change(step(parked)))

    with pytest.raises(Conflict):
        run(story())


def test_who_parks_for_children_that_have_all_ended_is_ready_itself(run: Run, store: Store) -> None:
    async def story() -> Committed:
        await spawn(store, newborn("a"))
        await end(store, "a")
        root = await store.head(HERE, "root")
        assert root is not None
        return await store.commit(Change(step(root, open_children=9)))

    committed = run(story())
    assert (committed.head.open_children, committed.ready) == (0, ("root",))


@pytest.mark.parametrize(
    ("changes", "due"),
    [
        ({}, True),
        ({"paused": True}, False),
        ({"blocked": "plugin missing"}, False),
        ({"status": "failed"}, False),
        ({"pending": Pending(1, COMMAND, 5.0), "lease_until": 11.0}, False),
        ({"pending": Pending(1, COMMAND, 5.0), "lease_until": 9.0}, True),
        ({"pending": Pending(1, COMMAND, 5.0, Result("ok")), "lease_until": 11.0}, True),
        ({"pending": Pending(1, COMMAND, 5.0), "parked": "external"}, False),
        ({"pending": Pending(1, COMMAND, 5.0, Result("ok")), "parked": "external"}, True),
        ({"pending": Pending(1, COMMAND, 5.0), "parked": "children"}, True),
    ],
)
def test_what_can_go_on_is_due(run: Run, store: Store, changes: dict[str, Any], due: bool) -> None:
    run(store.commit(plant()))
    run(store.commit(Change(step(plant().head, **changes))))
    assert run(store.due("root", 10.0)) == (["root"] if due else [])


def test_what_is_due_comes_by_priority_then_creation(run: Run, store: Store) -> None:
    late, early, urgent = (
        newborn("late", created_at=9.0),
        newborn("early"),
        newborn("urgent", priority=5, created_at=9.0),
    )
    run(spawn(store, late, early, urgent))
    assert run(store.due("root", 10.0)) == ["urgent", "early", "late"]
    assert run(store.due("root", 10.0, limit=1)) == ["urgent"]
    assert run(store.due("elsewhere", 10.0)) == []


def test_a_fingerprint_is_unique_while_its_root_is_active(run: Run, store: Store) -> None:
    run(store.commit(plant("first", fingerprint="f")))
    with pytest.raises(Conflict):
        run(store.commit(plant("second", fingerprint="f")))
    assert run(store.head(HERE, "second")) is None
    assert run(store.find_tree(HERE, "f")).root == "first"
    run(end(store, "first"))
    assert run(store.find_tree(HERE, "f")) is None
    run(store.commit(plant("second", fingerprint="f")))
    assert run(store.find_tree(HERE, "f")).root == "second"


def test_what_lies_outside_the_scope_does_not_exist(run: Run, store: Store) -> None:
    async def story() -> None:
        await spawn(store, newborn("child"))
        await store.commit(plant("other", scope=ELSEWHERE, fingerprint="f"))
        await store.commit(plant("mine", fingerprint="f"))
        await store.tell("root", told("secret"))
        parked = await store.head(HERE, "root")
        assert parked is not None
        await store.commit(Change(step(parked), closed=Interaction(1, COMMAND, None, "abandoned", 6.0)))

    run(story())
    for scope in (ELSEWHERE, Scope("other", "one", "ann")):
        assert run(store.head(scope, "root")) is None
        assert run(store.tree(scope, "root")) is None
        for read in (store.children, store.descendants, store.interactions, store.events):
            assert run(read(HERE, "root")) != []
            assert run(read(scope, "root")) == []
    assert [head.id for head in run(store.roots(ELSEWHERE))] == ["other"]
    assert run(store.find_tree(ELSEWHERE, "f")).root == "other"
    assert run(store.find_tree(HERE, "f")).root == "mine"


def test_roots_come_newest_first(run: Run, store: Store) -> None:
    for number in range(4):
        run(store.commit(plant(f"r{number}", at=float(number))))
    run(end(store, "r2"))
    assert [head.id for head in run(store.roots(HERE))] == ["r3", "r2", "r1", "r0"]
    assert [head.id for head in run(store.roots(HERE, limit=2))] == ["r3", "r2"]
    assert [head.id for head in run(store.roots(HERE, status="complete"))] == ["r2"]


def test_roots_go_on_behind_a_place(run: Run, store: Store) -> None:
    for number, moment in enumerate((1.0, 2.0, 2.0, 2.0, 3.0)):
        run(store.commit(plant(f"r{number}", at=moment)))
    seen, place = [], None
    while found := run(store.roots(HERE, limit=2, before=place)):
        seen += [head.id for head in found]
        place = found[-1].birth.created_at, found[-1].id
    assert seen == ["r4", "r3", "r2", "r1", "r0"]
    assert run(store.roots(ELSEWHERE, before=(9.0, "r9"))) == []


def test_roots_can_be_of_one_workflow(run: Run, store: Store) -> None:
    run(store.commit(plant("mine")))
    assert [head.id for head in run(store.roots(HERE, workflow="testing"))] == ["mine"]
    assert run(store.roots(HERE, workflow="o\0ther")) == []


def test_children_go_on_behind_a_place(run: Run, store: Store) -> None:
    born = [newborn(f"{key}{attempt}", key=key, attempt=attempt) for key in ("", "a", "b") for attempt in (1, 2)]
    run(spawn(store, *born))
    seen, place = [], None
    while found := run(store.children(HERE, "root", after=place, limit=2)):
        seen += [head.id for head in found]
        place = found[-1].birth.key, found[-1].birth.attempt
    assert seen == [head.id for head in born] == [head.id for head in run(store.children(HERE, "root"))]
    assert run(store.children(ELSEWHERE, "root", limit=2)) == []


def test_descendants_come_by_depth_and_creation(run: Run, store: Store) -> None:
    grandchild = newborn("grandchild", parent="b", depth=2)
    b, a = newborn("b", depth=1, created_at=2.0), newborn("a", depth=1, created_at=3.0)

    async def story() -> None:
        await spawn(store, a, b)
        await store.commit(Change(replace(b, version=2), children=(grandchild,)))

    run(story())
    assert [head.id for head in run(store.descendants(HERE, "root"))] == ["root", "b", "a", "grandchild"]


def test_an_answer_is_kept_with_its_change(run: Run, store: Store) -> None:
    answer = Answer("root", "submit", "k\0ey", "digest", {"fence": 3})
    run(store.commit(plant()))
    run(store.commit(Change(step(plant().head), answer=answer)))
    assert run(store.answer("root", "submit", "k\0ey")).answer == {"fence": 3}
    assert run(store.answer("root", "start", "k\0ey")) is None
    with pytest.raises(Conflict):
        run(store.commit(Change(replace(plant().head, version=3), answer=answer)))
    assert run(store.head(HERE, "root")).version == 2


def test_a_tree_has_one_owner(run: Run, store: Store) -> None:
    rival = replace(OWNER, pid=8)
    run(store.commit(plant()))
    assert run(store.own("root", OWNER, None))
    assert not run(store.own("root", rival, None))
    assert run(store.tree(HERE, "root")).owner == OWNER
    assert run(store.own("root", rival, OWNER))
    assert run(store.own("root", None, rival))
    assert run(store.tree(HERE, "root")).owner is None
    assert not run(store.own("nowhere", OWNER, None))


def test_blobs_are_known_by_their_content(run: Run, store: Store) -> None:
    data = bytes(range(256)) * 1000
    blob_id = run(store.put(data))
    assert run(store.put(data)) == blob_id
    assert run(store.get(blob_id)) == data
    assert run(store.get(run(store.put(b"")))) == b""
    with pytest.raises(BlobMissing):
        run(store.get("0" * 64))


def test_text_that_no_database_holds_is_cleaned(run: Run, store: Store) -> None:
    run(store.commit(plant()))
    head = step(plant().head, blocked="a\0b", state={"k\ud800": ["\udfff", "ü", 2**70]}, last_error="\0")
    run(store.commit(Change(head, news=told("x\ud83d"))))
    stored = run(store.head(HERE, "root"))
    assert (stored.blocked, stored.last_error) == ("a\ufffdb", "\ufffd")
    assert stored.state == {"k\ufffd": ["\ufffd", "ü", str(2**70)]}
    assert run(store.events(HERE, "root"))[0].data == {"word": "x\ufffd"}


def test_waiting_ends_with_the_news(run: Run, store: Store) -> None:
    async def story() -> float:
        await store.commit(plant())
        started = time.monotonic()
        waiting = asyncio.create_task(store.wait("root", 0, 30))
        await asyncio.sleep(0)
        await store.tell("root", told("hello"))
        await waiting
        await store.wait("root", 0, 30)
        return time.monotonic() - started

    assert run(story()) < 5


def test_waiting_ends_with_the_time(run: Run, store: Store) -> None:
    async def story() -> None:
        await store.commit(plant())
        await asyncio.wait_for(store.wait("root", 0, 0.01), 5)

    run(story())


def test_waiting_sees_what_another_store_wrote(run: Run, store: Store, opener: Callable[[], Awaitable[Store]]) -> None:
    async def story() -> None:
        other = await opener()
        await store.commit(plant())
        waiting = asyncio.create_task(store.wait("root", 0, 30))
        await asyncio.sleep(0)
        await other.tell("root", told("hello"))
        await asyncio.wait_for(waiting, 5)
        await other.close()

    run(story())


def test_a_waiter_that_is_cancelled_is_forgotten(run: Run, store: Store) -> None:
    async def story() -> None:
        await store.commit(plant())
        first, second = (asyncio.create_task(store.wait("root", 0, 30)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait((first,))
        await store.tell("root", told("hello"))
        await asyncio.wait_for(second, 5)

    run(story())


def test_what_was_written_is_there_when_the_store_is_opened_again(
    run: Run, store: Store, opener: Callable[[], Awaitable[Store]]
) -> None:
    async def story() -> Head | None:
        await store.commit(plant())
        await store.close()
        again = await opener()
        try:
            return await again.head(HERE, "root")
        finally:
            await again.close()

    assert run(story()) == plant().head


def test_closing_finishes_what_is_under_way(run: Run, store: Store, opener: Callable[[], Awaitable[Store]]) -> None:
    async def story() -> int:
        await store.commit(plant())
        telling = [asyncio.create_task(store.tell("root", told("x"))) for _ in range(50)]
        await asyncio.sleep(0)
        await store.close()
        await asyncio.gather(*telling)
        again = await opener()
        tree = await again.tree(HERE, "root")
        await again.close()
        assert tree is not None
        return tree.events

    assert run(story()) == 50


def test_open_trees_are_those_with_an_active_root_in_every_scope(run: Run, store: Store) -> None:
    for change in (plant("first"), plant("second", scope=ELSEWHERE), plant("third")):
        run(store.commit(change))
    run(end(store, "first"))
    assert [(tree.root, tree.scope) for tree in run(store.open_trees())] == [("second", ELSEWHERE), ("third", HERE)]


def test_a_root_that_is_opened_again_has_its_fingerprint_again(run: Run, store: Store) -> None:
    run(store.commit(plant("first", fingerprint="f")))
    run(end(store, "first", "failed"))
    failed = run(store.head(HERE, "first"))
    run(store.commit(Change(step(failed, status="active"), reopens=True)))
    assert run(store.find_tree(HERE, "f")).root == "first"
    with pytest.raises(Conflict):
        run(store.commit(plant("second", fingerprint="f")))


def test_a_root_whose_fingerprint_is_taken_meanwhile_stays_as_it_is(run: Run, store: Store) -> None:
    run(store.commit(plant("first", fingerprint="f")))
    run(end(store, "first", "failed"))
    run(store.commit(plant("second", fingerprint="f")))
    failed = run(store.head(HERE, "first"))
    with pytest.raises(Conflict):
        run(store.commit(Change(step(failed, status="active"), reopens=True)))
    assert run(store.head(HERE, "first")) == failed
