"""Execute a session's commands yourself.

    python execute.py TOKEN_FILE PACKAGE

The server decides which step is next, what is to be done for it, and what the result means. Everything else is done
here: this file talks to the server, commands.py beside it carries commands out.
Needs git and gql: pip install 'gql[httpx,websockets]'
"""

import argparse
import asyncio
import base64
import shlex
import sys
import tempfile
import uuid
from collections.abc import Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from commands import Json, Machine
from gql import Client, GraphQLRequest, gql
from gql.client import AsyncClientSession
from gql.transport.exceptions import TransportClosed, TransportConnectionFailed, TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

OPERATIONS = gql("""
mutation Create($input: CreateSessionInput!) {
  answer: createSession(input: $input) {
    ... on CreateSessionSuccess { session { id } }
    ... on Error { code message }
  }
}
query Next($id: ID!) {
  answer: nextInteraction(sessionId: $id) {
    __typename
    ... on InteractionPending { interaction { command { childSessionIds } } }
    ... on Error { code message }
  }
}
mutation Start($input: StartInteractionInput!) {
  answer: startInteraction(input: $input) {
    ... on StartInteractionSuccess { started { fence isFresh interaction { ...Work } } }
    ... on Error { code message }
  }
}
fragment Work on Interaction {
  waitsFor
  command { step kind arguments workspace { repository base files { path digest } } }
}
mutation Renew($input: RenewLeaseInput!) { answer: renewLease(input: $input) { ... on Error { code message } } }
mutation Submit($input: SubmitResultInput!) {
  answer: submitResult(input: $input) {
    ... on SubmitResultSuccess { stepStatus }
    ... on Error { code message }
  }
}
query Piece($id: ID!, $digest: String!, $offset: Int!) {
  answer: blob(sessionId: $id, digest: $digest) { piece(offset: $offset, length: 262144) { base64 nextOffset } }
}
query Ended($id: ID!) { answer: session(id: $id) { status lastError product } }
subscription Children($id: ID!, $after: String) {
  answer: childSessionChanges(sessionId: $id, after: $after) {
    cursor kind sessionId status step stepStatus error
    session { key outcome }
  }
}
""")
LOST = (TransportConnectionFailed, TransportClosed)
RENEW_S = 20.0  # a lease lasts 60 seconds


def request(operation: str, **variables: Any) -> GraphQLRequest:
    """Choose one of the operations."""
    return GraphQLRequest(OPERATIONS, operation_name=operation, variable_values=variables)


class Refused(Exception):
    """The server did not do what it was asked to do. The message says why."""


class Api:
    """The server."""

    def __init__(self, session: AsyncClientSession) -> None:
        self._session = session

    async def ask(self, operation: str, **variables: Any) -> Json:
        """Ask; and again, word for word, if the answer was lost. Raises Refused for a request that cannot be read."""
        for pause in (0.5, 1, 2, 4, 8, 16, 32):
            try:
                return dict((await self._session.execute(request(operation, **variables)))["answer"])
            except LOST:
                await asyncio.sleep(pause)
            except TransportQueryError as error:
                raise Refused(str(error)) from error
        raise SystemExit("The server is gone.")

    async def change(self, operation: str, **given: Any) -> Json:
        """Change something: once, however often it is asked, because the key stays the same. Raises Refused."""
        answer = await self.ask(operation, input={"idempotencyKey": uuid.uuid4().hex, **given})
        if "code" in answer:
            raise Refused(answer["message"])
        return answer

    async def read(self, session: str, digest: str) -> bytes:
        """Read a file that a session names, piece by piece."""
        data, offset = b"", 0
        while offset is not None:
            piece = (await self.ask("Piece", id=session, digest=digest, offset=offset))["piece"]
            data, offset = data + base64.b64decode(piece["base64"]), piece["nextOffset"]
        return data


