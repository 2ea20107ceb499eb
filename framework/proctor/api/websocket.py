"""The protocol graphql-transport-ws: queries, mutations and subscriptions over one WebSocket."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import GraphQLError, OperationType
from starlette.types import Receive, Scope, Send

from proctor.api.auth import Unauthorized
from proctor.api.caller import Caller
from proctor.api.documents import Rejected
from proctor.api.execution import Ready, dump, encode, told
from proctor.api.headers import headers_of
from proctor.api.limits import beyond
from proctor.api.operation import Malformed, Operation, decode
from proctor.api.resumption import resumable
from proctor.api.service import Service, request_id

PROTOCOL = "graphql-transport-ws"
PATIENCE_S = 5.0
"""How long a client may take to introduce itself."""
LONGEST_ID = 256


class Closed(Exception):
    """The connection ends, with a code that the protocol defines."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Socket:
    """The ASGI application behind /graphql for WebSockets."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until either side ends it."""
        await receive()
        if PROTOCOL not in scope["subprotocols"]:
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 4406, "reason": "Subprotocol not acceptable"})
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        headers = headers_of(scope)
        connection = Connection(self._service, receive, send, headers.get("authorization"), request_id(None))
        try:
            await connection.serve()
        except Closed as closed:
            await connection.close(closed)
        finally:
            await connection.end()


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the client."""

    type: str
    id: str
    payload: Mapping[str, Any]

    @classmethod
    def read(cls, text: str | None) -> "Message":
        """Read a message. Raises Closed if it is none."""
        if text is None:
            raise Closed(4400, "Messages are text, not binary")
        try:
            value = decode(text)
        except Malformed as malformed:
            raise Closed(4400, str(malformed)) from None
        if not isinstance(value, dict) or not isinstance(value.get("type"), str):
            raise Closed(4400, "A message is an object with a type")
        payload, id_ = value.get("payload"), value.get("id")
        if not isinstance(payload, dict | None):
            raise Closed(4400, "payload has to be an object")
        if value["type"] in ("subscribe", "complete") and not (isinstance(id_, str) and 0 < len(id_) <= LONGEST_ID):
            raise Closed(4400, "id has to be a text")
        return cls(value["type"], id_ if isinstance(id_, str) else "", payload or {})


class Connection:
    """One client and its operations."""

    def __init__(self, service: Service, receive: Receive, send: Send, authorization: str | None, request: str) -> None:
        self._service = service
        self._receive = receive
        self._send = send
        self._authorization = authorization
        self._request = request
        self._is_open = False
        self._watch: asyncio.Task[None] | None = None
        self._operations: dict[str, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        """Answer messages until the client leaves or its token ends. Raises Closed."""
        try:
            async with asyncio.timeout(PATIENCE_S) as patience:
                while (received := await self._receive())["type"] == "websocket.receive":
                    await self._handle(Message.read(received.get("text")))
                    if self._is_open and self._watch is None:
                        patience.reschedule(None)
                        self._watch = asyncio.create_task(self._end_with_token(patience))
        except TimeoutError:
            if self._is_open:
                raise Closed(4403, "Forbidden") from None
            raise Closed(4408, "Connection initialisation timeout") from None

    async def close(self, closed: Closed) -> None:
        """Tell the client why the connection ends."""
        try:
            await self._send({"type": "websocket.close", "code": closed.code, "reason": closed.reason[:120]})
        except OSError:
            return

    async def end(self) -> None:
        """End what is still under way."""
        tasks = [*self._operations.values(), *([self._watch] if self._watch else ())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _end_with_token(self, patience: asyncio.Timeout) -> None:
        await self._service.auth.ended(self._authorization)
        patience.reschedule(asyncio.get_running_loop().time())

    async def _handle(self, message: Message) -> None:
        match message.type:
            case "connection_init":
                await self._open(message.payload)
            case "ping":
                await self._tell({"type": "pong"})
            case "pong":
                pass
            case "subscribe":
                await self._subscribe(message)
            case "complete":
                if operation := self._operations.pop(message.id, None):
                    operation.cancel()
            case _:
                raise Closed(4400, "Unknown type of message")

    async def _open(self, payload: Mapping[str, Any]) -> None:
        if self._is_open:
            raise Closed(4429, "Too many initialisation requests")
        given = next((value for name, value in payload.items() if name.lower() == "authorization"), None)
        if isinstance(given, str):
            self._authorization = given
        await self._caller()
        self._is_open = True
        await self._tell({"type": "connection_ack"})

    async def _caller(self) -> Caller:
        try:
            return await self._service.caller(self._authorization, self._request)
        except Unauthorized:
            raise Closed(4403, "Forbidden") from None

    async def _subscribe(self, message: Message) -> None:
        if not self._is_open:
            raise Closed(4401, "Unauthorized")
        if message.id in self._operations:
            raise Closed(4409, f"Subscriber for {message.id} already exists")
        try:
            operation = Operation.read(message.payload)
        except Malformed as malformed:
            raise Closed(4400, str(malformed)) from None
        limit = self._service.execution.limits.subscriptions
        if len(self._operations) >= limit:
            await self._tell_errors(message.id, beyond("subscriptions", limit + 1, limit))
            return
        caller = await self._caller()
        self._operations[message.id] = asyncio.create_task(self._operate(message.id, operation, caller))

    async def _operate(self, id_: str, operation: Operation, caller: Caller) -> None:
        try:
            ready = self._service.execution.ready(operation)
            if ready.kind is OperationType.SUBSCRIPTION:
                await self._follow(id_, ready, caller)
            else:
                payload = encode(await self._service.run(ready, caller), caller).decode()
                await self._send({"type": "websocket.send", "text": f"{_head(id_)}{payload}}}"})
            self._forget(id_)
            await self._tell({"id": id_, "type": "complete"})
        except Rejected as rejected:
            self._forget(id_)
            await self._tell_errors(id_, *rejected.errors)
        except OSError:
            pass  # the client has left
        except Exception as error:  # noqa: BLE001 # a fault of ours, which is told and logged as such
            self._forget(id_)
            await self._tell_errors(id_, told(GraphQLError(str(error), original_error=error), caller))
        finally:
            self._forget(id_)

    async def _follow(self, id_: str, ready: Ready, caller: Caller) -> None:
        self._service.note(ready, caller, time.perf_counter(), 0)
        subscription = resumable(ready, self._service.execution.schema)
        head = _head(id_)
        async with self._service.fanout.follow(subscription, caller) as frames:
            async for frame in frames:
                await self._send({"type": "websocket.send", "text": f"{head}{frame.payload}}}"})

    def _forget(self, id_: str) -> None:
        """Free the id, unless the client has given it to another operation meanwhile."""
        if self._operations.get(id_) is asyncio.current_task():
            del self._operations[id_]

    async def _tell_errors(self, id_: str, *errors: GraphQLError) -> None:
        await self._tell({"id": id_, "type": "error", "payload": [error.formatted for error in errors]})

    async def _tell(self, message: Mapping[str, Any]) -> None:
        await self._send({"type": "websocket.send", "text": dump(message).decode()})


def _head(id_: str) -> str:
    """Give what stands before the payload of a message `next`, which a brace ends."""
    return f'{{"id":{orjson.dumps(id_).decode()},"type":"next","payload":'
