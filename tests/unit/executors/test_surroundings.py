import errno
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from proctor.contracts.activity import Emit
from proctor.contracts.agent import Agent, AgentResult, Task
from proctor.contracts.options import NoOptions
from proctor.contracts.process import ProcessLimits
from proctor.errors import DatabaseBusy, DiskUnusable
from proctor.executors.surroundings import Blobs, LocalSurroundings, allowed_environment
from proctor.store import busy
from proctor.workspace import Workspaces


class Held:
    """A store that another process holds for so many tries."""

    def __init__(self, times: int) -> None:
        self.times = times

    async def put(self, data: bytes) -> str:
        self.times -= 1
        if self.times >= 0:
            raise DatabaseBusy(database="d", seconds=5)
        return data.decode()

    async def get(self, blob_id: str) -> bytes:
        return blob_id.encode()


def surroundings_over(
    store: object, workspaces: Workspaces | None = None, agent: Callable[[str], Agent] = pytest.fail
) -> LocalSurroundings:
    return LocalSurroundings(
        session_id="one",
        workspaces=cast(Workspaces, workspaces),
        store=cast(Blobs, store),
        emit=lambda _: None,
        limits=ProcessLimits(),
        environment={},
        agent=agent,
    )


async def test_a_file_is_stored_although_the_database_is_busy_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(busy, "PAUSE_S", 0.0)
    assert await surroundings_over(Held(3)).put(b"written") == "written"


async def test_a_database_that_stays_busy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(busy, "PAUSE_S", 0.0)
    with pytest.raises(DatabaseBusy):
        await surroundings_over(Held(1000)).put(b"written")


class Cramped(Agent):
    """Works in our own process, on a full disk."""

    def __init__(self) -> None:
        super().__init__(NoOptions())

    async def run(self, task: Task, emit: Emit) -> AgentResult:
        raise OSError(errno.ENOSPC, "No space left on device")


async def test_a_full_disk_is_not_the_failure_of_an_agent_who_writes_to_it(tmp_path: Path) -> None:
    workspaces = Workspaces(tmp_path, Held(0).get)
    agent = surroundings_over(Held(0), workspaces, lambda _name: Cramped()).agent("cramped")
    with pytest.raises(DiskUnusable, match=f"^The disk of {tmp_path} cannot be used: No space left on device"):
        await agent.run(cast(Task, None), lambda _: None)


@pytest.mark.parametrize("name", ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "XDG_CACHE_HOME"])
def test_what_every_program_needs_is_passed(name: str) -> None:
    assert allowed_environment({name: "x"}) == {name: "x"}


@pytest.mark.parametrize(
    "name",
    ["MODEL_API_KEY", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK", "PYTHONPATH", "MY_PATH", "PATH_X",
     "DATABASE_URL", "GIT_DIR", "HTTPS_PROXY"],
)  # fmt: skip
def test_anything_else_is_not(name: str) -> None:
    assert allowed_environment({name: "x"}) == {}


def test_what_the_user_named_is_passed_if_it_is_there() -> None:
    assert allowed_environment({"API_KEY": "x", "OTHER": "y"}, ["API_KEY", "MISSING"]) == {"API_KEY": "x"}
