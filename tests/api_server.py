"""A small schema with all that a transport has to cope with, and a real server of it on a free port."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakKeyDictionary

import httpx
import pytest
import strawberry

from proctor.api.audit import begin
from proctor.api.auth import Door, LocalDoor
from proctor.api.caller import Caller
from proctor.api.page import graphiql
from proctor.api.server import Server, build, build_service
from proctor.api.service import Service
from proctor.api.serving import listening
from proctor.api.settings import ApiSettings, load
from proctor.app import App, open_app

TOKEN = "a-token-that-is-long-enough"
BEARER = {"Authorization": f"Bearer {TOKEN}"}

Node = Callable[..., Awaitable[str]]
"""Runs a script of JavaScript with arguments, and gives what it printed."""


@dataclass
class Log:
    """What is told to subscribers, and what was done."""

    numbers: list[int] = field(default_factory=list)
    is_over: bool = False
    shouts: list[str] = field(default_factory=list)
    executions: int = 0
    sources: int = 0
    """Streams that are open."""
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """Opened to let the field `waits` answer."""
    _grown: asyncio.Condition = field(default_factory=asyncio.Condition)
    _left: asyncio.Event = field(default_factory=asyncio.Event)

    async def tell(self, *numbers: int, over: bool = False) -> None:
        async with self._grown:
            self.numbers += numbers
            self.is_over = over
            self._grown.notify_all()

    async def read(self, after: int) -> AsyncGenerator[int, None]:
        self.sources += 1
        try:
            while True:
                while after < len(self.numbers):
                    yield self.numbers[after]
                    after += 1
                if self.is_over:
                    return
                async with self._grown:
                    await self._grown.wait_for(lambda: after < len(self.numbers) or self.is_over)  # noqa: B023 # read at once
        finally:
            self.sources -= 1
            self._left.set()

    async def left(self) -> None:
        """Wait until no stream is open."""
        async with asyncio.timeout(20):
            while self.sources:
                self._left.clear()
                await self._left.wait()


LOGS: "WeakKeyDictionary[App, Log]" = WeakKeyDictionary()
Info = strawberry.Info[Caller, None]


@strawberry.type
class Item:
    number: int

    @strawberry.field
    def items(self, first: int = 20) -> list["Item"]:
        return [Item(number=number) for number in range(min(first, 2))]


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"hello {name}"

    @strawberry.field
    def items(self, first: int = 20) -> list[Item]:
        return [Item(number=number) for number in range(min(first, 2))]

    @strawberry.field
    def fails(self) -> str | None:
        raise RuntimeError("secret detail")

    @strawberry.field
    async def hangs(self) -> str | None:
        await asyncio.Event().wait()
        return None

    @strawberry.field
    async def waits(self, info: Info) -> str:
        log = LOGS[info.context.app]
        log.waiting.set()
        await log.gate.wait()
        return "answered"

    @strawberry.field
    def whoami(self, info: Info) -> str:
        caller = info.context
        return f"{caller.role} {caller.scope.account}/{caller.scope.project}/{caller.scope.user}"


@strawberry.type
class Mutation:
    @strawberry.mutation
    def shout(self, info: Info, word: str, session_id: str | None = None) -> str:
        act = begin(info.context, info.field_name, word, session_id)
        LOGS[info.context.app].shouts.append(word)
        act.answer(said := word.upper())
        return said


@strawberry.type
class Tick:
    log: strawberry.Private[Log]
    cursor: str
    number: int

    @strawberry.field
    def text(self, size: int = 1) -> str:
        self.log.executions += 1
        return "x" * size


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self, info: Info, after: str | None = None) -> AsyncGenerator[Tick, None]:
        if after == "boom":
            raise RuntimeError("secret detail")
        log = LOGS[info.context.app]
        async for number in log.read(int(after or 0)):
            yield Tick(log=log, cursor=str(number), number=number)


SCHEMA = strawberry.Schema(Query, Mutation, Subscription)


@dataclass(frozen=True)
class Served:
    """A server that answers."""

    http: str
    socket: str
    stream: str
    service: Service
    log: Log
    server: Server


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[App]:
    """Open an application with a database of its own, whatever the environment says."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("PROCTOR_")]:
            patch.delenv(name)
        patch.setenv("PROCTOR_CONFIG", os.devnull)
        settings = load(database=str(folder / "proctor.db"), cache=folder / "cache")
    async with open_app(settings) as app:
        yield app


def calling(server: Served) -> httpx.AsyncClient:
    """Make a client that has the token."""
    base = server.http.removesuffix("/graphql")
    return httpx.AsyncClient(base_url=base, headers=BEARER, timeout=120, trust_env=False)


@asynccontextmanager
async def served(
    app: App, log: Log, settings: ApiSettings | None = None, doors: Sequence[Door] | None = None
) -> AsyncIterator[Served]:
    """Serve the sample on a free port, and stop."""
    settings = settings or ApiSettings(drain=5)
    LOGS[app] = log
    page = graphiql() if doors is None else None
    doors = [LocalDoor(TOKEN, app.scope)] if doors is None else doors
    service = build_service(app, SCHEMA, settings, doors)
    started = asyncio.Event()
    with listening("127.0.0.1", 0) as listener:
        server = Server(build(service, settings, page=page), service, settings, started.set)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        base = f"127.0.0.1:{listener.getsockname()[1]}"
        async with asyncio.timeout(20):
            await started.wait()
        try:
            http = f"http://{base}/graphql"
            yield Served(http, f"ws://{base}/graphql", f"{http}/stream", service, log, server)
        finally:
            server.should_exit = True
            async with asyncio.timeout(20):
                await running
