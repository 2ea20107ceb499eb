"""Have the server test a package, and watch.

    python watch.py TOKEN_FILE PACKAGE

Needs gql: pip install 'gql[httpx,websockets]'
"""

import argparse
import asyncio
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from gql import Client, GraphQLRequest, gql
from gql.transport.exceptions import TransportClosed, TransportConnectionFailed
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

OPERATIONS = gql("""
mutation Create($input: CreateSessionInput!) {
  answer: createSession(input: $input) {
    ... on CreateSessionSuccess { isContinued session { id } }
    ... on Error { code message }
  }
}
mutation Run($input: RunSessionInput!) {
  answer: runSession(input: $input) { ... on Error { code message } }
}
query Ended($id: ID!) {
  answer: session(id: $id) { status outcome lastError product }
}
subscription Events($id: ID!, $after: String) {
  answer: sessionEvents(sessionId: $id, after: $after) { cursor kind sessionId step text session { key } }
}
subscription Children($id: ID!, $after: String) {
  answer: childSessionChanges(sessionId: $id, after: $after) {
    cursor kind step status stepStatus error
    session { key attempt outcome }
  }
}
""")
Json = dict[str, Any]
LOST = (TransportConnectionFailed, TransportClosed)
EXIT_CODES = {"COMPLETE": 0, "FAILED": 1, "CANCELLED": 130}


class Api:
    """The server: questions go over HTTP, subscriptions over a WebSocket."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._headers = url, {"Authorization": f"Bearer {token}"}

    async def ask(self, operation: str, **variables: Any) -> Json:
        """Ask once. An answer with a code and a message ends the program."""
        transport = HTTPXAsyncTransport(self._url, headers=self._headers, timeout=60)
        async with Client(transport=transport) as session:
            answer = (await session.execute(_request(operation, variables)))["answer"]
        if "code" in answer:
            raise SystemExit(answer["message"])
        return dict(answer)

    async def change(self, operation: str, **given: Any) -> Json:
        """Change something, once: a call that is repeated under the same key changes nothing more."""
        return await self.ask(operation, input={"idempotencyKey": uuid.uuid4().hex, **given})

    async def watch(self, operation: str, session_id: str) -> AsyncIterator[Json]:
        """Give what is told, all of it and nothing twice, however often the connection is lost."""
        after: str | None = None
        pause = 1.0
        while True:
            try:
                # The token goes into the payload of connection_init: a browser can add no headers to a WebSocket.
                socket = WebsocketsTransport(self._url.replace("http", "ws", 1), init_payload=self._headers)
                async with Client(transport=socket) as session:
                    async for answer in session.subscribe(_request(operation, {"id": session_id, "after": after})):
                        after = answer["answer"]["cursor"]  # opaque; the next connection goes on behind it
                        pause = 1.0
                        yield answer["answer"]
            except LOST as error:
                print(f"connection lost ({error}); coming back in {pause:.0f} s", file=sys.stderr)
                await asyncio.sleep(pause)
                pause = min(2 * pause, 30.0)
            else:
                return  # complete: all that was watched has ended


def _request(operation: str, variables: Json) -> GraphQLRequest:
    return GraphQLRequest(OPERATIONS, operation_name=operation, variable_values=variables)


async def print_events(api: Api, session_id: str) -> None:
    """Print what happens in the session itself, and what agents and programs say below it."""
    async for event in api.watch("Events", session_id):
        text = (event["text"] or "").strip().splitlines()
        if event["kind"] == "GAP":  # read the session anew: these events are no longer kept
            print("… older events are gone", flush=True)
        elif event["sessionId"] == session_id or event["kind"] in ("ACTIVITY", "OUTPUT"):
            told = (event["session"]["key"], event["kind"].lower(), event["step"], text[-1] if text else None)
            print("  ", *(word for word in told if word), flush=True)


async def print_children(api: Api, session_id: str) -> None:
    """Print how the components' sessions go on."""
    async for change in api.watch("Children", session_id):
        child, kind = change["session"], change["kind"]
        if kind == "SESSION_CREATED":
            print(f"{child['key']}: attempt {child['attempt']}", flush=True)
        elif kind == "INTERACTION_COMPLETED":
            error = (change["error"] or "").partition("\n")[0]
            print(f"{child['key']}: {change['step']} {change['stepStatus']} {error}".rstrip(), flush=True)
        elif kind == "SESSION_CHANGED":
            print(f"{child['key']}: {change['status'].lower()} {child['outcome'] or change['error'] or ''}", flush=True)


def table(product: Json) -> str:
    """Lay the components out in columns."""
    rows = [("component", "outcome", "tests", "dropped", "coverage")]
    for each in product.get("components", []):
        measured = each["coverage"] or {}
        covered = " → ".join(
            f"{measured[when]:.0f} %" for when in ("before", "after") if measured.get(when) is not None
        )
        rows.append(
            (each["name"], each["outcome"], str(each["tests"]), str(each["dropped"]), covered or "not measured")
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


async def main() -> int:
    """Create a session, have it run, watch it to its end, and say what came of it."""
    parser = argparse.ArgumentParser(description="Have the server test a package, and watch.")
    parser.add_argument("token_file", type=Path)
    parser.add_argument("package", type=Path, help="on the server")
    parser.add_argument("--url", default="http://127.0.0.1:8000/graphql")
    parser.add_argument("--only", action="append", default=[], metavar="GLOB", help="only modules that fit")
    parser.add_argument("--agent", help="the agent that writes the tests")
    given = parser.parse_args()
    api = Api(given.url, given.token_file.read_text().strip())
    order = {"path": str(given.package.absolute()), "only": given.only, "agent": given.agent}
    created = await api.change("Create", **order)
    session_id = created["session"]["id"]
    if created["isContinued"]:
        print("going on with an unfinished session about the same")
    await api.change("Run", sessionId=session_id)
    async with asyncio.TaskGroup() as watching:
        watching.create_task(print_events(api, session_id))
        watching.create_task(print_children(api, session_id))
    ended = await api.ask("Ended", id=session_id)
    product = ended["product"] or {}
    if product:
        print(f"\n{table(product)}\n\nlanded on the branch {product['branch']}, {product['tests']} tests")
    else:
        print(f"\n{ended['status'].lower()}: {ended['lastError']}")
    return EXIT_CODES[ended["status"]]


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
