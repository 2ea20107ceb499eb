"""Servers to compare with, under uvicorn with the settings of `proctor serve`, and with their answers in memory.

    python graphql_peers.py bare|strawberry ANSWERS

`bare` is a route of Starlette that decodes the request and encodes the answer with the standard library. `strawberry`
is `strawberry.asgi.GraphQL` as it comes, over a schema of the same shape. ANSWERS is a file with what Proctor answered.
"""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Annotated, Any

import strawberry
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from strawberry.asgi import GraphQL

ANSWERS: Mapping[str, Any] = json.loads(Path(sys.argv[2]).read_text())
WATCHERS: set[asyncio.Queue["Event"]] = set()


@strawberry.type
class NextInteraction:
    step: str
    reason: str


@strawberry.type
class NotFound:
    message: str


@strawberry.type
class Interaction:
    id: strawberry.ID
    sequence: int
    status: str
    step: str
    started_at: str
    closed_at: str | None
    executed_by: str | None
    lease_expires_at: str | None


@strawberry.type
class Connection:
    nodes: list[Interaction]


@strawberry.type
class Session:
    id: strawberry.ID
    workflow: str
    status: str
    is_paused: bool
    blocked: str | None
    waits_for: str | None
    execution_mode: str
    key: str
    attempt: int
    priority: int
    created_at: str
    outcome: str | None
    connection: strawberry.Private[Connection]

    @strawberry.field
    async def interactions(self, first: int) -> Connection:
        return self.connection


@strawberry.type
class Event:
    cursor: str
    kind: str
    at: str
    text: str | None


Next = Annotated[NextInteraction | NotFound, strawberry.union("NextInteractionResult")]


def _plain(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Name what an answer has as Python does."""
    return {"".join(f"_{c.lower()}" if c.isupper() else c for c in name): value for name, value in answer.items()}


def _session(answer: Mapping[str, Any]) -> Session:
    nodes = [Interaction(**_plain(node)) for node in answer["interactions"]["nodes"]]
    own = {name: value for name, value in _plain(answer).items() if name != "interactions"}
    return Session(**own, connection=Connection(nodes=nodes))


if "session" in ANSWERS:
    SESSION = _session(ANSWERS["session"]["session"])
    FOUND = ANSWERS["next"]["nextInteraction"]
    NEXT = NextInteraction(step=FOUND["step"], reason=FOUND["reason"])


@strawberry.type
class Query:
    @strawberry.field
    async def next_interaction(self, session_id: strawberry.ID) -> Next:
        return NEXT

    @strawberry.field
    async def session(self, id: strawberry.ID) -> Session | None:  # noqa: A002 # the argument's name in the schema
        return SESSION


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def session_events(self, session_id: strawberry.ID) -> AsyncGenerator[Event, None]:
        queue: asyncio.Queue[Event] = asyncio.Queue()
        WATCHERS.add(queue)
        try:
            yield Event(cursor="0", kind="session_created", at="now", text=None)
            while True:
                yield await queue.get()
        finally:
            WATCHERS.discard(queue)


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def tell(self, number: int) -> bool:
        event = Event(cursor=str(number), kind="session_changed", at="now", text=None)
        for queue in WATCHERS:
            queue.put_nowait(event)
        return True


async def _answer(request: Request) -> JSONResponse:
    asked = await request.json()
    return JSONResponse({"data": ANSWERS[asked["operationName"]]})


def _application(kind: str) -> Starlette:
    if kind == "bare":
        return Starlette(routes=[Route("/graphql", _answer, methods=["POST"])])
    graphql = GraphQL[None, None](strawberry.Schema(Query, Mutation, Subscription))
    return Starlette(routes=[Route("/graphql", graphql), WebSocketRoute("/graphql", graphql)])


def _main(kind: str, _: str) -> None:
    settings = {"http": "httptools", "ws": "websockets-sansio", "ws_per_message_deflate": False, "log_config": None}
    config = uvicorn.Config(_application(kind), access_log=False, server_header=False, **settings)  # type: ignore[arg-type]
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        print(f"Serving http://127.0.0.1:{listener.getsockname()[1]}/graphql", flush=True)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(uvicorn.Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    _main(*sys.argv[1:])
