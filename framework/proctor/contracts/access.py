"""The contract of what keeps tokens and the audit: who may call a shared server, and what was done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from proctor.domain.json import EMPTY, JsonObject
from proctor.domain.scope import Scope


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token, without the token: only its hash is kept."""

    digest: str
    """The sha256 of the token in hex digits."""
    name: str
    """Under which it can be revoked; unique among those that are valid."""
    role: str
    """viewer, operator or admin."""
    scope: Scope
    """Whose sessions it opens."""
    created_at: float
    """Seconds since the epoch, like the other two."""
    expires_at: float | None = None
    revoked_at: float | None = None

    def is_valid(self, now: float) -> bool:
        """Tell whether it still opens anything; `now` is in seconds since the epoch."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class Deed:
    """One row of the audit: who did what."""

    at: float
    """Seconds since the epoch."""
    scope: Scope
    """Who did it, and in which account and project."""
    action: str
    """The mutation's name."""
    session: str | None = None
    """The id of the session that was changed."""
    detail: JsonObject = EMPTY


class AccessStore(Protocol):
    """Keeps tokens and the audit."""

    async def add_token(self, token: Token) -> None:
        """Add a token. Raises TokenExists if one of that name is valid."""

    async def token(self, digest: str) -> Token | None:
        """Find a token by its hash."""

    async def tokens(self) -> Sequence[Token]:
        """Read all tokens, the oldest first."""

    async def revoke_token(self, name: str, now: float) -> bool:
        """Revoke the token of that name; False if there is none that could be."""

    async def record(self, deed: Deed) -> None:
        """Append to the audit."""

    async def deeds(self, scope: Scope, *, limit: int = 100) -> Sequence[Deed]:
        """Read the newest entries of the audit, newest first."""
