"""What pruning costs others: how long a commit takes while a large database is pruned, and without that.

python tests/benchmarks/pruning.py [TREES]    # 200 interactions each, 1000 unless said
"""

import asyncio
import os
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from measuring import report

from proctor.config import Settings
from proctor.contracts.store import Change, Store, Tree
from proctor.domain.event import News
from proctor.domain.head import Birth, Head, Pending
from proctor.domain.interaction import Command, Interaction, Result
from proctor.domain.scope import Scope
from proctor.retention import REST, Retention
from proctor.store import open_store

SCOPE = Scope()
COMMAND = Command("process", {"argv": ["python", "-m", "pytest", "-q"], "timeout": 60}, step="run_tests", at=1.0)
SESSIONS, TURNS, WRITERS = 10, 20, 8
DAY_S = 86_400.0


def _head(session: str, root: str) -> Head:
    subject = {"module": f"package.{session}", "path": f"src/package/{session}.py"}
    parent = None if session == root else root
    birth = Birth(session, root, "component_testing", SCOPE, 1.0, subject, parent=parent, key=session)
    return Head(birth, state={"base": "0" * 40}, version=1)


async def _turn(store: Store, head: Head) -> Head:
    number = head.sequence + 1
    blob = await store.put(os.urandom(3000)) if number % 5 == 1 else "0" * 64
    result = Result("ok", {"report": {"passed": 12}}, stdout="." * 1500, files={"tests/test_it.py": blob})
    next_ = replace(head, sequence=number, pending=Pending(number + 1, COMMAND, 1.0), version=head.version + 1)
    news = [News(head.id, "interaction_completed", 1.0, {"sequence": number, "status": "ok"})]
    news += [News(head.id, "activity", 1.0, {"text": "x" * 300}) for _ in range(2)]
    await store.commit(Change(next_, Interaction(number, COMMAND, result, "completed", 1.0), news=tuple(news)))
    return next_


async def _session(store: Store, head: Head, turns: int) -> None:
    for _ in range(turns):
        head = await _turn(store, head)
    await store.commit(Change(replace(head, status="complete", pending=None, version=head.version + 1)))


async def _tree(store: Store, root: str) -> None:
    head = _head(root, root)
    children = [replace(_head(f"{root}c{number}", root)) for number in range(1, SESSIONS)]
    await store.commit(Change(head, tree=Tree(root, SCOPE, ())))
    head = replace(head, version=2)
    await store.commit(Change(head, children=tuple(children)))
    await asyncio.gather(*(_session(store, child, TURNS) for child in children))
    stored = await store.head(SCOPE, root)
    assert stored is not None
    await _session(store, stored, TURNS)


async def _fill(path: Path, trees: int) -> None:
    for part, days in (("old", 200), ("new", 1)):
        store = await open_store(str(path), clock=lambda days=days: time.time() - days * DAY_S)
        for first in range(0, trees // 2, 10):
            await asyncio.gather(*(_tree(store, f"{part}{number}") for number in range(first, first + 10)))
        await store.close()


async def _work(store: Store, name: str, taken: list[float]) -> None:
    head = _head(name, name)
    await store.commit(Change(head, tree=Tree(name, SCOPE, ())))
    while True:
        began = time.perf_counter()
        number = head.sequence + 1
        head = replace(head, sequence=number, version=head.version + 1)
        await store.commit(Change(head, Interaction(number, COMMAND, Result("ok"), "completed", 1.0)))
        taken.append(time.perf_counter() - began)
        await asyncio.sleep(0.002)


async def _while(store: Store, name: str, other: "asyncio.Future[object]") -> list[float]:
    taken: list[float] = []
    workers = [asyncio.create_task(_work(store, f"{name}{number}", taken)) for number in range(WRITERS)]
    await other
    for worker in workers:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
    return taken


def _row(what: str, taken: list[float], seconds: float) -> dict[str, object]:
    ordered = sorted(taken)
    at = {f"{share} ms": ordered[int(len(ordered) * part)] * 1e3 for share, part in (("p50", 0.5), ("p99", 0.99))}
    return {"what": what, "commits": len(taken), **at, "max ms": ordered[-1] * 1e3, "s": seconds}


async def _measure(folder: Path, trees: int) -> None:
    path = folder / "proctor.db"
    await _fill(path, trees)
    size = path.stat().st_size
    store = await open_store(str(path))
    calm = await _while(store, "calm", asyncio.ensure_future(asyncio.sleep(5)))
    began = time.perf_counter()
    pruning = asyncio.ensure_future(Retention(store, Settings(cache=folder / "cache")).prune(rest=REST))
    busy = await _while(store, "busy", pruning)
    seconds = time.perf_counter() - began
    await store.close()
    report("pruning", [_row("alone", calm, 5), _row("while pruning", busy, seconds)])
    print(pruning.result(), f"file: {size:,} -> {path.stat().st_size:,} bytes")


def _main(trees: int = 1000) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_measure(Path(folder), trees))


if __name__ == "__main__":
    _main(*map(int, sys.argv[1:]))
