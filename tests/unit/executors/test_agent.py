"""What comes back from an agent's work in a real workspace."""

import asyncio
import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from factories import executed
from repositories import UserRepository

from proctor import Command, Result
from proctor.contracts.activity import Activity, Emit
from proctor.contracts.agent import Agent, AgentResult, Finding, Task
from proctor.contracts.options import NoOptions
from proctor.contracts.process import ProcessLimits
from proctor.domain.interaction import Usage, Workspace
from proctor.domain.json import Json
from proctor.errors import UnsafePath
from proctor.executors import agent as agent_executor
from proctor.executors.agent import AgentExecutor, allowed
from proctor.executors.surroundings import LocalSurroundings
from proctor.registry import Plugin
from proctor.watchdog import suspect
from proctor.workspace import Workspaces

TARGET = "tests/test_cart.py"
MAY_WRITE = (TARGET, "tests/data/")
SECRET = b"nobody's business"
Work = Callable[[Path], AgentResult | None]


class Blobs(dict[str, bytes]):
    """Blobs in memory."""

    async def put(self, data: bytes) -> str:
        self[hashlib.sha256(data).hexdigest()] = data
        return hashlib.sha256(data).hexdigest()

    async def get(self, blob_id: str) -> bytes:  # type: ignore[override] # the shape is given
        return self[blob_id]


class Told(Agent):
    """Does what the test does with the workspace."""

    def __init__(self, work: Work, *, hangs: bool = False) -> None:
        super().__init__(NoOptions())
        self.work, self.hangs = work, hangs
        self.begun = asyncio.Event()
        self.task: Task | None = None

    async def run(self, task: Task, emit: Emit) -> AgentResult:
        self.task = task
        emit(Activity("activity", "thinking"))
        answer = self.work(task.workspace)
        self.begun.set()
        if self.hangs:
            await asyncio.Event().wait()
        return answer or AgentResult("ok", "done")


class Desk:
    """Gives an agent a task in a user's repository, with an overlay."""

    def __init__(self, tmp_path: Path) -> None:
        self.user = UserRepository(tmp_path / "user")
        self.folder, self.blobs, self.told = tmp_path / "cache", Blobs(), list[Activity]()

    async def execute(self, agent: Agent, **arguments: Json) -> Result:
        overlay = {TARGET: await self.blobs.put(b"# begun\n"), "tests/data/old.txt": await self.blobs.put(b"old\n")}
        said = {
            "agent": "told",
            "text": "Write tests.",
            "component": {"name": "shop.cart", "path": "shop/cart.py"},
            "target": TARGET,
            "may_write": list(MAY_WRITE),
        }
        command = Command("agent", {**said, **arguments}, Workspace(str(self.user.top), self.user.base, overlay))
        return await executed(AgentExecutor(), command, self._surroundings(agent))

    def work(self, work: Work, **arguments: Json) -> "asyncio.Future[Result]":
        return asyncio.ensure_future(self.execute(Told(work), **arguments))

    def files(self, result: Result) -> dict[str, bytes]:
        return {name: self.blobs[blob] for name, blob in result.files.items()}

    @property
    def left(self) -> list[str]:
        return [path.name for path in (self.folder / "work").iterdir()]

    def _surroundings(self, agent: Agent) -> LocalSurroundings:
        return LocalSurroundings(
            session_id="session-1",
            workspaces=Workspaces(self.folder, self.blobs.get),
            store=self.blobs,
            emit=self.told.append,
            limits=ProcessLimits(memory_bytes=1 << 30),
            environment={"PATH": "/usr/bin"},
            agent=lambda name: {"told": agent}[name],
            brought_by=lambda _name: Plugin("proctor.agents", "told", "acme-agents", "1.2", "acme_agents:Told"),
        )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def nothing(_path: Path) -> None: ...


async def test_only_what_may_be_written_comes_back_and_the_rest_is_named(desk: Desk) -> None:
    def work(path: Path) -> None:
        (path / TARGET).write_text("def test_total(): ...\n")
        (path / "tests/data/new.txt").write_text("new\n")
        (path / "shop/cart.py").write_text("total = sum\n")
        (path / "shop/__init__.py").unlink()
        (path / "tests/conftest.py").write_text("")

    result = await desk.work(work)
    assert desk.files(result) == {TARGET: b"def test_total(): ...\n", "tests/data/new.txt": b"new\n"}
    assert result.data["changed"] == ["tests/data/new.txt", TARGET]
    assert result.data["discarded"] == ["shop/__init__.py", "shop/cart.py", "tests/conftest.py"]
    assert (result.status, result.data["deleted"]) == ("ok", [])


