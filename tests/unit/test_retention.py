"""What is over goes after its days, by itself once a day or when asked; what goes on is left alone."""

import asyncio
import os
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from factories import SCOPE, Clock

from proctor import retention
from proctor.config import RetentionSettings, Settings
from proctor.contracts.access import Deed
from proctor.contracts.store import Change, Store, Tree
from proctor.domain.head import Birth, Head
from proctor.retention import DAY_S, GivenBack, Retention, in_background
from proctor.store import open_store
from proctor.workspace.folder import KEPT, claim
from proctor.workspace.stale import stale_kept

Settle = Callable[..., Settings]


@pytest.fixture
def settle(tmp_path: Path, clean: pytest.MonkeyPatch) -> Settle:
    clean.setenv("PROCTOR_CONFIG", os.devnull)
    clean.setattr(tempfile, "tempdir", str(tmp_path))
    return lambda **kept: Settings(cache=tmp_path / "cache", retention=RetentionSettings(**kept))


@pytest.fixture
async def old(database: str, clock: Clock) -> Store:
    """A store with a tree that ended at the clock's time, and an entry in the audit."""
    store = await open_store(database, clock=clock)
    for session, status in (("ended", "complete"), ("going", "active")):
        head = Head(Birth(session, session, "testing", SCOPE, clock.now, {}), status=status, version=1)
        await store.commit(Change(head, tree=Tree(session, SCOPE, ())))
    await store.record(Deed(clock.now, SCOPE, "shout"))
    return store


async def there(store: Store) -> list[str]:
    return sorted(head.id for head in await store.roots(SCOPE))


async def test_the_days_of_the_default_are_kept(old: Store, clock: Clock, settle: Settle) -> None:
    pruner = Retention(old, settle(), clock=clock)
    clock.now += 89 * DAY_S
    assert (await pruner.prune()).pruned.sessions == 0
    clock.now += 2 * DAY_S
    assert (await pruner.preview()).pruned.sessions == 1
    assert await there(old) == ["ended", "going"]
    assert (await pruner.prune()).pruned.sessions == 1
    assert await there(old) == ["going"]
    assert len(await old.deeds(SCOPE)) == 1
    clock.now += 275 * DAY_S
    assert (await pruner.prune()).pruned.deeds == 1
    assert await pruner.prune() == GivenBack((await pruner.preview()).pruned)
    await old.close()


async def test_what_is_kept_for_ever_stays(old: Store, clock: Clock, settle: Settle) -> None:
    clock.now += 9999 * DAY_S
    forever = settle(events="forever", sessions="forever", audit="forever", clones="forever")
    assert not (await Retention(old, forever, clock=clock).prune()).pruned
    assert (await Retention(old, forever, clock=clock).prune(older_than=9998)).pruned.sessions == 1
    await old.close()


