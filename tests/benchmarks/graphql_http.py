"""What a GraphQL request costs a server in CPU, beside a bare JSON route and beside Strawberry as it comes.

    python tests/benchmarks/graphql_http.py [ROUNDS]

Three servers, each a process of its own under uvicorn with the same settings, answer the same bytes in turn. Proctor's
is `proctor serve` with a real session in a real database; the others have the answer in memory. `next` asks what comes
next in a session; `session` asks for one with 50 interactions of 8 fields. Only the servers' CPU is metered.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from graphql_clients import post
from graphql_servers import Server, lay_out, peer, proctor
from measuring import Meter, alternated, report

from proctor.api.ids import session_gid

CONNECTIONS, REQUESTS = 8, {"next": 2400, "session": 800}
DOCUMENTS = {
    "next": """query next($id: ID!) {
        nextInteraction(sessionId: $id) { __typename ... on NextInteraction { step reason } }
    }""",
    "session": """query session($id: ID!) {
        session(id: $id) {
            id workflow status isPaused blocked waitsFor executionMode key attempt priority createdAt outcome
            interactions(first: 50) {
                nodes { id sequence status step startedAt closedAt executedBy leaseExpiresAt }
            }
        }
    }""",
}


def _asked(what: str, session: str) -> Mapping[str, object]:
    return {"query": DOCUMENTS[what], "operationName": what, "variables": {"id": session_gid(session)}}


async def _ask(server: Server, what: str, session: str, count: int) -> bytes:
    """Ask so many times over several connections at once; give one of the last answers."""
    asked = _asked(what, session)
    answers = await asyncio.gather(*(post(server, asked, count // CONNECTIONS) for _ in range(CONNECTIONS)))
    return answers[-1]


def _measured(server: Server, what: str, session: str) -> Meter:
    before = server.cpu()
    asyncio.run(_ask(server, what, session, REQUESTS[what]))
    return server.since(before)


def _answer(server: Server, what: str, session: str) -> Mapping[str, Any]:
    answer = json.loads(asyncio.run(_ask(server, what, session, CONNECTIONS)))
    assert "errors" not in answer, answer
    found: Mapping[str, Any] = answer["data"]
    return found


def _row(what: str, bare: Meter, ours: Meter, strawberrys: Meter) -> dict[str, object]:
    costs = [meter.cpu / REQUESTS[what] * 1e6 for meter in (bare, ours, strawberrys)]
    names = ("bare route, CPU µs", "Proctor, CPU µs", "Strawberry, CPU µs")
    ratios = {"bare / Proctor": bare.cpu / ours.cpu, "bare / Strawberry": bare.cpu / strawberrys.cpu}
    return {"request": what, **dict(zip(names, costs, strict=True)), **ratios}


def _main(rounds: int = 7) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, answers = Path(name), Path(name) / "answers.json"
        session = asyncio.run(lay_out(folder, interactions=50))
        with proctor(folder) as ours:
            expected = {what: _answer(ours, what, session) for what in DOCUMENTS}
            answers.write_text(json.dumps(expected))
            with peer("bare", answers) as bare, peer("strawberry", answers) as strawberrys:
                sides = bare, ours, strawberrys
                for side in sides:
                    assert {what: _answer(side, what, session) for what in DOCUMENTS} == expected
                rows = []
                for what in DOCUMENTS:
                    meters = alternated(rounds, *(partial(_measured, side, what, session) for side in sides))
                    rows.append(_row(what, *meters))
                report("graphql over http", rows)


if __name__ == "__main__":
    _main(*map(int, sys.argv[1:]))
