"""What a server's driver promises: every tree that wants it is run, here or after a restart, and no other."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest
from factories import PARKING, SCOPE, Echo, Plugins

from proctor import Result, Scope, Workflow, driver, owner
from proctor.activity_log import ActivityLog
from proctor.contracts.store import Owner, Store
from proctor.domain.head import Birth
from proctor.driver import Driver
from proctor.engines.local import LocalEngine
from proctor.runner import Runner
from proctor.sessions import Draft, Sessions

LINE = Workflow("line", ("first", "second"))
ELSEWHERE = Scope("another", "project")
SECONDS = 20.0


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
    return Plugins([LINE], {"line": [Echo(name) for name in LINE.main]}, PARKING)


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
