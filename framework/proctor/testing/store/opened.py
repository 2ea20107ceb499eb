"""What all rules for stores need: one that is open."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

from proctor.contracts.store import Store
from proctor.testing.kit import Kit


class Opened(Kit):
    """Opens a store for each rule, empty, and closes it after."""

    page = "docs/testing.md#stores"
    lasting: ClassVar[bool] = True
    """False: what it keeps is gone when it is closed."""
    shared: ClassVar[bool] = True
    """False: it cannot be open twice at the same time."""

    async def open(self) -> Store:
        """Open the store: the same one each time within a rule, another one for another rule.

        `self.folder` is an empty folder of the rule's own, and its name is found nowhere else.
        """
        raise NotImplementedError("a kit for stores needs a method `open`")

    async def keep(self, promise: Callable[..., Awaitable[None]]) -> None:
        """Run a rule with an open store."""
        store = await self.open()
        try:
            await promise(store)
        finally:
            await store.close()
