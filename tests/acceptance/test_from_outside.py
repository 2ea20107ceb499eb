"""A whole session from outside: by the documented examples over the API, while others watch and lose the connection."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportClosed, TransportConnectionFailed
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport
from projects import Project, end, processes_of

from proctor.api.ids import number_place, session_of

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "api"
SECONDS = 600.0
KILLS = 10
LIFE = 2
"""Events that a subscriber sees before it is killed."""

AGENT = """\
#!/bin/sh
case "$PROCTOR_COMPONENT" in
  shop/prices.py) line='assert prices.gross(100) == 120.0'; module=prices ;;
  *) line='assert stock.missing(5, 3) == 2'; module=stock ;;
esac
printf 'from shop import %s\\n\\n\\ndef test_%s():\\n    %s\\n' "$module" "$module" "$line" > "$PROCTOR_TARGET"
"""
TESTS = {
    "tests/test_shop_prices.py": (
        "from shop import prices\n\n\ndef test_prices():\n    assert prices.gross(100) == 120.0\n"
    ),
    "tests/test_shop_stock.py": "from shop import stock\n\n\ndef test_stock():\n    assert stock.missing(5, 3) == 2\n",
}

CREATE = """mutation ($input: CreateSessionInput!) {
  answer: createSession(input: $input) { ... on CreateSessionSuccess { session { id } } ... on Error { message } }
}"""
PAGE = """query ($id: ID!, $after: String) {
  answer: session(id: $id) {
    status
    events(first: 100, after: $after) { nodes { cursor kind sessionId step sequence text data } pageInfo { endCursor } }
  }
}"""
EVENTS = """subscription ($id: ID!, $after: String) {
  answer: sessionEvents(sessionId: $id, after: $after) { cursor kind sessionId step sequence text data }
}"""
CHILDREN = """subscription ($id: ID!, $after: String) {
  answer: childSessionChanges(sessionId: $id, after: $after) { cursor kind sessionId step sequence }
}"""

Event = dict[str, Any]


@dataclass
class Subscriber:
    """Follows one subscription to its end, and is killed on the way as often as is said."""

    url: str
    headers: dict[str, str]
    document: str
    kills: int = 0
    seen: list[Event] = field(default_factory=list)

    async def follow(self, session: str) -> None:
        after: str | None = None
        while True:
            socket = WebsocketsTransport(self.url, init_payload=self.headers, connect_args={"proxy": None})
            try:
                async with Client(transport=socket) as client:
                    variables = {"id": session, "after": after}
                    async for answer in client.subscribe(GraphQLRequest(self.document, variable_values=variables)):
                        self.seen.append(answer["answer"])
                        after = answer["answer"]["cursor"]
                        if self.kills and len(self.seen) % LIFE == 0:
                            self.kills -= 1
                            _cut_off(socket)
                            break
                    else:
                        return
            except (TransportConnectionFailed, TransportClosed):
                continue

    def cursors(self) -> list[str]:
        return [event["cursor"] for event in self.seen]


def _cut_off(socket: WebsocketsTransport) -> None:
    """Reset the connection: the server hears no goodbye."""
    connection = socket.adapter.websocket  # type: ignore[attr-defined] # of the adapter for websockets
    connection.transport.abort()


@dataclass(frozen=True)
class Served:
    """A running server."""

    url: str
    token: str
    token_file: Path

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def ask(self, document: str, **variables: Any) -> Any:
        transport = HTTPXAsyncTransport(self.url, headers=self.headers, timeout=120, trust_env=False)
        async with Client(transport=transport) as client:
            return (await client.execute(GraphQLRequest(document, variable_values=variables)))["answer"]

    def subscriber(self, document: str, kills: int = 0) -> Subscriber:
        return Subscriber(self.url.replace("http", "ws", 1), self.headers, document, kills)


@asynccontextmanager
async def serving(project: Project) -> AsyncIterator[Served]:
    token_file = project.home / "token"
    project.environment = {"PROCTOR_API__TOKEN_FILE": str(token_file)}
    process = project.start("serve", "--port", "0", "--log-level", "error")
    try:
        assert process.stdout is not None
        url, _, token = (await asyncio.to_thread(process.stdout.readline)).removeprefix("Serving ").partition("#token=")
        yield Served(url, token.strip(), token_file)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 60) == 0
    finally:
        end(process)


async def run_example(project: Project, *argv: str | Path) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *map(str, argv), cwd=project.home, env={"PATH": os.environ["PATH"], "HOME": str(project.home)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        printed, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, printed.decode()
    return printed.decode()


def named(name: str, document: str) -> str:
    """Ask the same in other words: those who ask word for word the same share a stream that the server keeps open."""
    return document.replace("subscription", f"subscription {name}", 1)


async def all_events(server: Served, session: str) -> list[Event]:
    found: list[Event] = []
    after = None
    while True:
        page = (await server.ask(PAGE, id=session, after=after))["events"]
        if not page["nodes"]:
            return found
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]


@pytest.mark.parametrize("example", ["execute.py", "watch.py"])
async def test_a_session_is_taken_to_its_end_from_outside_and_whoever_watches_misses_nothing(
    project: Project, example: str
) -> None:
    agent = project.home / "agent.sh"
    agent.write_text(AGENT)
    agent.chmod(0o755)
    project.configure(f'agent = "scripted"\n[agents.scripted]\nargv = ["{agent}"]\n')
    own = ["--agent-command", str(agent)] if example == "execute.py" else []
    async with asyncio.timeout(SECONDS), serving(project) as server:
        package = project.top / "shop"
        order = {"idempotencyKey": "first", "path": str(package), "executionMode": "MANUAL" if own else "AUTO"}
        session = (await server.ask(CREATE, input=order))["session"]["id"]
        events, changes = server.subscriber(EVENTS), server.subscriber(CHILDREN)
        again = [server.subscriber(EVENTS, KILLS), server.subscriber(named("Again", EVENTS), KILLS)]
        changes_again = server.subscriber(named("Again", CHILDREN), KILLS)
        watching = asyncio.gather(*(each.follow(session) for each in (events, changes, *again, changes_again)))
        printed = await run_example(project, EXAMPLES / example, server.token_file, package, "--url", server.url, *own)
        await watching
        told = await all_events(server, session)
    root = session_of(session)
    assert root is not None
    assert [number_place("event", root, event["cursor"]) for event in told] == [*range(1, len(told) + 1)]
    assert (told[-1]["kind"], told[-1]["sessionId"]) == ("SESSION_CHANGED", session)
    for subscriber in (events, *again):
        assert subscriber.seen == told
    below = [event for event in told if event["sessionId"] != session and event["kind"] not in ("ACTIVITY", "OUTPUT")]
    for subscriber in (changes, changes_again):
        assert subscriber.cursors() == [event["cursor"] for event in below]
    assert [subscriber.kills for subscriber in (*again, changes_again)] == [0, 0, 0]
    branch = "test-context-testing-session-for-shop"
    assert branch in printed
    assert project.git("diff", "--name-only", "main", branch).split() == sorted(TESTS)
    assert {path: project.git("show", f"{branch}:{path}") for path in TESTS} == TESTS
    assert not processes_of(project.home)
