"""Workspaces on this machine: opened, compared, committed and published."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

from proctor.domain.interaction import Workspace
from proctor.errors import WorkspaceChanged
from proctor.finish import finish
from proctor.workspace.branch import branch_exists, check_branch_name, create_branch, published_as
from proctor.workspace.cache import Cache, copy_commit, create
from proctor.workspace.differences import differences
from proctor.workspace.disk import CACHE, ROOM, try_room, written
from proctor.workspace.folder import KEPT, WORK, claim, keep, let_go, remove
from proctor.workspace.git import Git
from proctor.workspace.overlay import lay
from proctor.workspace.repository import Identity, Repository
from proctor.workspace.stale import size

GetBlob = Callable[[str], Awaitable[bytes]]
Carried = Callable[[], Awaitable[Mapping[str, str]]]
"""Gives what lies below the overlay of every workspace, path -> blob, and never lands."""


class Workspaces:
    """Lays workspaces out below a folder of ours, where it also keeps the cache repositories. `get` reads a blob.

    The folder's path is resolved: it has no links.
    """

    def __init__(
        self, folder: Path, get: GetBlob, *, carried: Carried | None = None, keep_at: Path | None = None
    ) -> None:
        self._top = folder
        self._get = get
        self._carried = carried or _nothing
        self._keep_at = keep_at
        self._open: dict[Path, Workspace] = {}

    def fitted(self, carried: Carried, kept_as: str | None = None) -> "Workspaces":
        """Give the same for one command: with what is carried along, and the name under which its folders are kept."""
        keep_at = None if kept_as is None else self.kept(kept_as)
        return Workspaces(self._top, self._get, carried=carried, keep_at=keep_at)

    def kept(self, name: str) -> Path:
        """Give the place of what is kept under a name."""
        return self._top / KEPT / name

    @asynccontextmanager
    async def open(self, workspace: Workspace, *, key: str | None = None) -> AsyncIterator[Path]:
        """Lay a workspace out in a folder of its own, and remove it afterwards, unless it is to be kept.

        Without a key there are the files only. With one, the folder's path is the same every time, it is made anew
        every time, and it is a git repository of its own, with the overlay as uncommitted changes; there is room for
        another copy of it, which is what `changed` needs: work that is paid for must not be lost for want of that.
        """
        with self.written():
            async with self._cache(workspace.repository).used(), self._folder(key, keep_at=self._keep_at) as folder:
                await self._lay(workspace, folder, with_git=key is not None)
                await asyncio.to_thread(lambda: self._try_room(size(folder) if key else 0))
                self._open[folder] = workspace
                try:
                    yield folder
                finally:
                    del self._open[folder]

    @asynccontextmanager
    async def scratch(self) -> AsyncIterator[Path]:
        """Give an empty folder, and remove it afterwards."""
        with self.written():
            async with self._folder(None) as folder:
                await asyncio.to_thread(self._try_room)
                yield folder

    def written(self) -> AbstractContextManager[None]:
        """Raise DiskUnusable where the block fails because our folder takes nothing more."""
        return written(self._top, CACHE)

    async def changed(self, path: Path, *, named: Sequence[str] = ()) -> list[str]:
        """List the files in an open workspace that differ from its base plus overlay: new, changed and deleted.

        They are compared by content with a second, untouched copy, so nothing planted in the workspace is believed.
        New files that the base ignores are left out, unless named.
        """
        workspace = self._open[path]
        with self.written():
            async with self._folder(None) as untouched:
                await self._lay(workspace, untouched, with_git=False)
                new, touched = await asyncio.to_thread(differences, untouched, path)
                ignored = await self._ignored(workspace, untouched, new)
        return sorted(touched | (new - (ignored - set(named))))

    async def commit(self, workspace: Workspace, message: str, *, author: Identity, at: float) -> str:
        """Commit the overlay on top of the base, where nothing ever ran, and give the commit's id.

        The same arguments give the same commit.
        """
        cache = self._cache(workspace.repository)
        blobs = {path: await self._get(blob) for path, blob in sorted(workspace.overlay.items())}
        with self.written():
            await cache.ensure(workspace.base)
            async with self._folder(None) as scratch:
                return await cache.commit(workspace.base, blobs, message, author, at, scratch=scratch)

    async def branch_exists(self, repository: Repository, branch: str) -> bool:
        """Say whether a new branch cannot have that name. Raises InvalidBranchName."""
        await check_branch_name(branch)
        return await branch_exists(str(repository.top), branch)

    async def publish(self, repository: str, commit: str, branch: str, *, explicit: bool) -> str:
        """Give the user's repository a new branch at a commit made here, and give the branch's name.

        A taken name gets -2, -3, …; an explicit one raises BranchExists. Doing it again gives the same branch.
        Raises InvalidBranchName.
        """
        await check_branch_name(branch)
        if found := await published_as(repository, commit, branch, explicit=explicit):
            return found
        with written(Path(repository)):
            await self._cache(repository).hand_over(commit)
            return await create_branch(repository, commit, branch, explicit=explicit)

    def _try_room(self, more: int = 0) -> None:
        try_room(self._top / WORK, ROOM + more)

    def _cache(self, repository: str) -> Cache:
        return Cache(self._top / "repositories", repository)

    @asynccontextmanager
    async def _folder(self, key: str | None, *, keep_at: Path | None = None) -> AsyncIterator[Path]:
        if key is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", key):
            raise WorkspaceChanged(reason=f"{key!r} is no key for a folder")
        folder = self._top / WORK / (key or secrets.token_hex(8))
        await finish(asyncio.to_thread(remove, folder))
        try:
            claim(folder)
            yield folder
        finally:
            end = partial(let_go, folder) if keep_at is None else partial(keep, folder, keep_at)
            await finish(asyncio.to_thread(end))

    async def _lay(self, workspace: Workspace, folder: Path, *, with_git: bool) -> None:
        cache = self._cache(workspace.repository)
        await cache.ensure(workspace.base)
        if with_git:
            await _own_repository(cache, workspace.base, folder)
        else:
            await cache.check_out(workspace.base, folder)
        for path, blob in {**await self._carried(), **workspace.overlay}.items():
            lay(folder, path, await self._get(blob))

    async def _ignored(self, workspace: Workspace, untouched: Path, new: set[str]) -> set[str]:
        """Tell which new files the base and overlay ignore; what the workspace itself says by now does not count."""
        question = "".join(f"{name}\0" for name in new).encode(errors="surrogateescape")
        git = Git.on(self._cache(workspace.repository).git_dir, untouched)
        answer = await git.ask("check-ignore", "--no-index", "-z", "--stdin", stdin=question)
        return set(answer.text.split("\0"))


async def _nothing() -> Mapping[str, str]:
    return {}


async def _own_repository(cache: Cache, base: str, folder: Path) -> None:
    """Make a repository with the base commit checked out. It shares nothing with the cache."""
    await create(folder, base)
    await copy_commit(Git.on(cache.git_dir), folder / ".git", base)
    git = Git.on_checkout(folder)
    await git.run("update-ref", "--", "refs/heads/main", base)
    await git.run("read-tree", "--reset", "-u", base)
