"""A machine for agents and executors under test: a user's repository, blobs, surroundings, and what is left behind."""

import hashlib
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from proctor.contracts.activity import Activity
from proctor.contracts.agent import Agent
from proctor.contracts.process import ProcessLimits
from proctor.domain.interaction import Workspace
from proctor.errors import BlobMissing
from proctor.executors.surroundings import LocalSurroundings, allowed_environment
from proctor.testing.factories import COMPONENT
from proctor.testing.scripted_agent import ScriptedAgent
from proctor.workspace import Workspaces

FILES = {
    "shop/__init__.py": "",
    COMPONENT.path: (
        'def total(prices):\n    """Add prices up.\n\n    >>> total([1, 2])\n    3\n    """\n    return sum(prices)\n'
    ),
    ".gitignore": "*.log\nbuild/\n",
}
BEGUN = b"# begun before\n"
SECONDS = 20.0
"""How long processes and files may take to be gone: a thread may still be at it."""


class MemoryBlobs(dict[str, bytes]):
    """Blobs in memory."""

    async def put(self, data: bytes) -> str:
        """Store a blob and give its id."""
        blob_id = hashlib.sha256(data).hexdigest()
        self[blob_id] = data
        return blob_id

    async def get(self, blob_id: str) -> bytes:  # type: ignore[override] # the contract gives the name
        """Read a blob. Raises BlobMissing."""
        if blob_id not in self:
            raise BlobMissing(blob_id=blob_id)
        return self[blob_id]


class Place:
    """What a command meets on a machine, in a folder of its own.

    There is a user's repository with one package, a commit of it with one more file laid over (`workspace`), and real
    surroundings over both.
    """

    def __init__(self, folder: Path, agent: Callable[[str], Agent] | None = None) -> None:
        self.repository = folder / "repository"
        self.blobs = MemoryBlobs()
        self.told: list[Activity] = []
        """What was emitted."""
        self.temporary = folder / "temporary"
        self._cache = folder / "cache"
        self.temporary.mkdir(parents=True)
        self.surroundings = self._surroundings(agent or (lambda _name: ScriptedAgent()))
        self.workspace = Workspace(str(self.repository), _committed(self.repository), {"notes.txt": self._begun()})
        self._before = self._user_files()
        self._running = _children()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Have temporary files made in a folder of this place while the block lasts."""
        before, tempfile.tempdir = tempfile.tempdir, str(self.temporary)
        try:
            yield
        finally:
            tempfile.tempdir = before

    def check_clean(self, when: str) -> None:
        """See that no process and no file is left, and that the user's repository is as it was."""
        processes = self._processes()
        assert not processes, f"{when} it left {', '.join(processes)} running."
        deadline = time.monotonic() + SECONDS
        while (files := self._files()) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not files, f"{when} it left {', '.join(files)}."

    def _processes(self) -> list[str]:
        """Name the processes that were started here and do not end by themselves, and end them."""
        ours = {each for each in psutil.process_iter() if _knows(each, self.temporary)} | _children() - self._running
        running = [each for each in ours if each.is_running() and each.pid != os.getpid()]
        _, left = psutil.wait_procs(running, timeout=SECONDS)
        for each in left:
            with suppress(psutil.Error):
                each.kill()
        return sorted(f"the process {each.pid}" for each in left)

    def _files(self) -> list[str]:
        work = self._cache / "work"
        left = [*self.temporary.iterdir(), *(work.iterdir() if work.is_dir() else ())]
        changed = self._user_files().items() ^ self._before.items()
        return sorted(
            {*(path.name for path in left), *(f"a change of {name} in the repository" for name, _ in changed)}
        )

    def _begun(self) -> str:
        blob_id = hashlib.sha256(BEGUN).hexdigest()
        self.blobs[blob_id] = BEGUN
        return blob_id

    def _surroundings(self, agent: Callable[[str], Agent]) -> LocalSurroundings:
        return LocalSurroundings(
            session_id="session-1",
            workspaces=Workspaces(self._cache.resolve(), self.blobs.get),
            store=self.blobs,
            emit=self.told.append,
            limits=ProcessLimits(seconds=30),
            environment={**allowed_environment(os.environ), "TMPDIR": str(self.temporary)},
            agent=agent,
        )

    def _user_files(self) -> dict[str, bytes]:
        files = (path for path in self.repository.rglob("*") if path.is_file() and ".git" not in path.parts)
        return {path.relative_to(self.repository).as_posix(): path.read_bytes() for path in files}


def _children() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


def _knows(process: psutil.Process, folder: Path) -> bool:
    """Tell whether a process was started with our folder for temporary files, whoever its parent is by now."""
    try:
        return process.environ().get("TMPDIR") == str(folder)
    except (psutil.Error, OSError):
        return False


def _committed(top: Path) -> str:
    for name, text in FILES.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text, encoding="utf-8")
    _git(top, "init", "--quiet", "--initial-branch=main")
    _git(top, "add", "--all")
    _git(top, "commit", "--quiet", "--message", "first")
    return _git(top, "rev-parse", "HEAD")


def _git(top: Path, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    ours = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    somebody = ["-c", "user.name=Ada Example", "-c", "user.email=ada@example.org"]
    argv = ["git", "-C", str(top), *somebody, *arguments]
    return subprocess.run(argv, check=True, capture_output=True, text=True, env={**environment, **ours}).stdout.strip()
