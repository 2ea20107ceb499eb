"""Keeps foreign web pages out: requests count only under names of this server, and from pages that it trusts.

A page of another site may reach a server on the user's own machine, by its address or by a name that was made to
point there. Such a request bears the foreign name in `Host`, or the page's in `Origin`.
"""

import re
from collections.abc import Collection
from functools import lru_cache

import orjson
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from proctor.api.headers import headers_of

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
OPEN_PATHS = frozenset({"/health", "/ready"})
"""They tell nothing, and are asked by machines that know no name of the server."""
_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::\d*)?", re.ASCII | re.IGNORECASE)
"""A name or address and perhaps a port, and nothing else: no user, no path, and not two of them."""


class Hosts:
    """ASGI middleware that refuses foreign hosts and foreign origins, over HTTP and WebSocket."""

    def __init__(self, app: ASGIApp, *, hosts: Collection[str], origins: Collection[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.strip("[]").lower() for host in hosts)
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may come in."""
        if scope["type"] not in ("http", "websocket") or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        headers = headers_of(scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if host_name(host) not in self._hosts:
            await _refuse(421, "host", f"This server does not go by the name {host!r}.")(scope, receive, send)
        elif origin is not None and not self._trusts(origin.lower(), host.lower()):
            await _refuse(403, "origin", f"Pages of {origin!r} may not use this server.")(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _trusts(self, origin: str, host: str) -> bool:
        return origin in self._origins or origin in (f"http://{host}", f"https://{host}")


@lru_cache(maxsize=64)
def host_name(host: str) -> str | None:
    """Give the name in a Host header, without port and brackets; None if it is not one name."""
    found = _HOST.fullmatch(host)
    return (found[1] or found[2]).lower() if found else None


def _refuse(status: int, foreign: str, message: str) -> Response:
    hint = f"If it should, add it to {foreign}s under [api] in the settings."
    error = {"message": f"{message} {hint}", "extensions": {"code": f"foreign_{foreign}"}}
    return Response(orjson.dumps({"errors": [error]}), status, media_type="application/json")
