"""A SQLite file that forgets: killed half way, by several at once, and what becomes of its size."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from proctor.contracts.retention import Pruned, Terms
from proctor.contracts.store import Answer, Change, Store, Tree
from proctor.domain.event import News
from proctor.domain.head import Birth, Head
from proctor.domain.interaction import Command, Interaction, Result
from proctor.domain.scope import Scope
from proctor.store import open_store

SCOPE = Scope()
LATER = 10e9
TERMS = Terms(LATER, LATER, LATER, LATER)
ROOTS = [f"root{number}" for number in range(6)]

PROGRAM = """
import asyncio, sys
from proctor.contracts.retention import Terms
from proctor.store import open_store

async def main(path):
    store, terms = await open_store(path), Terms(*[10e9] * 4)
    print("ready", flush=True)
    sys.stdin.readline()
    while await store.prune(terms):
        print("slice", flush=True)
    left = await store.orphans(terms)
    while left:
        _, left = await store.drop(left, terms)
        print("blobs", flush=True)
    while await store.shrink():
        print("pages", flush=True)
    await store.close()

asyncio.run(main(sys.argv[1]))
"""


def _head(session: str, root: str) -> Head:
    parent = None if session == root else root
    birth = Birth(session, root, "testing", SCOPE, 1.0, {}, parent=parent, key=session, depth=session != root)
    return Head(birth, version=1)


async def _live(store: Store, root: str) -> None:
    """Make a tree of a root and three children, each with a log, that is over."""
    head = _head(root, root)
    children = tuple(_head(f"{root}.{number}", root) for number in range(3))
    await store.commit(Change(head, tree=Tree(root, SCOPE, ())))
    await store.commit(Change(replace(head, version=2), children=children))
    for session in (*(child.id for child in children), root):
        each = await store.head(SCOPE, session)
        assert each is not None
        blob = await store.put(os.urandom(20_000))
        for number in range(1, 11):
            result = Result("ok", stdout="x" * 2000, files={"it.py": blob})
            closed = Interaction(number, Command("none"), result, "completed", 1.0)
            each = replace(each, sequence=number, version=each.version + 1)
            news = tuple(News(each.id, "activity", 1.0, {"word": "x" * 200}) for _ in range(5))
            answer = Answer(each.id, "submit", str(number), "digest", {})
            await store.commit(Change(each, closed, news=news, answer=answer))
        await store.commit(Change(replace(each, status="complete", version=each.version + 1)))


async def _fill(path: Path) -> None:
    store = await open_store(str(path))
    for root in ROOTS:
        await _live(store, root)
    await store.commit(Change(_head("going", "going"), tree=Tree("going", SCOPE, ())))
    await store.close()


async def _check(path: Path) -> int:
    """See that each tree is whole, or says up to where its events are gone, or is not there; and count those."""
    store = await open_store(str(path))
    there = [root for root in ROOTS if await store.tree(SCOPE, root)]
    for root in there:
        tree, heads = await store.tree(SCOPE, root), await store.descendants(SCOPE, root)
        assert tree is not None
        events = await store.events(SCOPE, root)
        assert [event.sequence for event in events] == list(range(tree.forgotten + 1, 201))
        assert [len(await store.interactions(SCOPE, head.id)) for head in heads] == [10] * 4
        for head in heads:
            (last,) = await store.interactions(SCOPE, head.id, after=9)
            assert last.result is not None
            assert len(await store.get(last.result.files["it.py"])) == 20_000
    assert await store.head(SCOPE, "going") is not None
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    return len(there)


def _pruner(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def _rows(path: Path) -> dict[str, int]:
    tables = ("sessions", "births", "trees", "pins", "interactions", "events", "answers", "blobs")
    with closing(sqlite3.connect(path)) as connection:
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}  # noqa: S608


def test_whoever_is_killed_while_pruning_leaves_a_whole_database(tmp_path: Path) -> None:
    path = tmp_path / "proctor.db"
    asyncio.run(_fill(path))
    for slices in (1, 2, 4, 7):
        process = _pruner(path)
        assert process.stdout is not None
        _go(process)
        for _ in range(slices):
            process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=120)
        asyncio.run(_check(path))
    process = _pruner(path)
    process.communicate("\n", timeout=120)
    assert process.returncode == 0
    assert asyncio.run(_check(path)) == 0
    assert _rows(path) == dict.fromkeys(_rows(path), 0) | {"sessions": 1, "births": 1, "trees": 1, "pins": 1}


def test_several_may_prune_at_once(tmp_path: Path) -> None:
    path = tmp_path / "proctor.db"
    asyncio.run(_fill(path))
    pruners = [_pruner(path) for _ in range(2)]
    for process in pruners:
        _go(process)
    for process in pruners:
        process.communicate(timeout=120)
        assert process.returncode == 0
    assert asyncio.run(_check(path)) == 0
    assert _rows(path)["sessions"] == 1


async def test_a_new_file_shrinks_and_an_old_one_uses_its_room_again(tmp_path: Path) -> None:
    new, old = tmp_path / "new.db", tmp_path / "old.db"
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")  # as an earlier version made it
    for path in (new, old):
        await _fill(path)
        before, store = path.stat().st_size, await open_store(str(path))
        while await store.prune(TERMS):
            pass
        left = await store.orphans(TERMS)
        while left:
            _, left = await store.drop(left, TERMS)
        freed = [await store.shrink() for _ in range(200)]
        assert freed[-1] == 0
        await store.close()
        assert (path.stat().st_size < before / 2) is (path is new)
        assert (sum(freed) > before / 2) is (path is new)


async def test_a_tree_that_leaves_takes_nobodys_words_any_more(tmp_path: Path) -> None:
    """What others tell of it in the same transaction is written, and forgotten with the rest."""
    store = await open_store(str(tmp_path / "proctor.db"))
    await _live(store, "root0")
    telling = [store.tell("root0", (News("root0", "activity", 1.0),)) for _ in range(5)]
    answers = await asyncio.gather(*telling, store.prune(TERMS))
    assert answers[-1] == Pruned(trees=1)
    while await store.prune(TERMS):
        pass
    await store.close()
    assert _rows(tmp_path / "proctor.db")["events"] == 0


async def test_a_blob_that_is_put_again_is_kept(tmp_path: Path) -> None:
    now = 0.0
    store = await open_store(str(tmp_path / "proctor.db"), clock=lambda: now)
    blobs = [await store.put(data) for data in (b"once", b"again")]
    now = 86_400.0 * 3
    terms = Terms(blobs=now - 86_400.0)
    assert sorted(blobs) == (found := await store.orphans(terms))
    assert await store.put(b"again") == blobs[1]
    assert (await store.drop(found, terms))[0] == Pruned(blobs=1, bytes=4)
    assert await store.get(blobs[1]) == b"again"
    await store.close()
