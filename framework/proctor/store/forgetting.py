"""The store's way to forget: each call is one request to its writer, or a look on a connection of its own."""

from collections.abc import Sequence
from pathlib import Path

from proctor.contracts.retention import Pruned, Terms
from proctor.store import looking, pruning
from proctor.store.pruning import SQL
from proctor.store.writer import Writer


class Forgetting:
    """Forgets what is over, in one SQLite file. Implements `proctor.contracts.retention.RetentionStore`."""

    path: Path
    _writer: Writer

    async def claim(self, chore: str, now: float, every_s: float) -> bool:
        """Take a chore that nobody, in any process, has taken for so many seconds; False if somebody has."""
        parameters = {"chore": chore, "now": now, "every": every_s}
        return await self._writer.write(lambda batch: batch.execute(SQL["claim"], parameters).rowcount == 1)

    async def prunable(self, terms: Terms) -> Pruned:
        """Count what could be forgotten."""
        return await looking.prunable(self.path, terms) + await looking.sized(self.path, await self.orphans(terms))

    async def prune(self, terms: Terms) -> Pruned:
        """Forget a little of it, in one transaction of some milliseconds. Nothing: no more is left."""
        return await self._writer.write(lambda batch: pruning.slice_of(batch, terms))

    async def orphans(self, terms: Terms) -> list[str]:
        """Find the blobs that no session names but those that could be forgotten."""
        return [] if terms.blobs is None else await looking.orphans(self.path, terms)

    async def drop(self, blob_ids: Sequence[str], terms: Terms) -> tuple[Pruned, Sequence[str]]:
        """Forget the first of these blobs, unless they were put again meanwhile, and say which are left to be tried."""
        return await self._writer.write(lambda batch: pruning.drop(batch, blob_ids, terms))

    async def shrink(self) -> int:
        """Give a little of the space that is free back to the disk, and say how many bytes; 0: no more is left."""
        return await self._writer.write(pruning.shrink)
