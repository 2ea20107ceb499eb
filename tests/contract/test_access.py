"""When a token is worth something. What stores promise of tokens is in their kit."""

import pytest

from proctor.testing.store.heads import TokenFields, token


@pytest.mark.parametrize(
    ("changes", "now", "valid"),
    [
        ({}, 5.0, True),
        ({"expires_at": 6.0}, 5.0, True),
        ({"expires_at": 5.0}, 5.0, False),
        ({"revoked_at": 1.0}, 5.0, False),
    ],
)
def test_a_token_is_valid_until_it_expires_or_is_revoked(changes: TokenFields, now: float, valid: bool) -> None:
    assert token(**changes).is_valid(now) is valid
