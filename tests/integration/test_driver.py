"""What a server's driver promises: every tree that wants it is run, here or after a restart, and no other."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest
from factories import PARKING, SCOPE, Echo, Odd, Plugins

from proctor import ChildSpec, Command, Result, Scope, Session, Workflow, driver, owner
from proctor.activity_log import ActivityLog
from proctor.contracts.executor import Surroundings
from proctor.contracts.store import Owner, Store
from proctor.domain.head import Birth
from proctor.domain.session import Limits
from proctor.driver import Driver
from proctor.engines.local import LocalEngine
from proctor.errors import DatabaseBusy, DiskUnusable
from proctor.runner import Runner
from proctor.sessions import Draft, Sessions

LINE = Workflow("line", ("first", "second"))
FAMILY = Workflow("family", ("spawn", "close"), spawns=("line",))
ELSEWHERE = Scope("another", "project")
SECONDS = 20.0


class Spawn(Echo):
    """Wants two children."""

    async def get_command(self, scope: Scope, session: Session, options: object) -> Command:
        return Command("spawn_sessions", children=tuple(ChildSpec(key, "line", {}) for key in "ab"))


class Bench:
    """Where the children's first steps are carried out, for ever; it knows which of them are."""

    def __init__(self) -> None:
        self.at_work: set[int] = set()
        self._changed = asyncio.Event()
        bench = self

        class Endless(Odd):
            async def execute(self, command: Command, surroundings: Surroundings) -> Result:
                bench.at_work.add(id(self))
                bench._changed.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    bench.at_work.discard(id(self))
                    bench._changed.set()
                raise AssertionError

        self.executor = Endless

    async def until(self, number: int, seconds: float = SECONDS) -> None:
        """Wait until so many are at work."""
        async with asyncio.timeout(seconds):
            while len(self.at_work) != number:
                self._changed.clear()
                await self._changed.wait()


class Server:
    """A driver that serves, and the sessions that it serves."""

    def __init__(self, store: Store, new_id: Callable[[], str], plugins: Plugins) -> None:
        self.store = store
        self.sessions = Sessions(store, plugins, clock=time.time, new_id=new_id, on_ready=self._ready)
        self.driver = Driver(
            store,
            self.sessions,
            ActivityLog(store, time.time),
            myself=owner.myself(),
            make_engine=LocalEngine,
            make_runner=lambda scope: Runner(
                self.sessions, plugins, lambda _started, _emit: None, scope=scope, owner="server"
            ),
        )

    def _ready(self, birth: Birth, session_ids: Sequence[str]) -> None:
        self.driver.ready(birth, session_ids)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        work = asyncio.ensure_future(self.driver.serve(2))
        try:
            yield
        finally:
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work

    async def ended(self, session_id: str, scope: Scope = SCOPE) -> str:
        async with asyncio.timeout(SECONDS):
            while (head := await self.sessions.head(scope, session_id)).status == "active":
                await self.store.wait(session_id, 10_000, 0.01)
        return head.status


@pytest.fixture
def plugins() -> Plugins:
    family = [Spawn("spawn", "spawn_sessions"), Echo("close")]
    return Plugins([LINE, FAMILY], {"line": [Echo(name) for name in LINE.main], "family": family}, PARKING)


@pytest.fixture
def bench(plugins: Plugins) -> Bench:
    bench = Bench()
    plugins.executors = {**plugins.executors, "endless": bench.executor}
    plugins.steps["line", "first"] = Echo("first", "endless")
    return bench


