"""What it costs a server to tell an event to 1,000 and to 5,000 subscribers, beside Strawberry as it comes.

    python tests/benchmarks/graphql_subscribers.py [ROUNDS]

Each server is a process of its own, and so are all the clients together; each client is a WebSocket of its own. An
event is caused by a mutation over HTTP, which pauses or resumes a real session. Its delay is from the moment at which
that is sent to the one at which a client has the event. Only the server's CPU and memory are metered.
"""

import asyncio
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import uvloop
from graphql_clients import Arrivals, post, subscribed
from graphql_servers import Server, lay_out, peer, proctor
from measuring import report

from proctor.api.ids import session_gid

EVENTS = 10
"""Events of one round."""
WARM = 50
"""Subscribers that come and go before memory is looked at."""
WATCH = 'subscription { sessionEvents(sessionId: "%s") { cursor kind at text } }'
TURN = 'mutation { %sSession(input: { sessionId: "%s", idempotencyKey: "%d" }) { __typename } }'

Document = Mapping[str, object]


@dataclass(slots=True)
class Side:
    """A server, what its subscribers ask, and the mutations that tell them something."""

    name: str
    server: Server
    watch: Document
    tell: Iterator[Document]
    subscribers: int
    memory: float = 0.0
    """KiB a subscriber."""

    async def open(self, stack: AsyncExitStack) -> Arrivals:
        """Have the subscribers, and see what they take while nothing happens."""
        async with subscribed(self.server, self.watch, WARM):
            pass
        await asyncio.sleep(1)
        before = self.server.memory()
        arrivals = await stack.enter_async_context(subscribed(self.server, self.watch, self.subscribers))
        await asyncio.sleep(1)
        self.memory = (self.server.memory() - before) / self.subscribers
        return arrivals

    async def round(self, arrivals: Arrivals) -> tuple[float, ...]:
        """Tell a few events; give µs of CPU a delivery, and the 50th and 99th percentile of the delays in ms."""
        cpu, delays = self.server.cpu(), list[float]()
        for _ in range(EVENTS):
            begun = time.perf_counter()
            await post(self.server, next(self.tell))
            delays += [at - begun for at in await arrivals.taken(self.subscribers)]
        used, percentiles = self.server.since(cpu).cpu, statistics.quantiles(delays, n=100)
        return used / self.subscribers / EVENTS * 1e6, percentiles[49] * 1e3, percentiles[98] * 1e3

    def row(self, rounds: Sequence[tuple[float, ...]]) -> dict[str, object]:
        """Give the medians."""
        cpu, half, most = map(statistics.median, zip(*rounds, strict=True))
        row = {"server": self.name, "subscribers": self.subscribers, "KiB a subscriber": self.memory}
        return {**row, "CPU µs a delivery": cpu, "p50 ms": half, "p99 ms": most}


async def _measured(rounds: int, *sides: Side) -> list[dict[str, object]]:
    """Let the sides take turns, after one round to warm up."""
    async with AsyncExitStack() as stack:
        arrivals = [await side.open(stack) for side in sides]
        taken = [[await side.round(its) for side, its in zip(sides, arrivals, strict=True)] for _ in range(rounds + 1)]
        return [side.row(rows) for side, rows in zip(sides, zip(*taken[1:], strict=True), strict=True)]


def _ours(server: Server, session: str, subscribers: int) -> Side:
    gid = session_gid(session)
    tell = ({"query": TURN % ("resume" if number % 2 else "pause", gid, number)} for number in count())
    return Side("Proctor", server, {"query": WATCH % gid}, tell, subscribers)


def _strawberrys(server: Server, subscribers: int) -> Side:
    tell = ({"query": f"mutation {{ tell(number: {number}) }}"} for number in count())
    return Side("Strawberry", server, {"query": WATCH % "it"}, tell, subscribers)


def _few(folder: Path, rounds: int) -> list[dict[str, object]]:
    """Compare both with 1,000 subscribers."""
    session, answers = uvloop.run(lay_out(folder, interactions=0)), folder / "answers.json"
    answers.write_text("{}")
    with proctor(folder) as server, peer("strawberry", answers) as other:
        return uvloop.run(_measured(rounds, _ours(server, session, 1000), _strawberrys(other, 1000)))


def _many(folder: Path, rounds: int) -> list[dict[str, object]]:
    """Measure ours alone with 5,000 subscribers."""
    session = uvloop.run(lay_out(folder, interactions=0))
    with proctor(folder) as server:
        return uvloop.run(_measured(rounds, _ours(server, session, 5000)))


def _main(rounds: int = 5) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a file for each connection, here and in the servers
    rows = []
    for measure in (_few, _many):
        with tempfile.TemporaryDirectory() as folder:
            rows += measure(Path(folder), rounds)
    report("graphql subscribers", rows)


if __name__ == "__main__":
    _main(*map(int, sys.argv[1:]))
