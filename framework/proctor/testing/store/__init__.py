"""The kit for stores."""

from proctor.testing.store.access import Access
from proctor.testing.store.changes import Changes
from proctor.testing.store.durability import Durability
from proctor.testing.store.family import Family
from proctor.testing.store.retention import Retention
from proctor.testing.store.stream import Stream
from proctor.testing.store.trees import Trees


class StoreContract(Changes, Family, Trees, Stream, Retention, Durability, Access):
    """Every rule for a store.

        class TestMyStore(StoreContract):
            async def open(self):
                return await open_my_store(self.folder / "sessions.db")

    Set `lasting` or `shared` to False if the store cannot do that.
    """


__all__ = ["StoreContract"]