class Driver:
    """Takes a session to its end, and its children, several at once."""

    def __init__(self, api: Api, machine: Machine, jobs: int) -> None:
        self._api, self._machine, self._slots = api, machine, asyncio.Semaphore(jobs)
        self._ended: set[str] = set()
        self._news = asyncio.Condition()

    async def drive(self, session: str) -> None:
        """Ask what comes next and do that, until nothing does."""
        while True:
            following = await self._api.ask("Next", id=session)
            match following["__typename"]:
                case "InteractionPending":
                    children = following["interaction"]["command"]["childSessionIds"]  # of a parked parent
                    if self._ended.issuperset(children):
                        await self._turn(session)  # shows what is pending; the end of all children is judged by it
                    else:
                        async with self._news:
                            await self._news.wait_for(partial(self._ended.issuperset, children))
                case "NextInteraction":
                    await self._turn(session)
                case "SessionComplete" | "SessionClosed":
                    return
                case _:
                    raise SystemExit(following["message"])

    async def follow(self, parent: str, url: str, headers: dict[str, str]) -> None:
        """Drive each child from its creation on. It ends when the parent and its children have ended."""
        after: str | None = None
        async with asyncio.TaskGroup() as children:
            while True:
                with suppress(*LOST):
                    socket = WebsocketsTransport(url, init_payload=headers)  # browsers can send no headers with it
                    async with Client(transport=socket) as session:
                        wanted = request("Children", id=parent, after=after)
                        async for change in (answer["answer"] async for answer in session.subscribe(wanted)):
                            after = change["cursor"]  # after a lost connection it goes on behind this one
                            if change["kind"] == "SESSION_CREATED":
                                children.create_task(self.drive(change["sessionId"]))
                            await self._note(change)
                        return
                await asyncio.sleep(1.0)

    async def _turn(self, session: str) -> None:
        """Start one interaction, carry it out, and hand in the result."""
        async with self._slots:
            try:
                started = (await self._api.change("Start", sessionId=session))["started"]
                command, fence = started["interaction"]["command"], started["fence"]
                if started["interaction"]["waitsFor"] == "EXTERNAL":
                    result = await asyncio.to_thread(ask_a_person, command)
                elif started["isFresh"]:
                    result = await self._renewing(session, fence, self._machine.execute(session, command))
                else:
                    return await asyncio.sleep(1.0)  # another client is at it; or it is parked
                await self._submit(session, fence, result)
            except Refused as refusal:  # such as a stale fence: our lease ran out, and another client goes on
                print(refusal)

    async def _submit(self, session: str, fence: int, result: Json) -> None:
        try:
            await self._api.change("Submit", sessionId=session, fence=fence, result=result)
        except Refused as refusal:
            fault = {"status": "fault", "errorMessage": f"the result was not taken: {refusal}"}
            await self._api.change("Submit", sessionId=session, fence=fence, result=fault)

    async def _renewing(self, session: str, fence: int, work: Coroutine[None, None, Json]) -> Json:
        """Do work and keep the lease meanwhile. When that is lost, the work is given up."""
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait([task], timeout=RENEW_S))[0]:
                await self._api.change("Renew", sessionId=session, fence=fence)
            return task.result()
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _note(self, change: Json) -> None:
        """Say how a child goes on, and wake whoever waits for its end."""
        said = (change["session"]["key"], change["step"], change["stepStatus"], change["error"])
        if change["kind"] == "INTERACTION_COMPLETED":
            print(*(word for word in said if word), flush=True)
        if change["status"] not in (None, "ACTIVE"):
            print(change["session"]["key"], change["status"].lower(), change["session"]["outcome"] or "", flush=True)
            async with self._news:
                self._ended.add(change["sessionId"])
                self._news.notify_all()


def ask_a_person(command: Json) -> Json:
    """Leave a decision to whoever sits at the terminal."""
    try:
        answer = input(f"{command['step']}: {command['arguments']} Is that all right? [y/n] ")
    except EOFError:
        answer = ""
    return {"status": "ok" if answer.strip().lower().startswith("y") else "error"}


async def main() -> int:
    """Create a session, take it to its end, and say what came of it."""
    parser = argparse.ArgumentParser(description="Execute a session's commands yourself.")
    parser.add_argument("token_file", type=Path)
    parser.add_argument("package", type=Path)
    parser.add_argument("--url", default="http://127.0.0.1:8000/graphql")
    parser.add_argument("--only", action="append", default=[], metavar="GLOB", help="only modules that fit")
    parser.add_argument("--jobs", type=int, default=2, help="commands at once")
    parser.add_argument("--agent-command", default="", help="writes $PROCTOR_TARGET; the task is on its standard input")
    parser.add_argument("--repository", help="your own clone, if the server's path is not on this machine")
    given = parser.parse_args()
    headers = {"Authorization": f"Bearer {given.token_file.read_text().strip()}"}
    http = HTTPXAsyncTransport(given.url, headers=headers, timeout=60)
    with tempfile.TemporaryDirectory(prefix="execute-") as scratch:
        async with Client(transport=http) as session:
            api = Api(session)
            machine = Machine(api.read, Path(scratch), given.repository, shlex.split(given.agent_command))
            order = {"path": str(given.package.absolute()), "only": given.only, "executionMode": "MANUAL"}
            root = (await api.change("Create", **order))["session"]["id"]
            driver = Driver(api, machine, given.jobs)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(driver.follow(root, given.url.replace("http", "ws", 1), headers))
                await driver.drive(root)
            ended = await api.ask("Ended", id=root)
    branch = (ended["product"] or {}).get("branch")
    print(f"landed on {branch}" if branch else f"{ended['status'].lower()}: {ended['lastError']}")
    return 0 if ended["status"] == "COMPLETE" else 1


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except Refused as refusal:
        sys.exit(str(refusal))
