"""What it costs to ask a session for its next step, with 10, 1,000 and 100,000 interactions in its log.

    python tests/benchmarks/next_step.py [ROUNDS]

The logs are made by copying one real, committed interaction; the question is the public `await sessions.next(...)`.
"""

import asyncio
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import made_up
from measuring import Meter, middle, report

from proctor.app import App
from proctor.config import Settings
from proctor.domain.interaction import Result
from proctor.domain.scope import Scope
from proctor.sessions import Draft
from proctor.store import open_store

LENGTHS = (10, 1_000, 100_000)
CALLS = 3_000
COPY = """
WITH RECURSIVE numbers (number) AS (SELECT 2 UNION ALL SELECT number + 1 FROM numbers WHERE number < :length)
INSERT INTO interactions (session, sequence, document)
SELECT session, number, document FROM interactions, numbers WHERE session = :session AND sequence = 1
"""
COUNT = "UPDATE sessions SET sequence = :length WHERE id = :session"


async def _session(app: App, database: Path, length: int) -> str:
    """Make a session that is at its second step, and lengthen its log."""
    head = await app.sessions.create(app.scope, Draft("child", {"number": 1}))
    started = await app.sessions.start(app.scope, head.id)
    await app.sessions.submit(app.scope, head.id, started.fence, Result("ok"), key="first")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(COPY, {"session": head.id, "length": length})
        connection.execute(COUNT, {"session": head.id, "length": length})
    assert len(await app.store.interactions(app.scope, head.id, limit=length + 1)) == length
    return head.id


async def _asked(app: App, session: str) -> Meter:
    with Meter() as meter:
        for _ in range(CALLS):
            await app.sessions.next(app.scope, session)
    return meter


async def _measured(folder: Path, rounds: int) -> Iterator[Meter]:
    database = folder / "proctor.db"
    store = await open_store(str(database))
    app = App(Settings(cache=folder), store, Scope())
    sessions = [await _session(app, database, length) for length in LENGTHS]
    taken = [[await _asked(app, session) for session in sessions] for _ in range(rounds + 1)]
    await store.close()
    return map(middle, zip(*taken[1:], strict=True))


def _main(rounds: int = 9) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made_up.install(Path(folder))
        costs = [meter.cpu / CALLS * 1e6 for meter in asyncio.run(_measured(Path(folder), rounds))]
    rows = zip(LENGTHS, costs, strict=True)
    report("next step", [{"interactions": n, "CPU µs a call": cost, "ratio": cost / costs[0]} for n, cost in rows])


if __name__ == "__main__":
    _main(*map(int, sys.argv[1:]))
