"""What the SQLite store costs: CPU per commit with many writers and with one, and per read of a head.

Run it as a program: `python tests/benchmarks/store.py`. The numbers are microseconds.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

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


async def _measured(what: str, count: int, work: Callable[[], Awaitable[object]]) -> None:
    cpu, wall = time.process_time(), time.perf_counter()
    await work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(f"{what:<24} {cpu / count * 1e6:7.1f} CPU {wall / count * 1e6:8.1f} wall")


async def _main(folder: str) -> None:
    store = await open_store(str(Path(folder) / "store.db"))
    root, heads = _head("root", None), [_head(f"child{number}", "root") for number in range(51)]
    await store.commit(Change(root, tree=Tree("root", SCOPE, ())))
    await store.commit(Change(replace(root, version=2), children=tuple(heads)))
    for _ in range(3):
        await _round(store)
    await store.close()


async def _round(store: SqliteStore) -> None:
    *most, last = await store.children(SCOPE, "root")
    many = [_steps(store, head, 100) for head in most]
    await _measured("commit, 50 writers", 5000, lambda: asyncio.gather(*many))
    await _measured("commit, 1 writer", 500, lambda: _steps(store, last, 500))
    await _measured("head", 5000, lambda: _reads(store, last.id, 5000))


async def _steps(store: SqliteStore, head: Head, count: int) -> None:
    for _ in range(count):
        number = head.sequence + 1
        head = replace(head, sequence=number, pending=Pending(number + 1, COMMAND, 1.0), version=head.version + 1)
        news = (News(head.id, "interaction_completed", 1.0, {"sequence": number, "status": "ok"}),)
        closed = Interaction(number, COMMAND, RESULT, "completed", 1.0, "local")
        await store.commit(Change(head, closed=closed, news=news))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_main(sys.argv[1] if sys.argv[1:] else folder))
