"""A store for tests."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from proctor.contracts.store import Store
from proctor.store import open_store


@asynccontextmanager
async def temporary_store() -> AsyncIterator[Store]:
    """Open a store that is gone afterwards.

    It is the real one, SQLite, in a folder of its own: what a test sees is what users get, and there is no second
    store that could disagree with the first.
    """
    with tempfile.TemporaryDirectory(prefix="proctor-store-") as folder:
        store = await open_store(str(Path(folder, "proctor.db")))
        try:
            yield store
        finally:
            await store.close()
