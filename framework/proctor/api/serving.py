"""Opens everything a server needs, serves until it is told to stop, and closes it again."""

import asyncio
import socket
from collections.abc import Callable, Sequence

import uvloop

from proctor.api.auth import Door, LocalDoor, TokenDoor, local_token
from proctor.api.hosts import LOOPBACK
from proctor.api.page import graphiql, link
from proctor.api.pages import bound_pages
from proctor.api.schema import build_schema
from proctor.api.server import PATH, Server, build, build_service
from proctor.api.settings import ServerSettings
from proctor.app import App, open_app
from proctor.errors import AddressUnusable, NotLoopback
from proctor.event_loop import alone
from proctor.leaving import children_ended

Say = Callable[[str], None]


def serve(settings: ServerSettings, host: str, port: int, *, shared: bool, say: Say) -> None:
    """Serve until SIGTERM or SIGINT; `say` gets what the person who started it should read. Raises a UsageError."""
    if not shared and host not in LOOPBACK:
        raise NotLoopback(host=host)
    with (
        listening(host, port) as listener,
        children_ended(),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(alone(_serve(settings, listener, shared=shared, say=say)))


async def _serve(settings: ServerSettings, listener: socket.socket, *, shared: bool, say: Say) -> None:
    token = None if shared else settings.token or local_token(settings.api.token_file)
    schema = build_schema()
    bound_pages(schema, settings.api.limits.page)
    async with open_app(settings) as app:
        service = build_service(app, schema, settings.api, _doors(settings, app, token), shared=shared)
        application = build(service, settings.api, page=None if shared else graphiql())
        base = f"http://{_shown(listener)}{PATH}"

        def started() -> None:
            say(f"Serving {link(base, token) if token else base}")

        await Server(application, service, settings.api, started).serve(sockets=[listener])


def _doors(settings: ServerSettings, app: App, token: str | None) -> Sequence[Door]:
    if token is not None:
        return [LocalDoor(token, app.scope)]
    doors: list[Door] = [TokenDoor(app.store)]
    if settings.api.jwt is None:
        return doors
    from proctor.api.jwt_door import JwtDoor  # its cryptography is slow to load

    return [*doors, JwtDoor(settings.api.jwt)]


def listening(host: str, port: int) -> socket.socket:
    """Take the address. Raises AddressUnusable."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except UnicodeError as error:
        raise AddressUnusable(host=host, port=port, reason="this is no name of a host") from error
    except OSError as error:
        raise AddressUnusable(host=host, port=port, reason=error.strerror or error) from error


def _shown(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
