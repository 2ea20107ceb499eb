"""Every store keeps what the contract promises. Another implementation joins by a class."""

from proctor.contracts.store import Store
from proctor.store import open_store
from proctor.testing import StoreContract


class TestSqlite(StoreContract):
    async def open(self) -> Store:
        return await open_store(f"sqlite://{self.folder}/proctor.db")
