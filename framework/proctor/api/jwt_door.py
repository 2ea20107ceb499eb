"""Tokens that somebody else signs: the door of a shared server that has `[api.jwt]` in its settings."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt

from proctor.api.auth import Grant, is_name, role_of
from proctor.api.settings import JwtSettings
from proctor.domain.scope import Scope
from proctor.errors import InvalidSetting

log = logging.getLogger(__name__)


class JwtDoor:
    """Tokens signed by an issuer whose public keys are known. Which algorithms count is ours to say, not theirs."""

    def __init__(self, settings: JwtSettings) -> None:
        self._settings = settings
        self._keys = _keys(settings.jwks)

    async def open(self, token: str) -> Grant | None:
        """Check signature, issuer, audience and time, and read role and scope from the claims."""
        if token.count(".") != 2:
            return None
        try:
            claims = await asyncio.to_thread(self._claims, token)
            return self._grant(claims)
        except (jwt.PyJWKClientConnectionError, OSError) as error:
            log.warning("the keys of %s cannot be fetched, so its tokens are refused: %s", self._settings.issuer, error)
            return None
        except (jwt.PyJWTError, ValueError):
            return None

    def _claims(self, token: str) -> dict[str, Any]:
        settings = self._settings
        if jwt.get_unverified_header(token).get("alg") not in settings.algorithms:
            raise jwt.InvalidAlgorithmError
        return jwt.decode(
            token,
            self._keys(token),
            algorithms=list(settings.algorithms),
            issuer=settings.issuer,
            audience=settings.audience,
            leeway=settings.leeway,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )

    def _grant(self, claims: dict[str, Any]) -> Grant:
        settings = self._settings
        account, project = claims.get(settings.account_claim), claims.get(settings.project_claim)
        user = claims["sub"]
        if not (is_name(account) and is_name(project) and is_name(user)):
            raise ValueError("the claims name no account, project and user")
        expires_at = float(claims["exp"]) + settings.leeway
        return Grant(role_of(claims.get(settings.role_claim)), Scope(account, project, user), expires_at)


def _keys(source: str) -> Callable[[str], Any]:
    """Make what finds the public key of a token: in a file read once, or at a URL that is asked now and then."""
    if "://" in source:
        client = jwt.PyJWKClient(source, lifespan=300, timeout=5)
        return lambda token: client.get_signing_key_from_jwt(token).key
    try:
        keys = jwt.PyJWKSet.from_json(Path(source).expanduser().read_text("utf-8"))
    except (OSError, ValueError, jwt.PyJWTError) as error:
        raise InvalidSetting(reason=f"api.jwt.jwks: {error}", where=source) from error
    return lambda token: _named(keys, token)


def _named(keys: jwt.PyJWKSet, token: str) -> Any:  # cryptography's key, of one of several classes
    name = jwt.get_unverified_header(token).get("kid")
    for key in keys.keys:
        if key.key_id == name or (name is None and len(keys.keys) == 1):
            return key.key
    raise jwt.InvalidKeyError