async def test_what_was_deleted_is_named(desk: Desk) -> None:
    def work(path: Path) -> None:
        (path / TARGET).unlink()
        (path / "tests/data/old.txt").unlink()

    result = await desk.work(work)
    assert (result.status, result.files) == ("ok", {})
    assert result.data["deleted"] == ["tests/data/old.txt", TARGET]


async def test_a_target_that_the_repository_ignores_comes_back_all_the_same(desk: Desk) -> None:
    def work(path: Path) -> None:
        (path / "build/test_cart.py").write_text("pass\n")
        (path / "build/junk").write_text("")

    result = await desk.work(work, target="build/test_cart.py", may_write=["build/"])
    assert desk.files(result) == {"build/test_cart.py": b"pass\n"}


@pytest.mark.parametrize("unwanted", [False, True])
async def test_nothing_changed_is_a_warning_whatever_the_agent_says(desk: Desk, unwanted: bool) -> None:
    result = await desk.work(lambda path: (path / "shop/new.py").write_text("") and None if unwanted else None)
    assert (result.status, result.files) == ("warning", {})
    assert result.error_message == "the agent changed nothing. It said: done"


async def test_nothing_changed_and_nothing_said_is_told(desk: Desk) -> None:
    result = await desk.work(lambda _: AgentResult("ok"))
    assert (result.status, result.error_message) == ("warning", "the agent changed nothing")


@pytest.mark.parametrize("status", ["warning", "error", "fault"])
async def test_what_went_wrong_passes_with_what_was_written_so_far(desk: Desk, status: str) -> None:
    def work(path: Path) -> AgentResult:
        (path / TARGET).write_text("half\n")
        return AgentResult(status, "the model is gone", "conversation-7", usage=Usage(input_tokens=3))  # type: ignore[arg-type] # parametrised

    result = await desk.work(work)
    assert (result.status, result.error_message) == (status, "the model is gone")
    assert desk.files(result) == {TARGET: b"half\n"}
    assert result.data["conversation_id"] == "conversation-7"
    assert result.usage == Usage(input_tokens=3)


async def test_what_it_consumed_counts_though_its_file_is_too_large(desk: Desk) -> None:
    def work(path: Path) -> AgentResult:
        (path / TARGET).write_bytes(b"#" * (agent_executor.FILE_BYTES + 1))
        return AgentResult("ok", usage=Usage(input_tokens=3))

    result = await desk.work(work)
    assert (result.status, result.usage, result.files) == ("error", Usage(input_tokens=3), {})


async def test_the_end_of_the_time_is_an_error_and_what_was_written_counts(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_executor, "GRACE_S", 0.02)
    agent = Told(lambda path: (path / TARGET).write_text("half\n") and None, hangs=True)
    result = await asyncio.wait_for(desk.execute(agent, seconds=0.01), 10)
    assert (result.status, result.error_message) == ("error", "the agent did not finish within 0.01 s")
    assert desk.files(result) == {TARGET: b"half\n"}
    assert desk.left == []


async def test_cancelling_ends_the_agent_and_leaves_no_folder(desk: Desk) -> None:
    agent = Told(nothing, hangs=True)
    task = asyncio.ensure_future(desk.execute(agent))
    await asyncio.wait_for(agent.begun.wait(), 10)
    assert "session-1" in desk.left
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert desk.left == []


@pytest.mark.parametrize("planted", [TARGET, "tests"])
async def test_a_link_that_leads_out_of_the_workspace_is_not_followed(desk: Desk, tmp_path: Path, planted: str) -> None:
    (tmp_path / "test_cart.py").write_bytes(SECRET)

    def work(path: Path) -> None:
        (path / "tests").rename(path / "aside")
        (path / TARGET).parent.mkdir()
        if planted == "tests":
            (path / "tests").rmdir()
        (path / planted).symlink_to(tmp_path if planted == "tests" else tmp_path / "test_cart.py")

    result = await desk.work(work, may_write=["tests/"])
    assert result.files == {}
    assert SECRET not in desk.blobs.values()
    assert TARGET in (result.data["deleted"] or ())  # type: ignore[operator] # it is a list


