"""Surroundings that fail once: the disk is full, at the moment of one's choice."""

import errno
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from proctor.contracts.activity import Activity
from proctor.contracts.agent import Agent
from proctor.contracts.executor import Surroundings
from proctor.contracts.process import ProcessLimits
from proctor.domain.interaction import Workspace


class FailingSurroundings:
    """Passes everything on to other surroundings, but for one call, which raises OSError."""

    def __init__(self, inner: Surroundings, at: int) -> None:
        self._inner = inner
        self._left = at
        self.session_id: str = inner.session_id
        self.limits: ProcessLimits = inner.limits
        self.environment: Mapping[str, str] = inner.environment
        self.failed: str | None = None
        """The call that failed."""
        self.error = OSError(errno.ENOSPC, "No space left on device")

    def open(self, workspace: Workspace, *, key: str | None = None) -> AbstractAsyncContextManager[Path]:
        """Open a workspace."""
        return self._entered("open", self._inner.open(workspace, key=key))

    def scratch(self) -> AbstractAsyncContextManager[Path]:
        """Give an empty folder."""
        return self._entered("scratch", self._inner.scratch())

    async def changed(self, path: Path, *, named: Sequence[str] = ()) -> Sequence[str]:
        """List changed files."""
        self._count("changed")
        return await self._inner.changed(path, named=named)

    async def commit(self, workspace: Workspace, message: str, *, name: str, email: str, at: float) -> str:
        """Commit."""
        self._count("commit")
        return await self._inner.commit(workspace, message, name=name, email=email, at=at)

    async def publish(self, repository: str, commit: str, branch: str, *, explicit: bool) -> str:
        """Publish a branch."""
        self._count("publish")
        return await self._inner.publish(repository, commit, branch, explicit=explicit)

    async def put(self, data: bytes) -> str:
        """Store a blob."""
        self._count("put")
        return await self._inner.put(data)

    async def get(self, blob_id: str) -> bytes:
        """Read a blob."""
        self._count("get")
        return await self._inner.get(blob_id)

    def emit(self, activity: Activity) -> None:
        """Say what happens."""
        self._inner.emit(activity)

    def agent(self, name: str) -> Agent:
        """Give an agent."""
        self._count("agent")
        return self._inner.agent(name)

    @asynccontextmanager
    async def _entered(self, name: str, context: AbstractAsyncContextManager[Path]) -> AsyncIterator[Path]:
        self._count(name)
        async with context as path:
            yield path

    def _count(self, name: str) -> None:
        if self._left == 0:
            self.failed = name
        self._left -= 1
        if self.failed == name and self._left == -1:
            raise self.error
