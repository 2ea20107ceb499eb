"""Several processes on one database, and processes that are killed."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from proctor.contracts.store import Change, Tree
from proctor.domain.event import Event
from proctor.domain.head import Birth, Head
from proctor.domain.scope import Scope
from proctor.store import open_store

SCOPE = Scope()

PROGRAM = """
import asyncio, sys
from proctor.domain.event import News
from proctor.store import open_store

async def main(path, name, count):
    store = await open_store(path)
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(count):
        await store.tell("root", [News("root", "activity", 1.0, {"by": name, "number": number})])
        print(number, flush=True)
    await store.close()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


def _writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(path), name, str(count)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


async def _plant(path: Path) -> None:
    store = await open_store(str(path))
    birth = Birth("root", "root", "testing", SCOPE, 1.0, {})
    await store.commit(Change(Head(birth, version=1), tree=Tree("root", SCOPE, ())))
    await store.close()


async def _events(path: Path) -> list[Event]:
    store = await open_store(str(path))
    events = list(await store.events(SCOPE, "root", limit=100_000))
    await store.close()
    return events


def _by(events: list[Event], name: str) -> list[object]:
    return [event.data["number"] for event in events if event.data["by"] == name]


def test_processes_that_write_at_once_lose_nothing_and_leave_no_gap(tmp_path: Path) -> None:
    path = tmp_path / "proctor.db"
    asyncio.run(_plant(path))
    writers = [_writer(path, name, 100) for name in "ab"]
    for process in writers:
        _go(process)
    for process in writers:
        process.communicate(timeout=120)
        assert process.returncode == 0
    events = asyncio.run(_events(path))
    assert [event.sequence for event in events] == list(range(1, 201))
    assert _by(events, "a") == _by(events, "b") == list(range(100))


def test_two_stores_of_one_process_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "proctor.db"

    async def story() -> None:
        await _plant(path)
        first, second = await open_store(str(path)), await open_store(str(path))
        writes = (store.own("root", None, None) for _ in range(50) for store in (first, second))
        assert all(await asyncio.gather(*writes))
        await first.close()
        await second.close()

    asyncio.run(story())


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "proctor.db"
    asyncio.run(_plant(path))
    for life in range(5):
        name = str(life)
        process = _writer(path, name, 1_000_000)
        assert process.stdout is not None
        _go(process)
        acknowledged = [int(process.stdout.readline()) for _ in range(10 + 7 * life)]
        os.kill(process.pid, signal.SIGKILL)
        acknowledged += [int(line) for line in process.stdout if line.endswith("\n")]
        process.communicate(timeout=120)
        events = asyncio.run(_events(path))
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        written = _by(events, name)
        assert written[: len(acknowledged)] == acknowledged
        assert len(written) - len(acknowledged) in (0, 1)
