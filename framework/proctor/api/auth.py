"""Who may call: a bearer token becomes a role and a scope, or is refused."""

import asyncio
import hashlib
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeGuard, get_args

from proctor.api.caller import Role
from proctor.api.vigil import Vigil
from proctor.contracts.access import AccessStore
from proctor.domain.scope import Scope
from proctor.errors import InvalidSetting, ProctorError

ROLES: tuple[Role, ...] = get_args(Role)
LONGEST = 8192
"""Characters of a token; longer ones are refused unread."""
LONGEST_NAME = 200
"""Characters of the name of a user, an account or a project."""
LOOK_AGAIN_S = 2.0
"""How long a token that was revoked may still hold open what it opened. One that expires ends on time."""


class Unauthorized(Exception):
    """There is no token, or none that is accepted."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows."""

    role: Role
    scope: Scope
    expires_at: float | None = None
    """Seconds since the epoch; None is never."""
    is_revocable: bool = False
    """It can end before it expires, so it has to be looked at again."""


class Door(Protocol):
    """One way to be let in."""

    async def open(self, token: str) -> Grant | None:
        """Give what the token allows; None if it is not one of this door's."""


class LocalDoor:
    """The one token of a server on its user's own machine."""

    def __init__(self, token: str, scope: Scope) -> None:
        self._token = token.encode()
        self._grant = Grant("admin", scope)

    async def open(self, token: str) -> Grant | None:
        """Compare in constant time."""
        return self._grant if secrets.compare_digest(token.encode(), self._token) else None


class TokenDoor:
    """Tokens made by `proctor token create`, of which the database has the hashes."""

    def __init__(self, store: AccessStore, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    async def open(self, token: str) -> Grant | None:
        """Look for the token's hash among those that are neither revoked nor expired."""
        found = await self._store.token(digest(token))
        if found is None or not found.is_valid(self._clock()):
            return None
        return Grant(role_of(found.role), found.scope, found.expires_at, is_revocable=True)


class Auth:
    """The doors of a server, tried in turn."""

    def __init__(self, doors: Sequence[Door], clock: Callable[[], float] = time.time) -> None:
        self._doors = doors
        self._clock = clock
        self._vigil = Vigil(self._end)

    async def grant(self, authorization: str | None) -> Grant:
        """Give what `Authorization: Bearer TOKEN` allows. Raises Unauthorized."""
        scheme, _, token = (authorization or "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token or len(token) > LONGEST or not token.isascii():
            raise Unauthorized
        for door in self._doors:
            if grant := await door.open(token):
                return grant
        raise Unauthorized

    async def ended(self, authorization: str | None) -> None:
        """Wait until a token that is accepted is so no more: it has expired, or was revoked."""
        await self._vigil.over(authorization or "")

    async def _end(self, authorization: str) -> None:
        with suppress(Unauthorized, ProctorError):
            grant = await self.grant(authorization)
            while (left := self._left(grant)) > 0:
                await asyncio.sleep(min(left, LOOK_AGAIN_S))
                grant = await self._again(authorization, grant)

    def _left(self, grant: Grant) -> float:
        return LOOK_AGAIN_S if grant.expires_at is None else grant.expires_at - self._clock()

    async def _again(self, authorization: str, grant: Grant) -> Grant:
        """Look at a token again if it may have changed; a database that does not answer for once ends nothing."""
        if not grant.is_revocable:
            return grant
        try:
            return await self.grant(authorization)
        except ProctorError:
            return grant


def digest(token: str) -> str:
    """Give the hash under which a token is stored; it is random enough to need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def local_token(path: Path) -> str:
    """Read the local token, or make one in a file that only its owner can read. Raises InvalidSetting."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return _read_token(path)
        except FileNotFoundError:
            _new_token(path)
            return _read_token(path)
    except UnicodeError as error:
        reason = "api.token_file: it holds something else than a token. Delete it, or name another file"
        raise InvalidSetting(reason=reason, where=path) from error
    except OSError as error:
        raise InvalidSetting(reason=f"api.token_file: {error}", where=path) from error


def _read_token(path: Path) -> str:
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(file, encoding="ascii") as stream:
        about, token = os.fstat(stream.fileno()), stream.read(LONGEST).strip()
    if about.st_uid != os.geteuid() or about.st_mode & 0o077 or len(token) < 16:
        path.unlink()
        raise FileNotFoundError  # others could have read or written it: it is worth nothing
    return token


def _new_token(path: Path) -> None:
    """Make a token, unless another process was faster. The file appears whole: nobody reads half a token."""
    file, draft = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # of mode 0600
    try:
        with os.fdopen(file, "w", encoding="ascii") as stream:
            stream.write(secrets.token_urlsafe(32) + "\n")
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()


def is_name(text: object) -> TypeGuard[str]:
    """Tell whether a user, an account or a project may be called so: it can be read in a log and a list."""
    return isinstance(text, str) and 1 <= len(text) <= LONGEST_NAME and text.isprintable() and not text.isspace()


def role_of(name: object) -> Role:
    """Read a role. Raises ValueError."""
    for role in ROLES:
        if role == name:
            return role
    raise ValueError(f"there is no role {name!r}")
