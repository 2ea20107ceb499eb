"""What every store promises of tokens and of the audit."""

from proctor.contracts.access import Deed
from proctor.contracts.store import Store
from proctor.domain.scope import Scope
from proctor.errors import TokenExists
from proctor.testing.kit import rule
from proctor.testing.store.heads import HERE, refused, token
from proctor.testing.store.opened import Opened


class Access(Opened):
    """What every store promises of tokens and of the audit."""

    @rule()
    async def test_a_token_is_found_by_its_hash_alone(self, store: Store) -> None:
        """A token is found by its hash alone."""
        await store.add_token(token(expires_at=9.0))
        assert await store.token("hash of ci") == token(expires_at=9.0)
        assert await store.token("hash of another") is None
        assert await store.token("ci") is None

    @rule()
    async def test_tokens_are_listed_in_the_order_of_their_making(self, store: Store) -> None:
        """Tokens are listed in the order of their making."""
        for name in "cab":
            await store.add_token(token(name))
        assert [each.name for each in await store.tokens()] == ["c", "a", "b"]

    @rule()
    async def test_a_revoked_token_is_worth_nothing_and_its_name_is_free(self, store: Store) -> None:
        """A revoked token is worth nothing and its name is free."""
        await store.add_token(token())
        assert await store.revoke_token("ci", 5.0)
        assert not await store.revoke_token("ci", 6.0)
        assert await store.token("hash of ci") == token(revoked_at=5.0)
        await store.add_token(token(digest="another"))

    @rule()
    async def test_two_valid_tokens_have_two_names(self, store: Store) -> None:
        """Two valid tokens have two names."""
        await store.add_token(token())
        with refused(TokenExists):
            await store.add_token(token(digest="another"))

    @rule()
    async def test_the_audit_is_read_newest_first_within_the_scope(self, store: Store) -> None:
        """The audit is read newest first within the scope."""
        deeds = [Deed(float(at), HERE, "cancelSession", f"session {at}", {"outcome": "ok\ud800"}) for at in range(5)]
        for deed in deeds:
            await store.record(deed)
        await store.record(Deed(9.0, Scope("acme", "two", "ann"), "cancelSession"))
        found = await store.deeds(HERE, limit=3)
        assert [deed.session for deed in found] == ["session 4", "session 3", "session 2"]
        assert found[0].detail == {"outcome": "ok\ufffd"}
