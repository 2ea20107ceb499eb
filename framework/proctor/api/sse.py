"""Subscriptions as server-sent events, each on a connection of its own: the protocol graphql-sse, distinct mode.

It has a path of its own, because clients that merely list text/event-stream among what they accept would else get
streams where they expect JSON.
"""

import asyncio
import time
from collections.abc import Awaitable

from graphql import OperationType
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from proctor.api.caller import Caller
from proctor.api.documents import Rejected
from proctor.api.endpoint import REFUSALS, Refused, check_kind, check_method, read_operation, refusal
from proctor.api.execution import Ready, encode, encode_errors
from proctor.api.headers import Headers, headers_of
from proctor.api.negotiation import EVENTS, preferred
from proctor.api.resumption import resumable
from proctor.api.service import Service, request_id

STUCK_S = 60.0
"""A client that has not read for so long is given up."""


class Events:
    """The ASGI application at /graphql/stream."""

    def __init__(self, service: Service, keep_alive: float) -> None:
        self._service = service
        self._keep_alive = keep_alive

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = headers_of(scope)
        request = request_id(headers.get("x-request-id"))
        try:
            caller = await self._caller(scope, headers, request)
            operation = await read_operation(scope, receive, headers, self._service.execution.limits.body)
            ready = self._service.execution.ready(operation)
            check_kind(scope["method"], ready.kind)
        except ClientDisconnect:
            return
        except Rejected as rejected:
            await _Stream(send, request).refuse(rejected)
            return
        except REFUSALS as error:
            await refusal(error).send(send, request)
            return
        stream = _Stream(send, request)
        last = headers.get("last-event-id") or None
        ended = self._service.auth.ended(headers.get("authorization"))
        await self._until_over(stream, receive, self._sent(stream, ready, caller, last), ended)

    async def _caller(self, scope: Scope, headers: Headers, request: str) -> Caller:
        check_method(scope["method"])
        if preferred(headers.get("accept"), (EVENTS,)) is None:
            raise Refused(406, f"The answer is {EVENTS}, which the request does not accept.")
        return await self._service.caller(headers.get("authorization"), request)

    async def _sent(self, stream: "_Stream", ready: Ready, caller: Caller, last: str | None) -> None:
        await stream.start()
        try:
            if ready.kind is OperationType.SUBSCRIPTION:
                await self._follow(stream, ready, caller, last)
            else:
                await stream.next(encode(await self._service.run(ready, caller), caller).decode())
        except Rejected as rejected:
            await stream.next(encode_errors(rejected.errors).decode())
        await stream.complete()

    async def _follow(self, stream: "_Stream", ready: Ready, caller: Caller, last: str | None) -> None:
        self._service.note(ready, caller, time.perf_counter(), 0)
        subscription = resumable(ready, self._service.execution.schema, last)
        async with self._service.fanout.follow(subscription, caller) as frames:
            async for frame in frames:
                await stream.next(frame.payload, frame.cursor)

    async def _until_over(
        self, stream: "_Stream", receive: Receive, sent: Awaitable[None], ended: Awaitable[None]
    ) -> None:
        """Send until all is sent, the client is gone or stuck, its token ends, or the server stops.

        Of the last two it learns by the end without `complete`: it may come back for the rest.
        """
        sending, ending = asyncio.ensure_future(sent), asyncio.ensure_future(ended)
        others = [
            ending,
            asyncio.ensure_future(_gone(receive)),
            asyncio.ensure_future(self._service.closing.wait()),
            asyncio.ensure_future(stream.stay_alive(self._keep_alive)),
        ]
        try:
            await asyncio.wait([sending, *others], return_when=asyncio.FIRST_COMPLETED)
            finished, cut = sending.done(), ending.done() or self._service.closing.is_set()
        finally:
            for task in (sending, *others):
                task.cancel()
            await asyncio.gather(sending, *others, return_exceptions=True)
        if finished:
            _raise_fault(sending)
        elif cut:
            await stream.end()


class _Stream:
    """One response."""

    def __init__(self, send: Send, request: str) -> None:
        self._send = send
        self._request = request

    async def start(self) -> None:
        """Send the status and headers."""
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
            (b"x-content-type-options", b"nosniff"),
            (b"x-request-id", self._request.encode()),
        ]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._write(":\n\n")  # so that the client sees the headers before there is an event

    async def refuse(self, rejected: Rejected) -> None:
        """Say in the stream why nothing is executed."""
        await self.start()
        await self.next(encode_errors(rejected.errors).decode())
        await self.complete()

    async def next(self, payload: str, cursor: str | None = None) -> None:
        """Send one result; its cursor is what the client sends back as Last-Event-ID."""
        id_ = f"id: {cursor}\n" if cursor and cursor.isprintable() else ""
        await self._write(f"event: next\n{id_}data: {payload}\n\n")

    async def complete(self) -> None:
        """Say that nothing more will come."""
        await self._write("event: complete\ndata:\n\n")
        await self.end()

    async def end(self) -> None:
        """End the response."""
        await self._send({"type": "http.response.body", "body": b""})

    async def stay_alive(self, every: float) -> None:
        """Send signs of life, so that nobody on the way takes a silent stream for a dead one."""
        while True:
            await asyncio.sleep(every)
            await self._write(":\n\n")

    async def _write(self, text: str) -> None:
        async with asyncio.timeout(STUCK_S):
            await self._send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _raise_fault(task: asyncio.Future[None]) -> None:
    """Raise what a task ended with, unless it only says that the client has left or is stuck."""
    error = task.exception()
    if error is not None and not isinstance(error, OSError | TimeoutError):
        raise error
