"""A cache repository: the base commits of one repository of a user, out of reach of whatever runs."""

import asyncio
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from proctor.errors import CacheBusy, WorkspaceChanged
from proctor.workspace.folder import write
from proctor.workspace.git import Git
from proctor.workspace.overlay import check_path
from proctor.workspace.repository import Identity

SHA1_DIGITS = 40
LOCK, USE = ".lock", ".use"
"""Endings of the files beside a repository that are locked to write to it, and to keep it from being removed."""
HALF = ".half"
"""Ending of one that is being made."""
BASES = "refs/proctor"
"""One file each; when it was written last says when its base was used last."""
LOCK_SECONDS = 600.0
LOCK_PAUSE = 0.02


class Cache:
    """The cache repository of one repository. Several processes may use it at once."""

    def __init__(self, folder: Path, repository: str) -> None:
        name = hashlib.sha256(repository.encode(errors="surrogateescape")).hexdigest()[:20]
        self.git_dir = folder / f"{name}.git"
        self._repository = repository
        self._lock = self.git_dir.with_suffix(LOCK)
        self._use = self.git_dir.with_suffix(USE)

    async def ensure(self, base: str) -> None:
        """Have the base commit, without its past, and an index of it. Raises GitFailed."""
        if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", base):
            raise WorkspaceChanged(reason=f"{base} is no commit's full id")
        kept = self.git_dir / BASES / base
        async with self.used():
            if not kept.exists():
                await self._copy(base)
            os.utime(kept)

    @asynccontextmanager
    async def used(self) -> AsyncIterator[None]:
        """Keep the repository from being removed while the block lasts."""
        async with _locked(self._use, fcntl.LOCK_SH):
            yield

    async def _copy(self, base: str) -> None:
        async with _locked(self._lock):
            if (self.git_dir / BASES / base).exists():
                return
            if not (self.git_dir / "HEAD").exists():
                await self._create(base)
            await copy_commit(Git.on_checkout(self._repository), self.git_dir, base)
            await Git.on(self.git_dir, variables=self._index(base)).run("read-tree", base)
            await Git.on(self.git_dir).run("update-ref", "--", f"{BASES}/{base}", base)

    async def _create(self, base: str) -> None:
        """Make the repository whole or not at all."""
        half = self.git_dir.with_suffix(HALF)
        try:
            shutil.rmtree(half, ignore_errors=True)
            await create(half, base, "--bare")
            shutil.rmtree(self.git_dir, ignore_errors=True)
            half.rename(self.git_dir)
        finally:
            shutil.rmtree(half, ignore_errors=True)

    async def check_out(self, base: str, folder: Path) -> None:
        """Lay the files of a base commit into an empty folder."""
        git = Git.on(self.git_dir, folder, self._index(base))
        await git.run("checkout-index", "--all", "--quiet")

    async def commit(
        self, base: str, blobs: Mapping[str, bytes], message: str, author: Identity, at: float, *, scratch: Path
    ) -> str:
        """Commit files on top of a base. The same arguments give the same commit, however often it is done."""
        ids = await self._store(list(blobs.values()), scratch)
        entries = "".join(f"100644 {blob} 0\t{check_path(path)}\0" for path, blob in zip(blobs, ids, strict=True))
        index = Git.on(self.git_dir, variables={"GIT_INDEX_FILE": f"{scratch}/index"})
        await index.run("read-tree", base)
        await index.run("update-index", "-z", "--index-info", stdin=entries.encode(errors="surrogateescape"))
        tree = await index.run("write-tree")
        git = Git.on(self.git_dir, variables=_signature(author, at))
        return await git.run("commit-tree", "-p", base, "-F", "-", tree, stdin=message.encode(errors="replace"))

    async def hand_over(self, commit: str) -> None:
        """Copy a commit of ours, with what its base lacks, into the user's repository. No ref is touched."""
        with tempfile.TemporaryFile() as pack:
            await _pack(Git.on(self.git_dir), pack, f"{commit}\n^{commit}^\n", "--thin")
            await Git.on_checkout(self._repository).pour("unpack-objects", "-q", source=pack)

    async def _store(self, blobs: list[bytes], scratch: Path) -> list[str]:
        for number, data in enumerate(blobs):
            (scratch / str(number)).write_bytes(data)
        names = "".join(f"{scratch / str(number)}\n" for number in range(len(blobs)))
        command = ("hash-object", "-w", "--no-filters", "--stdin-paths")
        return (await Git.on(self.git_dir).run(*command, stdin=names.encode())).split()

    def _index(self, base: str) -> dict[str, str]:
        return {"GIT_INDEX_FILE": str(self.git_dir / f"{base}.index")}


async def create(folder: Path, base: str, *options: str) -> None:
    """Make an empty repository for commits with such ids."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 # a moment
    kind = "sha1" if len(base) == SHA1_DIGITS else "sha256"
    settings = ("--quiet", "--template=", f"--object-format={kind}", "--initial-branch=main")
    await Git.on_checkout(folder).run("init", *settings, *options)


async def copy_commit(source: Git, git_dir: Path, base: str) -> None:
    """Copy one commit without its past, as a pack: nothing is shared, and no transport has to be trusted."""
    with tempfile.TemporaryFile() as pack:
        await _pack(source, pack, f"--shallow {base}\n{base}\n", "--shallow")
        try:
            await Git.on(git_dir).pour("index-pack", "--stdin", source=pack)
        except BaseException:
            for half in (git_dir / "objects" / "pack").glob("tmp_*"):  # git leaves it to its garbage collection
                half.unlink(missing_ok=True)
            raise
    shallow = git_dir / "shallow"
    write(shallow, (shallow.read_bytes() if shallow.exists() else b"") + f"{base}\n".encode())


async def _pack(source: Git, pack: IO[bytes], revisions: str, option: str) -> None:
    with tempfile.TemporaryFile() as wanted:
        wanted.write(revisions.encode())
        wanted.seek(0)
        await source.pour("pack-objects", "-q", "--revs", "--stdout", option, source=wanted, target=pack)
    pack.seek(0)


def _signature(author: Identity, at: float) -> dict[str, str]:
    who = {"NAME": author.name, "EMAIL": author.email, "DATE": f"@{int(at)} +0000"}
    return {f"GIT_{role}_{word}": value for role in ("AUTHOR", "COMMITTER") for word, value in who.items()}


@asynccontextmanager
async def _locked(path: Path, kind: int = fcntl.LOCK_EX) -> AsyncIterator[None]:
    """Hold a lock between processes. Raises CacheBusy when it cannot be had in time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    until = asyncio.get_running_loop().time() + LOCK_SECONDS
    while True:
        with path.open("wb") as file:
            if not lock(file, kind):
                if asyncio.get_running_loop().time() > until:
                    raise CacheBusy(path=path, seconds=int(LOCK_SECONDS))
                await asyncio.sleep(LOCK_PAUSE)
            elif os.fstat(file.fileno()).st_nlink:  # else it was removed with its repository meanwhile
                yield
                return


def lock(file: IO[bytes], kind: int) -> bool:
    """Lock a file, exclusively or shared, if that can be had at once."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