@pytest.fixture
def server(store: Store, new_id: Callable[[], str], plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setattr(driver, "SCAN_S", 0.02)
    return Server(store, new_id, plugins)


async def test_a_tree_that_nobody_drives_is_driven_in_its_own_scope(server: Server) -> None:
    before = (await server.sessions.create(ELSEWHERE, Draft("line", {}))).id
    async with server.serving():
        assert await server.ended(before, ELSEWHERE) == "complete"
        later = (await server.sessions.create(SCOPE, Draft("line", {}))).id
        assert await server.ended(later) == "complete"
        async with asyncio.timeout(SECONDS):
            while (tree := await server.store.tree(SCOPE, later)) is None or tree.owner is not None:
                await server.store.wait(later, 10_000, 0.01)


async def test_a_manual_tree_is_driven_only_when_somebody_asks(server: Server) -> None:
    manual = (await server.sessions.create(SCOPE, Draft("line", {}, execution_mode="manual"))).id
    auto = (await server.sessions.create(SCOPE, Draft("line", {}))).id
    async with server.serving():
        await server.ended(auto)
        assert (await server.sessions.head(SCOPE, manual)).sequence == 0
        server.driver.ask(manual)
        assert await server.ended(manual) == "complete"


async def test_the_tree_of_a_dead_server_goes_on_and_that_of_a_living_one_is_left_alone(server: Server) -> None:
    me = owner.myself()
    dead, alive = replace(me, started=1.0), Owner("another-host", "boot", 1, 1.0)
    lost = (await server.sessions.create(SCOPE, Draft("line", {}, execution_mode="manual"), owner=dead)).id
    held = (await server.sessions.create(SCOPE, Draft("line", {}), owner=alive)).id
    await server.sessions.start(SCOPE, lost, owner="the dead one")
    async with server.serving():
        assert await server.ended(lost) == "complete"
    assert (await server.sessions.head(SCOPE, held)).sequence == 0
    assert (await server.sessions.head(SCOPE, lost)).sequence == 3  # what was under way is abandoned and done again


async def test_a_restarted_server_continues_what_the_stopped_one_drove(server: Server, plugins: Plugins) -> None:
    plugins.steps["line", "first"] = Echo("first", "external")
    waiting = (await server.sessions.create(SCOPE, Draft("line", {}))).id
    async with server.serving(), asyncio.timeout(SECONDS):
        while (head := await server.sessions.head(SCOPE, waiting)).parked is None:
            await server.store.wait(waiting, 10_000, 0.01)
    await server.sessions.submit(SCOPE, waiting, head.fence, Result("ok"), key="approved")
    async with server.serving():
        assert await server.ended(waiting) == "complete"


async def under_way(server: Server, bench: Bench, root: str, kind: str) -> None:
    """Wait until both children are at work, or wait for somebody."""
    if kind == "endless":
        return await bench.until(2)
    async with asyncio.timeout(SECONDS):
        while [head.parked for head in (await server.store.descendants(SCOPE, root))[1:]] != [kind] * 2:
            await server.store.wait(root, 10_000, 0.01)
    return None


@pytest.mark.parametrize("kind", ["endless", "external"])
async def test_when_the_time_is_up_what_runs_and_what_waits_is_ended_and_the_root_goes_on(
    server: Server, plugins: Plugins, bench: Bench, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "COUNT_S", SECONDS * 2)
    monkeypatch.setattr(driver, "LOOK_S", 0.02)
    plugins.steps["line", "first"] = Echo("first", kind)
    root = (await server.sessions.create(SCOPE, Draft("family", {}, limits=Limits(seconds=600)))).id
    async with server.serving():
        await under_way(server, bench, root, kind)
        server.driver._trees[root].counted -= 600  # and now the time is up
        assert await server.ended(root) == "complete"
        await bench.until(0)
    children = (await server.store.descendants(SCOPE, root))[1:]
    assert {head.status for head in children} == {"failed"}
    assert all("limits.seconds: the 600 s" in str(head.last_error) for head in children)
    assert 600 <= (await server.store.spent(root)).seconds < 600 + SECONDS


async def test_a_paused_tree_is_given_back_and_taken_again_after_the_pause(server: Server) -> None:
    session_id = (await server.sessions.create(SCOPE, Draft("line", {}))).id
    await server.sessions.pause(SCOPE, session_id)
    other = (await server.sessions.create(SCOPE, Draft("line", {}))).id
    async with server.serving():
        await server.ended(other)
        assert (await server.sessions.head(SCOPE, session_id)).sequence == 0
        await server.sessions.resume(SCOPE, session_id)
        assert await server.ended(session_id) == "complete"


async def test_what_goes_wrong_in_one_tree_harms_no_other(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    bad = (await server.sessions.create(SCOPE, Draft("line", {}))).id
    advance = Runner.advance

    async def failing(self: Runner, session_id: str) -> None:
        if session_id == bad:
            raise RuntimeError("out of ideas")
        await advance(self, session_id)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Runner, "advance", failing)
        good = (await server.sessions.create(SCOPE, Draft("line", {}))).id
        async with server.serving():
            assert await server.ended(good) == "complete"
    assert [record.getMessage() for record in caplog.records if bad in record.getMessage()]


async def children(server: Server, root: str) -> list[str]:
    return [child.id for child in await server.store.children(SCOPE, root)]


async def test_what_runs_for_a_cancelled_session_is_ended_as_soon_as_the_driver_hears_of_it(
    server: Server, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "LOOK_S", SECONDS * 2)
    root = (await server.sessions.create(SCOPE, Draft("family", {}))).id
    async with server.serving():
        await bench.until(2)
        child, _other = await children(server, root)
        await server.sessions.cancel(SCOPE, child)
        server.driver.turn(child)
        await bench.until(1)
        await server.sessions.cancel(SCOPE, root)
        server.driver.turn(root)
        await bench.until(0)


async def test_that_another_process_cancelled_a_session_is_seen_at_the_next_look(
    server: Server, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "LOOK_S", 0.01)
    root = (await server.sessions.create(SCOPE, Draft("family", {}))).id
    async with server.serving():
        await bench.until(2)
        child, _other = await children(server, root)
        await server.sessions.cancel(SCOPE, child)
        await bench.until(1)
        assert (await server.sessions.head(SCOPE, root)).status == "active"


async def test_when_one_session_of_a_tree_goes_wrong_nothing_runs_for_the_others(
    server: Server, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance, awry = Runner.advance, asyncio.Event()

    async def failing(self: Runner, session_id: str) -> None:
        if session_id in (await children(server, root))[:1]:
            await awry.wait()
            raise RuntimeError("out of ideas")
        await advance(self, session_id)

    monkeypatch.setattr(Runner, "advance", failing)
    root = (await server.sessions.create(SCOPE, Draft("family", {}))).id
    async with server.serving():
        await bench.until(1)
        awry.set()
        await bench.until(0)
        assert (await server.sessions.head(SCOPE, root)).status == "active"


async def given_back(server: Server, session_id: str) -> None:
    async with asyncio.timeout(SECONDS):
        while True:
            tree, head = await server.store.tree(SCOPE, session_id), await server.sessions.head(SCOPE, session_id)
            if tree is not None and tree.owner is None and head.blocked is not None:
                return
            await server.store.wait(session_id, 10_000, 0.01)


async def test_a_blocked_session_goes_on_when_somebody_asks(server: Server, plugins: Plugins) -> None:
    session_id = (await server.sessions.create(SCOPE, Draft("line", {}))).id
    step = plugins.steps.pop(("line", "first"))
    async with server.serving():
        await given_back(server, session_id)
        plugins.steps["line", "first"] = step
        server.driver.ask(session_id)
        assert await server.ended(session_id) == "complete"


async def test_a_blocked_session_is_tried_again_when_the_server_starts(server: Server, plugins: Plugins) -> None:
    session_id = (await server.sessions.create(SCOPE, Draft("line", {}))).id
    step = plugins.steps.pop(("line", "first"))
    async with server.serving():
        await given_back(server, session_id)
    plugins.steps["line", "first"] = step
    async with server.serving():
        assert await server.ended(session_id) == "complete"


async def test_a_tree_that_another_process_took_is_driven_here_no_more(
    server: Server, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "LOOK_S", 0.01)
    root, other = (await server.sessions.create(SCOPE, Draft("family", {}))).id, Owner("another-host", "boot", 1, 1.0)
    async with server.serving():
        await bench.until(2)
        assert await server.store.own(root, other, owner.myself())
        await bench.until(0)
        tree = await server.store.tree(SCOPE, root)
        assert tree is not None
        assert tree.owner == other
        assert await server.store.own(root, None, other)
        await server.sessions.cancel(SCOPE, root)


@pytest.mark.parametrize("method", ["open_trees", "due", "own", "descendants", "commit"])
async def test_a_database_that_is_busy_for_once_ends_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    session_id = (await server.sessions.create(SCOPE, Draft("line", {}))).id
    real, busy = getattr(server.store, method), [DatabaseBusy(database="d", seconds=5)]

    async def once(*arguments: object, **options: object) -> object:
        if busy:
            raise busy.pop()
        return await real(*arguments, **options)

    monkeypatch.setattr(server.store, method, once)
    async with server.serving():
        assert await server.ended(session_id) == "complete"
    assert not busy


async def test_a_disk_that_stays_full_for_long_fails_no_session_and_once_there_is_room_it_goes_on(
    server: Server, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = [DiskUnusable(folder="cache", reason="it is full", remedy="Make room there") for _ in range(8)]

    class Writing(Odd):
        async def execute(self, command: Command, surroundings: Surroundings) -> Result:
            if full:
                raise full.pop()
            return Result("ok")

    monkeypatch.setattr(driver, "LOOK_S", 0.02)
    monkeypatch.setattr(server.sessions._turns, "_lease_s", 0.0)
    plugins.executors = {**plugins.executors, "writing": Writing}
    plugins.steps["line", "first"] = Echo("first", "writing")
    root = (await server.sessions.create(SCOPE, Draft("family", {}))).id
    async with server.serving():
        assert await server.ended(root) == "complete"
    heads = await server.store.descendants(SCOPE, root)
    assert [(head.status, head.last_error) for head in heads] == [("complete", None)] * 3
    assert not full


async def test_an_engine_whose_question_meets_a_busy_database_asks_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    async def due(*_: object, **__: object) -> object:
        nonlocal asked
        asked += 1
        raise DatabaseBusy(database="d", seconds=5)

    server.driver._trees["root"] = driver.Driven("root", SCOPE, None, set())  # type: ignore[arg-type] # it runs nothing
    monkeypatch.setattr(server.store, "due", due)
    assert await server.driver._due() == []
    assert asked == 1
