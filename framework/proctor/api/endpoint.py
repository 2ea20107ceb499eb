"""GraphQL over HTTP, as the specification of that name has it: POST and GET, both media types."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from graphql import GraphQLError, OperationType
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from proctor.api.auth import Unauthorized
from proctor.api.documents import Rejected
from proctor.api.execution import encode, encode_errors
from proctor.api.headers import Headers, headers_of
from proctor.api.negotiation import EVENTS, HTML, JSON, RESPONSE, preferred
from proctor.api.operation import Malformed, Operation, decode
from proctor.api.service import Service, request_id

ANSWERS = (JSON, RESPONSE)
STREAM_PATH = "/graphql/stream"
LARGE = 256 * 1024
"""Bytes of a body; longer ones are read in a thread, so that others are served meanwhile."""


class Refused(Exception):
    """A request that is answered with an HTTP status of its own."""

    def __init__(self, status: int, message: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    body: bytes
    status: int = 200
    media: str = JSON
    headers: Sequence[tuple[bytes, bytes]] = ()

    async def send(self, send: Send, request: str) -> None:
        """Send it."""
        headers = [
            (b"content-type", f"{self.media}; charset=utf-8".encode()),
            (b"content-length", str(len(self.body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"x-request-id", request.encode()),
            *self.headers,
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


class Endpoint:
    """The ASGI application at /graphql; `page` is the HTML for browsers that ask for it."""

    def __init__(self, service: Service, page: bytes | None = None) -> None:
        self._service = service
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = headers_of(scope)
        request = request_id(headers.get("x-request-id"))
        try:
            answer = await self._answer(scope, receive, headers, request)
        except ClientDisconnect:
            return
        await answer.send(send, request)

    async def _answer(self, scope: Scope, receive: Receive, headers: Headers, request: str) -> Answer:
        media = JSON
        try:
            if self._page is not None and wants_page(scope, headers):
                return Answer(self._page, media=HTML, headers=PAGE_HEADERS)
            media = negotiated(headers)
            return await self._executed(scope, receive, headers, request, media)
        except Rejected as rejected:
            status = 400 if media == RESPONSE else 200
            return Answer(encode_errors(rejected.errors), status, media)
        except REFUSALS as error:
            return refusal(error, media)

    async def _executed(self, scope: Scope, receive: Receive, headers: Headers, request: str, media: str) -> Answer:
        service = self._service
        check_method(scope["method"])
        caller = await service.caller(headers.get("authorization"), request)
        operation = await read_operation(scope, receive, headers, service.execution.limits.body)
        ready = service.execution.ready(operation)
        if ready.kind is OperationType.SUBSCRIPTION:
            raise Refused(400, f"Subscriptions are sent to {STREAM_PATH}, or over a WebSocket.")
        check_kind(scope["method"], ready.kind)
        return Answer(encode(await service.run(ready, caller), caller), media=media)


PAGE_HEADERS = (
    (b"content-security-policy", b"frame-ancestors 'none'; connect-src 'self'"),
    (b"referrer-policy", b"no-referrer"),
)


REFUSALS = (Refused, Malformed, Unauthorized)


def refusal(error: Refused | Malformed | Unauthorized, media: str = JSON) -> Answer:
    """Give the answer to a request that cannot be understood or is not allowed."""
    match error:
        case Refused():
            return Answer(_said(str(error), "refused"), error.status, media, error.headers)
        case Malformed():
            return Answer(_said(str(error), "malformed"), 400, media)
        case Unauthorized():
            message = "A valid token is needed: send it as `Authorization: Bearer TOKEN`."
            return Answer(_said(message, "unauthorized"), 401, media, ((b"www-authenticate", b"Bearer"),))


def _said(message: str, code: str) -> bytes:
    return encode_errors([GraphQLError(message, extensions={"code": code})])


def wants_page(scope: Scope, headers: Headers) -> bool:
    """Tell whether a browser asks for something to look at."""
    if scope["method"] != "GET" or b"query=" in scope["query_string"]:
        return False
    return preferred(headers.get("accept"), (*ANSWERS, HTML)) == HTML


def negotiated(headers: Headers) -> str:
    """Choose the answer's media type. Raises Refused."""
    accept = headers.get("accept", "")
    media = preferred(accept, ANSWERS)
    if media is None:
        hint = f" For {EVENTS} there is {STREAM_PATH}." if EVENTS in accept else ""
        raise Refused(406, f"The answer can be {JSON} or {RESPONSE}; the request accepts neither.{hint}")
    return media


def check_method(method: str) -> None:
    """Let only GET and POST pass. Raises Refused."""
    if method not in ("GET", "POST"):
        raise Refused(405, "Send a POST, or a GET for a query.", (b"allow", b"GET, POST"))


def check_kind(method: str, kind: OperationType) -> None:
    """Let no GET change anything. Raises Refused."""
    if method == "GET" and kind is OperationType.MUTATION:
        raise Refused(405, "A mutation is sent by POST.", (b"allow", b"POST"))


async def read_operation(scope: Scope, receive: Receive, headers: Headers, limit: int) -> Operation:
    """Read what is asked, from the body or the URL. Raises Malformed, Refused or ClientDisconnect."""
    if scope["method"] == "GET":
        try:
            parameters = dict(parse_qsl(scope["query_string"].decode("ascii"), errors="strict", max_num_fields=20))
        except ValueError:
            raise Malformed("The parameters of the URL cannot be read.") from None
        return Operation.read_query(parameters)
    _check_content_type(headers.get("content-type", ""))
    body = await _body(receive, headers, limit)
    return await asyncio.to_thread(_decoded, body) if len(body) > LARGE else _decoded(body)


def _decoded(body: bytes) -> Operation:
    return Operation.read(decode(body))


def _check_content_type(value: str) -> None:
    media, *parameters = (part.strip().lower() for part in value.split(";"))
    if media != JSON:
        raise Refused(415, f"The body has to be {JSON}, and its Content-Type has to say so.")
    charsets = [part.partition("=")[2].strip('"') for part in parameters if part.startswith("charset")]
    if any(charset not in ("utf-8", "utf8") for charset in charsets):
        raise Refused(415, "The body has to be encoded as UTF-8.")


async def _body(receive: Receive, headers: Headers, limit: int) -> bytes:
    if headers.get("content-length", "0").isdecimal() and int(headers.get("content-length", "0")) > limit:
        raise _too_large(limit)
    chunks, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk: bytes = message.get("body", b"")
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        more = message.get("more_body", False)
    return b"".join(chunks)


def _too_large(limit: int) -> Refused:
    return Refused(413, f"The body is larger than {limit} bytes.")
