"""What the runner promises, with real sessions, and with real processes where one could be left behind."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import ClassVar

import psutil
import pytest
from factories import PARKING, SCOPE, Clock, Echo, Odd, Plugins
from repositories import UserRepository

from proctor import ChildSpec, Command, Result, Scope, Session, Workflow
from proctor.contracts.activity import Activity
from proctor.contracts.executor import Executor, Surroundings
from proctor.contracts.process import ProcessLimits
from proctor.contracts.store import Store
from proctor.domain.interaction import Workspace
from proctor.domain.workflow import FAULT
from proctor.engines.local import LocalEngine
from proctor.errors import BlobMissing, DatabaseBusy, DatabaseUnusable, DiskUnusable, ProctorError, SessionBlocked
from proctor.executors.process import ProcessExecutor
from proctor.executors.surroundings import LocalSurroundings
from proctor.registry import Plugin
from proctor.runner import Runner
from proctor.sessions import LEASE_S, Draft, Sessions, Started
from proctor.store import busy as patience
from proctor.workspace import Workspaces

LINE = Workflow("line", ("first", "second"))
FAMILY = Workflow("family", ("spawn", "close"), spawns=("line",))
SECONDS = 20.0
"""Every wait has an end."""
ME = "me"
Held = tuple[asyncio.Event, asyncio.Event]


class Spawn(Echo):
    """Wants three children."""

    async def get_command(self, scope: Scope, session: Session, options: object) -> Command:
        return Command("spawn_sessions", children=tuple(ChildSpec(key, "line", {}) for key in "abc"))


class Program(Echo):
    """Wants a program run that says its own id and that of another one, and then sleeps."""

    workspace: Workspace

    async def get_command(self, scope: Scope, session: Session, options: object) -> Command:
        argv = ["sh", "-c", "sleep 60 & echo $! $$; wait"]
        return Command("process", {"argv": argv}, self.workspace)


class Raising(Odd):
    async def execute(self, command: Command, surroundings: Surroundings) -> Result:
        raise ValueError("out of paper")


class Exiting(Odd):
    async def execute(self, command: Command, surroundings: Surroundings) -> Result:
        raise SystemExit(3)


class Interrupting(Odd):
    async def execute(self, command: Command, surroundings: Surroundings) -> Result:
        raise KeyboardInterrupt


class Refusing(Odd):
    async def execute(self, command: Command, surroundings: Surroundings) -> Result:
        raise BlobMissing(blob_id="c0ffee")


class Writing(Odd):
    """Writes to disks as long as they take it."""

    troubles: ClassVar[list[ProctorError]] = []

    async def execute(self, command: Command, surroundings: Surroundings) -> Result:
        if self.troubles:
            raise self.troubles.pop()
        return Result("ok")


class Nonsense(Odd):
    async def execute(self, command: Command, surroundings: Surroundings) -> Result:
        return 42  # type: ignore[return-value] # that is the point


class Unstorable(Odd):
    async def execute(self, command: Command, surroundings: Surroundings) -> Result:
        return Result("ok", {"p": Path("x")})  # type: ignore[dict-item] # that is the point


class Backwards(Odd):
    async def execute(self, command: Command, surroundings: Surroundings) -> Result:
        return Result("ok", duration_s=-1.0)


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise ValueError


class Mute(Odd):
    async def execute(self, command: Command, surroundings: Surroundings) -> Result:
        raise Unspeakable


@pytest.fixture
def plugins() -> Plugins:
    line = [Echo(name) for name in LINE.main]
    family = [Spawn("spawn", "spawn_sessions"), Echo("close")]
    return Plugins([LINE, FAMILY], {"line": line, "family": family}, dict(PARKING))


@pytest.fixture
def sessions(store: Store, plugins: Plugins, clock: Clock, new_id: Callable[[], str]) -> Sessions:
    return Sessions(store, plugins, clock=clock, new_id=new_id)


@pytest.fixture
def runner(sessions: Sessions, plugins: Plugins) -> Runner:
    return Runner(sessions, plugins, lambda _started, _emit: None, scope=SCOPE, owner=ME)


async def created(sessions: Sessions, workflow: str = "line") -> str:
    return (await sessions.create(SCOPE, Draft(workflow, {}))).id


def use(plugins: Plugins, executor: type[Executor]) -> None:
    """Have the step `first` carried out by this executor, under the kind `odd`."""
    plugins.executors = {**plugins.executors, "odd": executor}
    plugins.steps["line", "first"] = Echo("first", "odd")


@pytest.fixture
def held(plugins: Plugins) -> Held:
    """Hold `first` up: the one event says that it is being executed, the other lets it go on."""
    begun, told = asyncio.Event(), asyncio.Event()

    class Holding(Odd):
        async def execute(self, command: Command, surroundings: Surroundings) -> Result:
            begun.set()
            await told.wait()
            return Result("ok")

    use(plugins, Holding)
    return begun, told


@asynccontextmanager
async def advancing(runner: Runner, session_id: str) -> AsyncIterator[None]:
    """Advance a session while the block is carried out, and to its end."""
    task = asyncio.ensure_future(runner.advance(session_id))
    try:
        async with asyncio.timeout(SECONDS):
            yield
            await task
    finally:
        task.cancel()
        await asyncio.wait((task,))


async def test_a_session_goes_to_its_end(runner: Runner, sessions: Sessions, store: Store) -> None:
    session_id = await created(sessions)
    await runner.advance(session_id)
    assert (await sessions.head(SCOPE, session_id)).status == "complete"
    log = await store.interactions(SCOPE, session_id)
    assert [(each.command.step, each.executed_by) for each in log] == [("first", ME), ("second", ME)]


@pytest.mark.parametrize(
    ("executor", "says"),
    [
        (Raising, "the executor odd raised ValueError: out of paper"),
        (Exiting, "the executor odd raised SystemExit: 3"),
        (Interrupting, "the executor odd raised KeyboardInterrupt"),
        (Nonsense, "the executor odd gave int where Result was expected"),
        (Unstorable, "the executor odd gave what cannot be used: Result.data is not JSON: "),
        (Backwards, "the executor odd gave what cannot be used: Result.duration_s is -1.0"),
        (Mute, "the executor odd raised Unspeakable: its text cannot be had: ValueError"),
        (Refusing, "The stored file c0ffee is not in the database any more."),
    ],
)
async def test_an_executor_at_its_worst_is_a_fault_that_says_what_and_why(
    runner: Runner, sessions: Sessions, store: Store, plugins: Plugins, executor: type[Executor], says: str
) -> None:
    use(plugins, executor)
    session_id = await created(sessions)
    await runner.advance(session_id)
    first = (await store.interactions(SCOPE, session_id))[0].result
    assert first is not None
    assert first.status == "fault"
    assert (first.error_message or "").startswith(says)
    assert (await sessions.head(SCOPE, session_id)).status == "failed"


async def test_the_lease_is_renewed_while_the_command_runs(
    sessions: Sessions, plugins: Plugins, clock: Clock, held: Held
) -> None:
    begun, told = held
    runner = Runner(sessions, plugins, lambda *_: None, scope=SCOPE, owner=ME, renew_every_s=0.001)
    session_id = await created(sessions)
    async with advancing(runner, session_id):
        await begun.wait()
        clock.now += LEASE_S - 1
        while (await sessions.head(SCOPE, session_id)).lease_until != clock.now + LEASE_S:  # noqa: ASYNC110 # in a store
            await asyncio.sleep(0)
        told.set()
    assert (await sessions.head(SCOPE, session_id)).status == "complete"


async def test_the_command_of_a_cancelled_session_is_ended_at_the_next_renewal(
    sessions: Sessions, plugins: Plugins, store: Store, held: Held
) -> None:
    begun, _never = held
    runner = Runner(sessions, plugins, lambda *_: None, scope=SCOPE, owner=ME, renew_every_s=0.001)
    session_id = await created(sessions)
    async with advancing(runner, session_id):
        await begun.wait()
        await sessions.cancel(SCOPE, session_id)
        before = await sessions.head(SCOPE, session_id)
    assert await sessions.head(SCOPE, session_id) == before
    assert [each.status for each in await store.interactions(SCOPE, session_id)] == ["abandoned"]


async def test_the_result_of_one_who_was_taken_for_dead_is_refused_quietly(
    runner: Runner, sessions: Sessions, clock: Clock, held: Held
) -> None:
    begun, told = held
    session_id = await created(sessions)
    async with advancing(runner, session_id):
        await begun.wait()
        clock.now += LEASE_S + 1
        assert await sessions.proceed(SCOPE, session_id, owner="another") is not None
        before = await sessions.head(SCOPE, session_id)
        told.set()
    assert await sessions.head(SCOPE, session_id) == before


async def test_two_runners_at_once_execute_each_command_once(
    sessions: Sessions, plugins: Plugins, store: Store
) -> None:
    runners = [Runner(sessions, plugins, lambda *_: None, scope=SCOPE, owner=f"runner {n}") for n in range(4)]
    session_id = await created(sessions)
    await asyncio.gather(*(runner.advance(session_id) for runner in runners))
    log = await store.interactions(SCOPE, session_id)
    done = [(each.command.step, each.status) for each in log if each.status == "completed"]
    assert done == [("first", "completed"), ("second", "completed")]


async def test_a_parked_parent_holds_no_slot_and_goes_on_by_itself(
    store: Store, plugins: Plugins, new_id: Callable[[], str]
) -> None:
    engine = LocalEngine(nothing_due, poll_s=SECONDS * 2)  # only messages tell of what can go on
    sessions = Sessions(
        store, plugins, clock=time.time, new_id=new_id, on_ready=lambda _birth, ids: engine.enqueue(ids)
    )
    root = await created(sessions, "family")
    runner, ended = Runner(sessions, plugins, lambda *_: None, scope=SCOPE, owner=ME), asyncio.Event()
    turns: list[str] = []

    async def advance(session_id: str) -> None:
        turns.append(session_id)
        await runner.advance(session_id)
        if (await sessions.head(SCOPE, root)).status == "complete":
            ended.set()

    engine.enqueue([root])
    work = asyncio.ensure_future(engine.run(advance, slots=1))
    try:
        await asyncio.wait_for(ended.wait(), SECONDS)
    finally:
        work.cancel()
        await asyncio.wait((work,))
    children = [child.id for child in await store.children(SCOPE, root)]
    assert len(children) == 3
    assert turns == [root, *children, root]


async def nothing_due() -> Sequence[str]:
    return ()


class Desk:
    """A session whose command is a real process in a real workspace."""

    def __init__(self, tmp_path: Path, store: Store, sessions: Sessions, plugins: Plugins) -> None:
        user = UserRepository(tmp_path / "user")
        plugins.executors = {**plugins.executors, "process": ProcessExecutor}
        plugins.steps["line", "first"] = step = Program("first")
        step.workspace = Workspace(str(user.top), user.base, {})
        self._workspaces, self._store = Workspaces(tmp_path / "cache", store.get), store
        self._work = tmp_path / "cache" / "work"
        self.runner = Runner(
            sessions, plugins, self._prepare, scope=SCOPE, owner=ME, tell=self._tell, renew_every_s=0.02
        )
        self._text, self.running = "", asyncio.Event()

    @property
    def processes(self) -> list[psutil.Process]:
        found = [int(word) for word in self._text.split()]
        alive = []
        for pid in found:
            with suppress(psutil.NoSuchProcess):
                alive.append(psutil.Process(pid))
        return alive

    @property
    def folders(self) -> list[str]:
        return sorted(path.name for path in self._work.iterdir())

    def _tell(self, started: Started, activity: Activity) -> None:
        self._text += activity.text
        if self._text.endswith("\n"):
            self.running.set()

    def _prepare(self, started: Started, emit: Callable[[Activity], None]) -> Surroundings:
        return LocalSurroundings(
            session_id=started.head.id,
            workspaces=self._workspaces,
            store=self._store,
            emit=emit,
            limits=ProcessLimits(seconds=SECONDS),
            environment={"PATH": os.environ["PATH"]},
            agent=pytest.fail,
        )


@pytest.fixture
def desk(tmp_path: Path, store: Store, sessions: Sessions, plugins: Plugins) -> Desk:
    return Desk(tmp_path, store, sessions, plugins)


async def test_cancelled_while_executing_it_leaves_no_process_and_no_folder(desk: Desk, sessions: Sessions) -> None:
    session_id = await created(sessions)
    task = asyncio.ensure_future(desk.runner.advance(session_id))
    await asyncio.wait_for(desk.running.wait(), SECONDS)
    assert len(desk.processes) == 2
    assert desk.folders
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (desk.processes, desk.folders) == ([], [])
    assert (await sessions.head(SCOPE, session_id)).pending is not None  # whoever continues hands it out again


async def test_that_somebody_else_cancelled_the_session_is_noticed_and_its_command_ended(
    desk: Desk, sessions: Sessions
) -> None:
    session_id = await created(sessions)
    async with advancing(desk.runner, session_id):
        await desk.running.wait()
        assert len(desk.processes) == 2
        await sessions.cancel(SCOPE, session_id)
    assert (desk.processes, desk.folders) == ([], [])
    assert (await sessions.head(SCOPE, session_id)).status == "cancelled"


async def test_that_somebody_else_took_the_session_is_noticed_and_its_command_ended(
    desk: Desk, sessions: Sessions
) -> None:
    session_id = await created(sessions)
    async with advancing(desk.runner, session_id):
        await desk.running.wait()
        taken = await sessions.proceed(SCOPE, session_id, owner="another")
        assert taken is not None
    assert (desk.processes, desk.folders) == ([], [])
    assert (await sessions.head(SCOPE, session_id)).fence == taken.fence


class Cancelling(Odd):
    async def execute(self, command: Command, surroundings: Surroundings) -> Result:
        raise asyncio.CancelledError


class Endless(Odd):
    async def execute(self, command: Command, surroundings: Surroundings) -> Result:
        await asyncio.Event().wait()
        raise AssertionError


async def test_an_executor_that_cancels_itself_is_a_fault(sessions: Sessions, plugins: Plugins, runner: Runner) -> None:
    use(plugins, Cancelling)
    session_id = await created(sessions)
    await runner.advance(session_id)
    head = await sessions.head(SCOPE, session_id)
    assert head.status == "failed"
    assert "odd raised CancelledError" in (head.last_error or "")


async def test_a_strangers_executor_is_named_with_who_brought_it(
    sessions: Sessions, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(plugins, Cancelling)
    plugin = Plugin("proctor.executors", "odd", "acme-odd", "1.2", "acme_odd:Odd")
    monkeypatch.setattr(plugins, "plugins", lambda: [plugin])
    session_id = await created(sessions)
    await Runner(sessions, plugins, lambda _started, _emit: None, scope=SCOPE, owner=ME).advance(session_id)
    error = (await sessions.head(SCOPE, session_id)).last_error or ""
    assert "the executor odd of acme-odd 1.2 raised CancelledError" in error


async def test_an_executor_that_never_ends_is_a_fault(sessions: Sessions, plugins: Plugins) -> None:
    use(plugins, Endless)
    runner = Runner(sessions, plugins, lambda _started, _emit: None, scope=SCOPE, owner=ME, longest_s=0.01)
    session_id = await created(sessions)
    await asyncio.wait_for(runner.advance(session_id), SECONDS)
    assert "odd did not answer within 0.01 s" in ((await sessions.head(SCOPE, session_id)).last_error or "")


async def test_a_renewal_that_fails_for_a_moment_does_not_end_the_command(
    sessions: Sessions, plugins: Plugins, monkeypatch: pytest.MonkeyPatch, held: Held
) -> None:
    _begun, told = held
    renew, busy = sessions.renew, [DatabaseBusy(database="d", seconds=5)]

    async def renewed(scope: Scope, session_id: str, fence: int) -> float:
        if busy:
            raise busy.pop()
        told.set()
        return await renew(scope, session_id, fence)

    monkeypatch.setattr(sessions, "renew", renewed)
    runner = Runner(sessions, plugins, lambda _started, _emit: None, scope=SCOPE, owner=ME, renew_every_s=0.001)
    session_id = await created(sessions)
    await asyncio.wait_for(runner.advance(session_id), SECONDS)
    assert not busy
    assert (await sessions.head(SCOPE, session_id)).status == "complete"


async def test_a_result_that_nobody_can_judge_is_kept_and_blocks_the_session_until_somebody_can(
    sessions: Sessions, plugins: Plugins, runner: Runner
) -> None:
    session_id = await created(sessions)
    started = await sessions.start(SCOPE, session_id, owner=ME)
    step = plugins.steps.pop(("line", "first"))
    sessions._turns._steps._ready.clear()
    with pytest.raises(SessionBlocked):
        await sessions.submit(SCOPE, session_id, started.fence, Result("ok"), key="k")
    await runner.advance(session_id)
    head = await sessions.head(SCOPE, session_id)
    assert "line.first" in (head.blocked or "")
    assert head.pending is not None
    assert head.pending.raw == Result("ok")
    plugins.steps["line", "first"] = step
    await runner.advance(session_id)
    head = await sessions.head(SCOPE, session_id)
    assert (head.status, head.blocked, head.sequence) == ("complete", None, 2)


@pytest.mark.parametrize(
    "trouble",
    [
        DiskUnusable(folder="cache", reason="No space left on device", remedy="Make room there"),
        DatabaseUnusable(database="d", reason="its disk is full"),
        DatabaseBusy(database="d", seconds=5),
    ],
    ids=lambda error: error.code,
)
async def test_a_disk_that_takes_nothing_more_is_no_result_and_the_command_is_executed_again(
    sessions: Sessions, plugins: Plugins, runner: Runner, trouble: ProctorError, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Writing, "troubles", [trouble])
    use(plugins, Writing)
    session_id = await created(sessions)
    with pytest.raises(type(trouble)) as told:
        await runner.advance(session_id)
    assert told.value is trouble
    head = await sessions.head(SCOPE, session_id)
    assert (head.status, head.last_error, head.last_completed) == ("active", None, None)
    next_one = Runner(sessions, plugins, lambda _started, _emit: None, scope=SCOPE, owner="the next process")
    await next_one.advance(session_id)
    events = await sessions.events(SCOPE, session_id)
    assert [event.kind for event in events].count("interaction_abandoned") == 1
    assert not [event for event in events if event.data.get("status") == FAULT]
    assert (await sessions.head(SCOPE, session_id)).status == "complete"


@pytest.mark.parametrize("method", ["proceed", "submit"])
async def test_a_database_that_is_busy_for_a_while_costs_no_result(
    sessions: Sessions, runner: Runner, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(patience, "PAUSE_S", 0.0)
    real, busy = getattr(sessions, method), [DatabaseBusy(database="d", seconds=5)] * 3

    async def in_the_end(*arguments: object, **options: object) -> object:
        if busy:
            raise busy.pop()
        return await real(*arguments, **options)

    monkeypatch.setattr(sessions, method, in_the_end)
    session_id = await created(sessions)
    await asyncio.wait_for(runner.advance(session_id), SECONDS)
    head = await sessions.head(SCOPE, session_id)
    assert (head.status, head.sequence, busy) == ("complete", 2, [])


async def test_a_database_that_stays_busy_is_told(
    sessions: Sessions, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PAUSE_S", 0.0)

    async def busy(*_: object, **__: object) -> None:
        raise DatabaseBusy(database="d", seconds=5)

    monkeypatch.setattr(sessions, "proceed", busy)
    with pytest.raises(DatabaseBusy):
        await asyncio.wait_for(runner.advance(await created(sessions)), SECONDS)
