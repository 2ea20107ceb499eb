"""What an executor may use of this machine."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from pathlib import Path
from typing import Protocol

from proctor.contracts.activity import Activity, Emit
from proctor.contracts.agent import Agent, AgentResult, Task
from proctor.contracts.process import ProcessLimits
from proctor.domain.interaction import Workspace
from proctor.executors.asked import AskedAgent
from proctor.registry import Plugin
from proctor.store.busy import patiently
from proctor.workspace import Identity, Workspaces

HARMLESS = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TERM|COLORTERM|NO_COLOR"
    r"|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS"
    r"|XDG_\w+_(HOME|DIR)|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH"
)


def allowed_environment(environment: Mapping[str, str], names: Iterable[str] = ()) -> dict[str, str]:
    """Give what processes may see: what every program needs and holds no secret, and what the user named."""
    named = frozenset(names)
    return {name: value for name, value in environment.items() if name in named or HARMLESS.fullmatch(name)}


class Blobs(Protocol):
    """Where blobs are kept."""

    async def put(self, data: bytes) -> str:
        """Store a blob and give its id."""

    async def get(self, blob_id: str) -> bytes:
        """Read a blob. Raises BlobMissing."""


class LocalSurroundings:
    """The surroundings of one command on this machine. Implements `proctor.contracts.Surroundings`."""

    def __init__(
        self,
        *,
        session_id: str,
        workspaces: Workspaces,
        store: Blobs,
        emit: Emit,
        limits: ProcessLimits,
        environment: Mapping[str, str],
        agent: Callable[[str], Agent],
        brought_by: Callable[[str], Plugin | None] = lambda _name: None,
    ) -> None:
        self.session_id = session_id
        self.limits = limits
        self.environment = environment
        self._workspaces = workspaces
        self._store = store
        self._emit = emit
        self._agent = agent
        self._brought_by = brought_by

    def open(self, workspace: Workspace, *, key: str | None = None) -> AbstractAsyncContextManager[Path]:
        """Lay the workspace out in a folder of its own, and remove it afterwards."""
        return self._workspaces.open(workspace, key=key)

    def scratch(self) -> AbstractAsyncContextManager[Path]:
        """Give an empty folder outside every workspace, and remove it afterwards."""
        return self._workspaces.scratch()

    async def changed(self, path: Path, *, named: Sequence[str] = ()) -> Sequence[str]:
        """List the files of an open workspace that differ from its base plus overlay."""
        return await self._workspaces.changed(path, named=named)

    async def commit(self, workspace: Workspace, message: str, *, name: str, email: str, at: float) -> str:
        """Commit the overlay on top of the base and give the commit's id."""
        return await self._workspaces.commit(workspace, message, author=Identity(name, email), at=at)

    async def publish(self, repository: str, commit: str, branch: str, *, explicit: bool) -> str:
        """Create a branch at such a commit in the user's repository, and give its name."""
        return await self._workspaces.publish(repository, commit, branch, explicit=explicit)

    async def put(self, data: bytes) -> str:
        """Store a blob and give its id, again and again while the database is busy: what an agent wrote is dear."""
        return await patiently(lambda: self._store.put(data))

    async def get(self, blob_id: str) -> bytes:
        """Read a blob. Raises BlobMissing."""
        return await self._store.get(blob_id)

    def emit(self, activity: Activity) -> None:
        """Say what happens, for whoever watches."""
        self._emit(activity)

    def agent(self, name: str) -> Agent:
        """Give the agent of that name."""
        return AskedAgent(Writer(self._agent(name), self._workspaces.written), name, self._brought_by(name))


class Writer(Agent):
    """Passes a task on. That a disk takes nothing more is not the agent's failure: it raises DiskUnusable."""

    def __init__(self, agent: Agent, written: Callable[[], AbstractContextManager[None]]) -> None:
        super().__init__(agent.options)
        self._agent = agent
        self._written = written

    async def run(self, task: Task, emit: Emit) -> AgentResult:
        """Have the agent do the task."""
        with self._written():
            return await self._agent.run(task, emit)
