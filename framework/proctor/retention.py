"""Gives disk and time back: what is over goes after the days that the settings say, bit by bit, while others work.

Nothing of a tree that goes on is touched, nor a cache repository that it may need.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from proctor.config import Days, Settings
from proctor.contracts.retention import Pruned, Terms
from proctor.contracts.store import Store
from proctor.domain.head import Head
from proctor.errors import DatabaseBusy
from proctor.finish import finish
from proctor.workspace.folder import leftovers, remove
from proctor.workspace.stale import remove_clone, remove_folder, size, stale_clones, stale_kept, stale_tasks

CHORE = "prune"
DAY_S = 86_400.0
LOOK_S = 3600.0
"""How often a server looks whether the day is over."""
BEGIN_S = 3.0
"""A run that is shorter is left alone."""
REST = 2
"""What is done in the background rests after a slice so many times as long as that took."""

T = TypeVar("T")

_log = logging.getLogger("proctor.retention")


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What was, or would be, given back."""

    pruned: Pruned
    """Of the database's content."""
    disk: int = 0
    """Bytes by which the database's file shrinks; the rest of what is free in it is used again."""
    clones: int = 0
    """Cache repositories."""
    folders: int = 0
    """Work folders of processes that are gone."""
    kept: int = 0
    """Runs whose work folders a user had kept."""
    folder_bytes: int = 0
    """Of all folders together."""


class Retention:
    """Prunes one database and the folders of its user."""

    def __init__(self, store: Store, settings: Settings, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._keep = settings.retention
        self._folder = settings.cache
        self._clock = clock

    async def preview(self, *, older_than: int | None = None) -> GivenBack:
        """Count what `prune` would give back, and change nothing."""
        pruned = await self._store.prunable(self._terms(older_than))
        clones, folders = await self._clones(), await finish(asyncio.to_thread(self._dead))
        kept = await self._kept(older_than)
        sizes = await finish(asyncio.to_thread(lambda: sum(map(size, [*clones, *folders, *kept]))))
        return GivenBack(pruned, clones=len(clones), folders=len(folders), kept=len(kept), folder_bytes=sizes)

    async def prune(self, *, older_than: int | None = None, rest: float = 0) -> GivenBack:
        """Forget what is over, and remove what nobody needs. With `older_than`, trees that ended so many days ago.

        After a slice it rests `rest` times as long as that took. It may be cancelled at any time: what was done is
        done, and the next one does the rest.
        """
        terms, total, disk = self._terms(older_than), Pruned(), 0
        while pruned := await _rested(self._store.prune(terms), rest):
            total += pruned
        left = await self._store.orphans(terms)
        while left:
            pruned, left = await _rested(self._store.drop(left, terms), rest)
            total += pruned
        while freed := await _rested(self._store.shrink(), rest):
            disk += freed
        clones = [await finish(asyncio.to_thread(remove_clone, path, self._unused())) for path in await self._clones()]
        folders = await finish(asyncio.to_thread(self._sweep))
        kept = [await finish(asyncio.to_thread(_removed, path)) for path in await self._kept(older_than)]
        sizes = sum(clones) + sum(folders) + sum(kept)
        return GivenBack(total, disk, sum(map(bool, clones)), len(folders), len(kept), folder_bytes=sizes)

    async def prune_daily(self) -> None:
        """Prune whenever nobody, in any process on this database, has for a day. For a task of its own."""
        await asyncio.sleep(BEGIN_S)
        while True:
            try:
                if await self._store.claim(CHORE, self._clock(), DAY_S):
                    _log.info("pruned: %s", await self.prune(rest=REST))
            except DatabaseBusy:
                _log.info("what is over is pruned later: the database is busy")
            except Exception:  # noqa: BLE001 # whatever it is, what runs here must not end for it
                _log.exception("What is over could not be pruned; it is tried again in a day")
            await asyncio.sleep(LOOK_S)

    def _terms(self, older_than: int | None) -> Terms:
        ended = None if older_than is None else self._ago(older_than)
        return Terms(
            events=self._ago(self._keep.events) if ended is None else ended,
            sessions=self._ago(self._keep.sessions) if ended is None else ended,
            audit=self._ago(self._keep.audit),
            blobs=self._ago(1),
        )

    def _ago(self, days: Days) -> float | None:
        return None if days == "forever" else self._clock() - days * DAY_S

    def _unused(self) -> float:
        before = self._ago(self._keep.clones)
        return float("-inf") if before is None else before

    async def _clones(self) -> list[Path]:
        needed = await _repositories(self._store)
        return await finish(asyncio.to_thread(stale_clones, self._folder, self._unused(), needed))

    async def _kept(self, older_than: int | None) -> list[Path]:
        """Find what was kept of runs for as long as a run itself is."""
        before = self._terms(older_than).sessions
        if before is None:
            return []
        going = {tree.root for tree in await self._store.open_trees()}
        return await finish(asyncio.to_thread(stale_kept, self._folder, before, going))

    def _dead(self) -> list[Path]:
        return [*leftovers(self._folder), *stale_tasks(self._clock() - DAY_S)]

    def _sweep(self) -> list[int]:
        ours, others = leftovers(self._folder), stale_tasks(self._clock() - DAY_S)
        return [*map(_removed, ours), *map(remove_folder, others)]


@asynccontextmanager
async def in_background(store: Store, settings: Settings) -> AsyncIterator[None]:
    """Prune once a day while the block lasts, unless the settings say no."""
    if not settings.retention.daily:
        yield
        return
    task = asyncio.create_task(Retention(store, settings).prune_daily(), name="retention")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _rested(slice_: Awaitable[T], rest: float) -> T:
    """Await a slice of work, and leave others their time after it."""
    began = time.monotonic()
    answer = await slice_
    await asyncio.sleep((time.monotonic() - began) * rest)
    return answer


def _removed(folder: Path) -> int:
    """Remove a folder of ours, whatever its permissions, and give its bytes."""
    before = size(folder)
    remove(folder)
    return before


async def _repositories(store: Store) -> set[str]:
    """Name the repositories of the trees that go on: a commit of them may be nowhere any more but in the cache."""
    trees = await store.open_trees()
    return {name for tree in trees for head in await store.descendants(tree.scope, tree.root) for name in _named(head)}


def _named(head: Head) -> list[str]:
    workspace = head.pending.command.workspace if head.pending else None
    said = head.birth.subject.get("repository")
    return [*([said] if isinstance(said, str) else []), *([workspace.repository] if workspace else [])]
