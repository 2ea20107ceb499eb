"""Cache repositories that nobody has used for long are removed; with a real git."""
# ruff: noqa: ASYNC220 # nothing else runs meanwhile

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from repositories import UserRepository

from proctor.domain.interaction import Workspace
from proctor.workspace import Workspaces
from proctor.workspace.stale import remove_clone, size, stale_clones

LATER = time.time() + 10 * 86400.0

HOLDER = """
import asyncio, sys
from proctor.domain.interaction import Workspace
from proctor.workspace import Workspaces

async def get(blob): ...

async def main(folder, top, base):
    async with Workspaces(__import__("pathlib").Path(folder), get).open(Workspace(top, base)):
        print("open", flush=True)
        sys.stdin.readline()

asyncio.run(main(*sys.argv[1:]))
"""


async def get(_blob: str) -> bytes:
    return b""


@pytest.fixture
def user(tmp_path: Path) -> UserRepository:
    return UserRepository(tmp_path / "user")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


async def use(folder: Path, user: UserRepository) -> None:
    async with Workspaces(folder, get).open(Workspace(str(user.top), user.base)) as place:
        assert (place / "shop/cart.py").exists()


def remove_stale(folder: Path, before: float = LATER) -> list[int]:
    return [remove_clone(path, before) for path in stale_clones(folder, before, [])]


async def test_a_clone_that_nobody_uses_goes_and_is_made_again(folder: Path, user: UserRepository) -> None:
    await use(folder, user)
    before = size(folder)
    (given,) = remove_stale(folder)
    assert 0 < given <= before
    assert [*(folder / "repositories").iterdir()] == []
    await use(folder, user)


async def test_each_use_counts_and_the_base_that_was_used_least_decides(folder: Path, user: UserRepository) -> None:
    await use(folder, user)
    (stamp,) = (folder / "repositories").glob("*.git/refs/proctor/*")
    os.utime(stamp, (1000, 1000))
    assert len(stale_clones(folder, 2000, [])) == 1
    user.write("shop/new.py", "")
    first, user.base = user.base, user.commit("second")
    await use(folder, user)
    assert len(stale_clones(folder, 2000, [])) == 1
    user.base = first
    await use(folder, user)
    assert stale_clones(folder, 2000, []) == []


async def test_a_clone_that_is_needed_stays(folder: Path, user: UserRepository) -> None:
    await use(folder, user)
    assert stale_clones(folder, LATER, [str(user.top)]) == []


async def test_a_clone_that_was_used_meanwhile_stays(folder: Path, user: UserRepository) -> None:
    await use(folder, user)
    (path,) = stale_clones(folder, LATER, [])
    assert remove_clone(path, 1000.0) == 0
    assert path.exists()


async def test_a_clone_stays_while_a_process_that_uses_it_lives(folder: Path, user: UserRepository) -> None:
    await use(folder, user)
    command = [sys.executable, "-c", HOLDER, str(folder), str(user.top), user.base]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        assert remove_stale(folder) == [0]
        holder.kill()
    assert remove_stale(folder) != [0]


async def test_whoever_comes_while_a_clone_is_removed_gets_a_new_one(folder: Path, user: UserRepository) -> None:
    await use(folder, user)
    (lock,) = (folder / "repositories").glob("*.use")
    with lock.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert remove_stale(folder) == [0]
        lock.unlink()  # as whoever removes it does
    await use(folder, user)


async def test_what_a_killed_process_left_half_removed_goes_with_the_next(folder: Path, user: UserRepository) -> None:
    await use(folder, user)
    (path,) = stale_clones(folder, LATER, [])
    path.rename(path.with_suffix(".gone"))
    assert len(remove_stale(folder, 0.0)) == 1
    assert [*(folder / "repositories").glob("*.gone")] == []
    await use(folder, user)


def test_there_may_be_no_clone(folder: Path) -> None:
    assert stale_clones(folder, LATER, []) == []
