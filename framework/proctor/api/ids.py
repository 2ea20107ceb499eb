"""Opaque names: Relay's global ids, and the cursors at which a page or a subscription goes on.

A token is JSON in unpadded base64url: a kind and its parts. What was not written by `_seal` reads as None.
"""

import base64
import binascii
from functools import lru_cache
from typing import Literal

import orjson
from strawberry import ID

Part = str | int | float
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
LONGEST_KEPT = 256
"""Characters of a token; what longer ones say is not remembered."""


def session_gid(session_id: str) -> ID:
    """Name a session."""
    return ID(_seal("Session", session_id))


def session_of(gid: str) -> str | None:
    """Read a session's id."""
    match _unseal(gid):
        case ["Session", str(session_id)]:
            return session_id
    return None


def interaction_gid(session_id: str, sequence: int) -> ID:
    """Name an interaction."""
    return ID(_seal("Interaction", session_id, sequence))


def interaction_of(gid: str) -> tuple[str, int] | None:
    """Read the session's id and the number of an interaction."""
    match _unseal(gid):
        case ["Interaction", str(session_id), int(sequence)]:
            return session_id, sequence
    return None


def session_cursor(created_at: float, session_id: str) -> str:
    """Mark a place in a list of sessions by creation."""
    return _seal("at", created_at, session_id)


def session_place(cursor: str) -> tuple[float, str] | None:
    """Read such a place."""
    match _unseal(cursor):
        case ["at", float(created_at), str(session_id)]:
            return created_at, session_id
    return None


def child_cursor(key: str, attempt: int) -> str:
    """Mark a place among the children of a session."""
    return _seal("child", key, attempt)


def child_place(cursor: str) -> tuple[str, int] | None:
    """Read such a place."""
    match _unseal(cursor):
        case ["child", str(key), int(attempt)]:
            return key, attempt
    return None


def number_cursor(kind: Literal["interaction", "event"], of: str, number: int) -> str:
    """Mark a numbered entry in the log of a session, or in the stream of a tree."""
    return _seal(kind, of, number)


def number_place(kind: Literal["interaction", "event"], of: str, cursor: str) -> int | None:
    """Read the number of an entry of this very log or stream."""
    match _unseal(cursor):
        case [str(found), str(whose), int(number)] if (found, whose) == (kind, of) and number >= 0:
            return number
    return None


def _seal(*parts: Part) -> str:
    return binascii.b2a_base64(orjson.dumps(parts), newline=False).translate(_URL_SAFE).rstrip(b"=").decode()


def _unseal(token: str) -> list[Part] | None:
    return _known(token) if len(token) <= LONGEST_KEPT else _read(token)


def _read(token: str) -> list[Part] | None:
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, binascii.Error):
        return None
    plain = isinstance(parts, list) and all(type(part) in (str, int, float) for part in parts)
    return parts if plain and _seal(*parts) == token else None


_known = lru_cache(maxsize=1024)(_read)  # a client asks for the same few things again and again
