"""The server: the API and what belongs around it, wired together and served by uvicorn."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from types import FrameType
from typing import TYPE_CHECKING

import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from proctor.api.auth import Auth, Door
from proctor.api.endpoint import STREAM_PATH, Endpoint
from proctor.api.execution import Execution
from proctor.api.fanout import Fanout
from proctor.api.hosts import LOOPBACK, Hosts
from proctor.api.service import Service
from proctor.api.settings import ApiSettings
from proctor.api.sse import Events
from proctor.api.websocket import Socket
from proctor.app import App
from proctor.errors import ProctorError

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

log = logging.getLogger(__name__)

PATH = "/graphql"


def build_service(
    app: App, schema: strawberry.Schema, settings: ApiSettings, doors: Sequence[Door], *, shared: bool = False
) -> Service:
    """Wire what the transports share."""
    execution = Execution(schema, settings.limits)
    repositories = tuple(settings.repositories) if shared else None
    return Service(app, Auth(doors), execution, Fanout(execution), repositories)


def build(service: Service, settings: ApiSettings, *, page: bytes | None = None) -> Starlette:
    """Wire the ASGI application; `page` is what browsers see at /graphql."""
    health = Health(service)
    middleware = [Middleware(Hosts, hosts=[*LOOPBACK, *settings.hosts], origins=settings.origins)]
    if settings.origins:
        middleware.append(_cors(settings.origins))
    application = Starlette(
        routes=[
            Route(PATH, Endpoint(service, page)),
            Route(STREAM_PATH, Events(service, settings.keep_alive)),
            WebSocketRoute(PATH, Socket(service)),
            Route("/health", health.health),
            Route("/ready", health.ready),
        ],
        middleware=middleware,
        lifespan=health.lifespan,
    )
    application.router.redirect_slashes = False
    return application


def _cors(origins: Sequence[str]) -> Middleware:
    return Middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["GET", "POST"],
        allow_headers=["authorization", "content-type", "last-event-id", "x-request-id"],
        expose_headers=["x-request-id"],
    )


class Health:
    """Whether the server lives, and whether it can do its work."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._driving: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Drive the open sessions while the server runs."""
        self._driving = asyncio.create_task(self._service.app.serve())
        self._driving.add_done_callback(_tell_of_end)
        try:
            yield
        finally:
            self._driving.cancel()
            await asyncio.wait({self._driving})

    async def health(self, _: Request) -> Response:
        """Say that the process answers."""
        return JSONResponse({"status": "ok"})

    async def ready(self, _: Request) -> Response:
        """Say whether requests should be sent here."""
        reason = await self._hindrance()
        if reason is None:
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "not ready", "reason": reason}, status_code=503)

    async def _hindrance(self) -> str | None:
        if self._driving is not None and self._driving.done():
            return "sessions are not driven any more; the log tells why"
        try:
            await self._service.app.store.roots(self._service.app.scope, limit=1)
        except ProctorError:
            log.exception("the database does not answer")
            return "the database does not answer; the log tells why"
        return None


def _tell_of_end(driving: asyncio.Task[None]) -> None:
    if not driving.cancelled() and (error := driving.exception()):
        log.critical("sessions are not driven any more", exc_info=error)


class _WebSockets(WebSocketsSansIOProtocol):
    """Uvicorn's own, but a handshake that was answered with an HTTP status is over, and no error of the server."""

    async def send(self, message: "ASGISendEvent") -> None:
        """Send, and see whether that was the end."""
        await super().send(message)
        self.handshake_complete = self.handshake_complete or self.close_sent


class Server(uvicorn.Server):
    """Uvicorn, set up for this API: it drains on SIGTERM and SIGINT, and a second signal ends it at once."""

    def __init__(
        self, application: Starlette, service: Service, settings: ApiSettings, started: Callable[[], None]
    ) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                http="httptools",
                ws=_WebSockets,
                ws_max_size=settings.limits.message,
                ws_per_message_deflate=False,
                limit_concurrency=settings.limits.connections,
                timeout_graceful_shutdown=settings.drain,
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
            )
        )
        self._closing = service.closing
        self._tell_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say when requests are answered."""
        await super().startup(sockets)
        if self.started:
            self._tell_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the event streams first: their clients go on elsewhere, or here later."""
        self._closing.set()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; the signal is not raised again afterwards, as uvicorn would, so that the database is closed."""
        self.force_exit = self.should_exit
        self.should_exit = True
