"""The contract of an executor: it knows how to carry out one kind of command."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import ClassVar, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from proctor.contracts.activity import Activity
from proctor.contracts.agent import Agent
from proctor.contracts.process import ProcessLimits
from proctor.domain.interaction import Command, Result, Workspace


class Surroundings(Protocol):
    """What an executor may use of the machine that it runs on. Built by the application, one per command."""

    session_id: str
    """The session whose command it is."""
    limits: ProcessLimits
    """What a process of this command may use. The time holds unless its arguments name another."""
    environment: Mapping[str, str]
    """What processes of this command may see of the environment: an allow-list, already applied."""

    def open(self, workspace: Workspace, *, key: str | None = None) -> AbstractAsyncContextManager[Path]:
        """Lay the workspace out in a folder of its own, and remove it afterwards.

        With a `key` the folder's path is the same every time (an agent's conversation is bound to its path) and the
        folder is a git repository of its own. Raises GitFailed, CacheBusy, WorkspaceChanged, UnsafePath or BlobMissing.
        """

    def scratch(self) -> AbstractAsyncContextManager[Path]:
        """Give an empty folder outside every workspace, and remove it afterwards."""

    async def changed(self, path: Path, *, named: Sequence[str] = ()) -> Sequence[str]:
        """List the files that differ from the base commit plus overlay: new, changed and deleted ones.

        `path` is a folder that `open` gave; what is listed is relative to it, with forward slashes. New files that
        the base commit ignores are left out, unless named.
        """

    async def commit(self, workspace: Workspace, message: str, *, name: str, email: str, at: float) -> str:
        """Commit the overlay on top of the base, where nothing ever ran, and give the commit's id.

        `name` and `email` are the author's and the committer's, `at` is their date in seconds since the epoch. The
        same arguments give the same commit.
        """

    async def publish(self, repository: str, commit: str, branch: str, *, explicit: bool) -> str:
        """Create a branch at such a commit in the user's repository, and give its name.

        `repository` is a workspace's. A taken name gets -2, -3, …; an explicit one raises BranchExists. Raises
        InvalidBranchName for one that git does not accept.
        """

    async def put(self, data: bytes) -> str:
        """Store a blob and give its id, the sha256 in hex digits."""

    async def get(self, blob_id: str) -> bytes:
        """Read a blob. Raises BlobMissing."""

    def emit(self, activity: Activity) -> None:
        """Say what happens, for whoever watches. Never blocks; too much of it is dropped and counted."""

    def agent(self, name: str) -> Agent:
        """Give the agent of that name. Raises UnknownAgent, PluginMissing or PluginBroken."""


class Anything(BaseModel):
    """An object with whatever members."""

    model_config = ConfigDict(extra="allow", frozen=True)


Parks = Literal["children", "external"]
"""`children`: until all children of the session have ended. `external`: until somebody submits a result."""


class Executor(ABC):
    """Carries out one kind of command. Register the class under the entry-point group `proctor.executors`."""

    contract: ClassVar[int] = 1
    """The version of this contract that it was written for."""
    parks: ClassVar[Parks | None] = None
    """What a started command of this kind waits for; such an executor's `execute` is never called."""
    spends: ClassVar[bool] = False
    """Whether such a command may cost tokens or money: none is started once the budget for them is used up."""
    Arguments: ClassVar[type[BaseModel]]
    """The arguments that a command of this kind must have."""
    Data: ClassVar[type[BaseModel]] = Anything
    """The data of its results, for whoever executes such commands elsewhere."""

    @abstractmethod
    async def execute(self, command: Command, surroundings: Surroundings) -> Result:
        """Do it, and say what came of it. Cancelling the call ends everything that it started.

        The status is `ok`, `warning` or `error` if the work was done, however it ended, and `fault` if it could not be
        done. Whatever is raised becomes a `fault`. May be called again for the same command, after a crash.
        """
