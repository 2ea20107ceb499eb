"""What every store promises of its end: what was acknowledged is there when it is opened again."""

import asyncio

from proctor.contracts.access import Deed
from proctor.contracts.store import Store
from proctor.testing.kit import rule
from proctor.testing.store.heads import HERE, plant, shared, token, told
from proctor.testing.store.opened import Opened


class Durability(Opened):
    """What every store promises of its end: what was acknowledged is there when it is opened again."""

    @rule(when="lasting")
    async def test_what_was_written_is_there_when_the_store_is_opened_again(self, store: Store) -> None:
        """What was written is there when the store is opened again."""
        await store.commit(plant())
        await store.close()
        again = await self.open()
        found = await again.head(HERE, "root")
        await again.close()
        assert found == plant().head

    @rule(when="lasting")
    async def test_closing_finishes_what_is_under_way(self, store: Store) -> None:
        """Closing finishes what is under way."""
        await store.commit(plant())
        telling = [asyncio.create_task(store.tell("root", told("x"))) for _ in range(50)]
        await asyncio.sleep(0)
        await store.close()
        await asyncio.gather(*telling)
        again = await self.open()
        tree = await shared(again, "root")
        await again.close()
        assert tree.events == 50

    @rule(when="lasting")
    async def test_tokens_and_audit_survive(self, store: Store) -> None:
        """Tokens and audit survive."""
        await store.add_token(token())
        await store.record(Deed(1.0, HERE, "shout"))
        await store.close()
        again = await self.open()
        assert (await again.tokens(), await again.deeds(HERE)) == ([token()], [Deed(1.0, HERE, "shout")])
        await again.close()
