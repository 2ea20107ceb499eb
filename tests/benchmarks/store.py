"""What the SQLite store costs: CPU per commit with many writers and with one, and per read of a head.

python tests/benchmarks/store.py [ROUNDS]
"""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from measuring import Meter, middle, report

from proctor.contracts.store import Change, Tree
from proctor.domain.event import News
from proctor.domain.head import Birth, Head, Pending
from proctor.domain.interaction import Command, Interaction, Result
from proctor.domain.scope import Scope
from proctor.store import SqliteStore, open_store

SCOPE = Scope()
COMMAND = Command("process", {"argv": ["python", "-m", "pytest", "-q"], "timeout": 60}, step="run_tests", at=1.0)
RESULT = Result("ok", {"report": {"passed": 12, "failed": 0}}, exit_code=0, stdout="." * 400, duration_s=1.5)


def _head(session: str, parent: str | None) -> Head:
    subject = {"module": f"package.{session}", "path": f"src/package/{session}.py"}
    birth = Birth(session, "root", "component_testing", SCOPE, 1.0, subject, parent=parent, key=session)
    return Head(birth, state={"base": "0" * 40, "files": {"tests/test_it.py": "a" * 64}}, version=1)


async def _reads(store: SqliteStore, session: str, count: int) -> None:
    for _ in range(count):
        await store.head(SCOPE, session)


async def _measured(work: Callable[[], Awaitable[object]]) -> Meter:
    with Meter() as meter:
        await work()
    return meter


async def _measure(folder: str, rounds: int) -> None:
    store = await open_store(str(Path(folder) / "store.db"))
    root, heads = _head("root", None), [_head(f"child{number}", "root") for number in range(51)]
    await store.commit(Change(root, tree=Tree("root", SCOPE, ())))
    await store.commit(Change(replace(root, version=2), children=tuple(heads)))
    taken = [await _round(store) for _ in range(rounds)]
    await store.close()
    cases = {"commit, 50 writers": 5000, "commit, 1 writer": 500, "read of a head": 5000}
    report("store", [_row(what, count, runs) for (what, count), *runs in zip(cases.items(), *taken, strict=True)])


def _row(what: str, count: int, runs: list[Meter]) -> dict[str, object]:
    meter = middle(runs)
    return {"what": what, "CPU µs": meter.cpu / count * 1e6, "wall µs": meter.wall / count * 1e6}


async def _round(store: SqliteStore) -> list[Meter]:
    *most, last = await store.children(SCOPE, "root")
    many = [_steps(store, head, 100) for head in most]
    return [
        await _measured(lambda: asyncio.gather(*many)),
        await _measured(lambda: _steps(store, last, 500)),
        await _measured(lambda: _reads(store, last.id, 5000)),
    ]


async def _steps(store: SqliteStore, head: Head, count: int) -> None:
    for _ in range(count):
        number = head.sequence + 1
        head = replace(head, sequence=number, pending=Pending(number + 1, COMMAND, 1.0), version=head.version + 1)
        news = (News(head.id, "interaction_completed", 1.0, {"sequence": number, "status": "ok"}),)
        closed = Interaction(number, COMMAND, RESULT, "completed", 1.0, "local")
        await store.commit(Change(head, closed=closed, news=news))


def _main(rounds: int = 5) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_measure(folder, rounds))


if __name__ == "__main__":
    _main(*map(int, sys.argv[1:]))