async def test_it_happens_by_itself_once_a_day_whoever_asks(
    old: Store, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BEGIN_S", 0)
    done, passed = list[object](), asyncio.Event()

    async def noted(_retention: Retention, **_rest: float) -> None:
        done.append(_retention)
        passed.set()

    monkeypatch.setattr(Retention, "prune", noted)
    async with in_background(old, settle(daily=False)):
        await asyncio.sleep(0.01)
    assert done == []
    async with in_background(old, settle()), in_background(old, settle()):
        await asyncio.wait_for(passed.wait(), 10)
        assert not await old.claim(retention.CHORE, time.time(), DAY_S)
    assert len(done) == 1
    await old.close()


async def test_what_goes_wrong_is_told_and_ends_nothing(
    old: Store, settle: Settle, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(retention, "BEGIN_S", 0)
    broken = asyncio.Event()

    async def breaks(_retention: Retention, **_rest: float) -> None:
        broken.set()
        raise OSError("no disk")

    monkeypatch.setattr(Retention, "prune", breaks)
    async with in_background(old, settle()):
        await asyncio.wait_for(broken.wait(), 10)
        await asyncio.sleep(0)
    assert "could not be pruned" in caplog.text
    await old.close()


async def test_folders_of_the_dead_go_also_in_the_temporary_folder(
    old: Store, clock: Clock, settle: Settle, tmp_path: Path
) -> None:
    settings = settle()
    task, fresh, other = (
        tmp_path / name for name in ("proctor-task-abcd1234", "proctor-task-efgh5678", "proctor-demo")
    )
    for folder in (task, fresh, other):
        folder.mkdir()
        (folder / "task.json").write_text("{}")
    clock.now = fresh.stat().st_mtime + 60
    for path in (task / "task.json", task, other):
        os.utime(path, (clock.now - 2 * DAY_S,) * 2)
    dead = settings.cache / "work" / "dead"
    claim(dead)
    (dead / "file").write_bytes(bytes(1000))
    dead.with_name("dead.owner").write_text('{"host": "h", "boot": "b", "pid": 1, "started": 1, "machine": "m"}')
    mine = settings.cache / "work" / "mine"
    claim(mine)
    pruner = Retention(old, settings, clock=clock)
    preview = await pruner.preview()
    given = await pruner.prune()
    assert given.folders == preview.folders
    assert [path.exists() for path in (task, fresh, other, mine)] == [False, True, True, True]
    await old.close()


async def test_what_was_kept_of_a_run_goes_when_the_run_does(
    old: Store, clock: Clock, settle: Settle, tmp_path: Path
) -> None:
    clock.now += 89 * DAY_S
    places = [tmp_path / "cache/kept" / name / "shop.cart/01-initialize" for name in ("ended", "going", "5e55")]
    for place, age in zip(places, (1, 100, 91), strict=True):
        place.mkdir(parents=True)
        (place / "cart.py").write_text("x = 1\n")
        place.chmod(0o500)  # what ran there may have left it so
        for folder in (place.parent, place.parent.parent):
            os.utime(folder, (clock.now - age * DAY_S,) * 2)
    (tmp_path / "cache/kept/notes.txt").write_text("mine")
    assert (await Retention(old, settle(sessions="forever"), clock=clock).prune()).kept == 0
    pruner = Retention(old, settle(), clock=clock)
    preview = await pruner.preview()
    given = await pruner.prune()
    assert (preview.kept, given.kept) == (1, 1)
    assert preview.folder_bytes == given.folder_bytes > 0
    assert [place.exists() for place in places] == [True, True, False]
    assert (await pruner.prune(older_than=0)).kept == 1
    assert [place.exists() for place in places] == [False, True, False]
    assert (tmp_path / "cache/kept/notes.txt").exists()
    places[1].chmod(0o700)
    await old.close()


async def test_it_can_be_cancelled_at_any_moment(old: Store, clock: Clock, settle: Settle) -> None:
    clock.now += 100 * DAY_S
    pruner = Retention(old, settle(), clock=clock)
    for turns in range(30):
        task = asyncio.create_task(pruner.prune())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    assert await pruner.prune()
    assert await there(old) == ["going"]
    await old.close()


def test_the_page_tells_every_default() -> None:
    page = (Path(__file__).parents[2] / "docs/retention.md").read_text("utf-8")
    told = {name: int(days) for days, name in re.findall(r"^\|.*\| (\d+) days.*\| `(\w+)` \|$", page, re.MULTILINE)}
    assert told == {name: days for name, days in RetentionSettings().model_dump().items() if name != "daily"}


def test_what_another_pruner_removes_meanwhile_is_left_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / KEPT / "a1b2c3d4"
    (kept / "oven").mkdir(parents=True)
    found = Path.glob

    def slowly(path: Path, pattern: str) -> list[Path]:
        listed = [*found(path, pattern)]
        if path == kept:
            (kept / "oven").rmdir()
        return listed

    monkeypatch.setattr(Path, "glob", slowly)
    assert stale_kept(tmp_path, time.time() + DAY_S, ()) == []
