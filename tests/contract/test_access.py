"""What every store promises of tokens and of the audit."""

import pytest

from proctor.contracts.access import Deed, Token
from proctor.contracts.store import Store
from proctor.domain.scope import Scope
from proctor.errors import TokenExists
from proctor.store import open_store

HERE = Scope("acme", "one", "ann")


def token(name: str = "ci", **changes: object) -> Token:
    return Token(
        **{"digest": f"hash of {name}", "name": name, "role": "operator", "scope": HERE, "created_at": 1.0} | changes
    )  # type: ignore[arg-type] # fields of a token


async def test_a_token_is_found_by_its_hash_alone(store: Store) -> None:
    await store.add_token(token(expires_at=9.0))
    assert await store.token("hash of ci") == token(expires_at=9.0)
    assert await store.token("hash of another") is None
    assert await store.token("ci") is None


async def test_tokens_are_listed_in_the_order_of_their_making(store: Store) -> None:
    for name in "cab":
        await store.add_token(token(name))
    assert [each.name for each in await store.tokens()] == ["c", "a", "b"]


async def test_a_revoked_token_is_worth_nothing_and_its_name_is_free(store: Store) -> None:
    await store.add_token(token())
    assert await store.revoke_token("ci", 5.0)
    assert not await store.revoke_token("ci", 6.0)
    assert await store.token("hash of ci") == token(revoked_at=5.0)
    await store.add_token(token(digest="another"))


async def test_two_valid_tokens_have_two_names(store: Store) -> None:
    await store.add_token(token())
    with pytest.raises(TokenExists):
        await store.add_token(token(digest="another"))


@pytest.mark.parametrize(
    ("changes", "now", "valid"),
    [
        ({}, 5.0, True),
        ({"expires_at": 6.0}, 5.0, True),
        ({"expires_at": 5.0}, 5.0, False),
        ({"revoked_at": 1.0}, 5.0, False),
    ],
)
def test_a_token_is_valid_until_it_expires_or_is_revoked(changes: dict[str, float], now: float, valid: bool) -> None:
    assert token(**changes).is_valid(now) is valid


async def test_the_audit_is_read_newest_first_within_the_scope(store: Store) -> None:
    deeds = [Deed(float(at), HERE, "cancelSession", f"session {at}", {"outcome": "ok\ud800"}) for at in range(5)]
    for deed in deeds:
        await store.record(deed)
    await store.record(Deed(9.0, Scope("acme", "two", "ann"), "cancelSession"))
    found = await store.deeds(HERE, limit=3)
    assert [deed.session for deed in found] == ["session 4", "session 3", "session 2"]
    assert found[0].detail == {"outcome": "ok\ufffd"}


async def test_tokens_and_audit_survive(database: str) -> None:
    store = await open_store(database)
    await store.add_token(token())
    await store.record(Deed(1.0, HERE, "shout"))
    await store.close()
    again = await open_store(database)
    assert (await again.tokens(), await again.deeds(HERE)) == ([token()], [Deed(1.0, HERE, "shout")])
    await again.close()