async def test_no_folder_is_made_outside_the_workspace(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (desk.user.top / "checks").symlink_to(tmp_path / "outside")
    desk.user.base = desk.user.commit("a link")
    with pytest.raises(UnsafePath, match="leads out of the workspace"):
        await desk.work(nothing, target="checks/deep/test_cart.py")
    assert [*(tmp_path / "outside").iterdir()] == []


async def test_the_agent_gets_the_task_as_it_was_given(desk: Desk) -> None:
    agent = Told(nothing)
    finding = {"test": "test_total", "check": "run_tests", "message": "wrong", "detail": "1 != 2", "found": "1 == 2"}
    await desk.execute(agent, findings=[finding], previous="It failed.", conversation_id="c", seconds=7.0)
    task = agent.task
    assert task is not None
    assert (task.text, task.target, task.may_write) == ("Write tests.", TARGET, MAY_WRITE)
    assert (task.component.name, task.component.path) == ("shop.cart", "shop/cart.py")
    assert task.findings == (Finding(**finding),)
    assert (task.previous, task.conversation_id) == ("It failed.", "c")
    assert (task.limits.seconds, task.limits.memory_bytes) == (7.0, 1 << 30)
    assert task.environment == {"PATH": "/usr/bin"}
    assert desk.told == [Activity("activity", "thinking")]


async def test_a_conversation_finds_its_folder_at_the_same_place(desk: Desk) -> None:
    places = [
        agent.task.workspace for agent in [Told(nothing), Told(nothing)] if await desk.execute(agent) and agent.task
    ]
    assert len(places) == 2
    assert len(set(places)) == 1


async def test_without_a_workspace_nothing_can_be_written(desk: Desk) -> None:
    said = {"agent": "told", "text": "", "component": {"name": "a", "path": "a.py"}, "target": "t.py", "may_write": []}
    result = await AgentExecutor().execute(Command("agent", said), desk._surroundings(Told(nothing)))
    assert result.status == "fault"
    assert "no workspace" in (result.error_message or "")


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("tests/a.py", True),
        ("tests/data/x", True),
        ("tests/data", False),
        ("tests/a.pyc", False),
        ("tests/b.py", False),
    ],
)
def test_a_file_is_itself_and_a_folder_is_all_below_it(name: str, may: bool) -> None:
    assert allowed(name, ["tests/a.py", "tests/data/"]) is may


async def test_an_agent_gets_a_folder_for_its_own_files_where_those_of_the_dead_are_swept(desk: Desk) -> None:
    agent = Told(nothing, hangs=True)
    running = asyncio.ensure_future(desk.execute(agent))
    await agent.begun.wait()
    assert agent.task is not None
    scratch = agent.task.scratch
    assert scratch is not None
    assert (scratch.parent, [*scratch.iterdir()]) == ((desk.folder / "work").resolve(), [])
    assert scratch.with_name(f"{scratch.name}.owner").exists()
    running.cancel()
    await asyncio.wait([running])
    assert desk.left == []


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (42, "gave int where AgentResult was expected"),
        (AgentResult("great"), "gave what cannot be used: AgentResult.status is 'great', which is none of ok,"),  # type: ignore[arg-type] # that is the point
        (AgentResult("ok", usage=Usage(-1)), "gave what cannot be used: Usage.input_tokens is -1"),
        (
            AgentResult("ok", suspected_bugs=({"x": Path()},)),
            "gave what cannot be used: AgentResult.suspected_bugs",
        ),  # type: ignore[dict-item] # as above
    ],
)
async def test_an_answer_that_is_none_is_a_fault_that_names_the_agent(desk: Desk, answer: Any, says: str) -> None:
    result = await desk.work(lambda _path: answer)
    assert result.status == "fault"
    assert (result.error_message or "").startswith(f"the agent told of acme-agents 1.2 {says}")
    assert suspect() == "the agent told of acme-agents 1.2"


@pytest.mark.parametrize(
    ("end", "says"), [(sys.exit, "SystemExit: 3"), (os._exit, "MayNotAct: os._exit is refused: it would end Proctor.")]
)
async def test_what_an_agent_raises_is_a_fault_that_names_it(
    desk: Desk, end: Callable[[int], NoReturn], says: str
) -> None:
    def work(_path: Path) -> AgentResult:
        end(3)

    result = await desk.work(work)
    assert result.status == "fault"
    assert (result.error_message or "").startswith(f"the agent told of acme-agents 1.2 raised {says}")
