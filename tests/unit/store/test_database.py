import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from proctor.contracts.store import Change
from proctor.domain.budget import Spent
from proctor.domain.interaction import Usage
from proctor.domain.session import Limits
from proctor.errors import DatabaseBusy, DatabaseNewer, DatabaseUnusable
from proctor.store import database, open_store
from proctor.store.database import Turn, connect, location, prepare
from proctor.store.migrations import HEAD, REVISIONS
from proctor.testing.store.heads import plant, present, step


async def _open_and_close(url: object) -> None:
    await (await open_store(str(url))).close()


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("url", ["/a/b c.db", "sqlite:///a/b c.db", "sqlite:////a/b c.db"])
def test_a_database_is_named_by_url_or_path(url: str) -> None:
    assert location(url) == Path("/a/b c.db")


@pytest.mark.parametrize("url", ["postgresql://host/db", "sqlite://relative", "sqlite:///"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(DatabaseUnusable):
        asyncio.run(_open_and_close(url))


def test_a_new_database_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "proctor.db"
    asyncio.run(_open_and_close(f"sqlite://{path}"))
    assert (_mode(path.parent), _mode(path)) == (0o700, 0o600)
    assert {file.name for file in path.parent.iterdir()} == {"proctor.db", "proctor.db.lock"}
    assert _mode(path.parent / "proctor.db.lock") == 0o600


def test_a_file_that_is_no_database_is_named_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to look at\n" * 50)
    with pytest.raises(DatabaseUnusable, match=r"notes\.txt cannot be used: it is no SQLite database"):
        asyncio.run(_open_and_close(path))
    assert path.read_text().startswith("not a database")


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="Is a directory"):
        asyncio.run(_open_and_close(tmp_path))


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseUnusable, match=r"Not a directory|File exists"):
        asyncio.run(_open_and_close(tmp_path / "file" / "proctor.db"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_read_only_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "proctor.db"
    path.touch(0o400)
    with pytest.raises(DatabaseUnusable, match="Permission denied"):
        asyncio.run(_open_and_close(path))


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    with pytest.raises(DatabaseUnusable, match="belongs to another program"):
        asyncio.run(_open_and_close(path))


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "proctor.db"
    asyncio.run(_open_and_close(path))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseNewer, match="schema 9999"):
        asyncio.run(_open_and_close(path))


def test_the_revisions_are_those_that_alembic_finds() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "proctor.store:migrations")
    config.set_main_option("path_separator", "newline")
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert found[::-1] == list(REVISIONS)
    assert found[0] == HEAD


def test_a_database_that_is_up_to_date_is_opened_without_alembic(tmp_path: Path) -> None:
    asyncio.run(_open_and_close(tmp_path / "proctor.db"))
    program = (
        "import asyncio, sys; from proctor.store import open_store\n"
        "async def main():\n    await (await open_store(sys.argv[1])).close()\n"
        "asyncio.run(main())\n"
        "print([name for name in ('alembic', 'sqlalchemy') if name in sys.modules])"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "proctor.db")]
    assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout == "[]\n"


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import alembic.op

    path, execute = tmp_path / "proctor.db", alembic.op.execute

    def failing(statement: str) -> None:
        execute("CREATE TABLE (" if "audit" in statement else statement)

    with monkeypatch.context() as patched:
        patched.setattr(alembic.op, "execute", failing)
        with pytest.raises(DatabaseUnusable, match="syntax error"):
            asyncio.run(_open_and_close(path))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == []
    asyncio.run(_open_and_close(path))


def test_a_turn_is_waited_for_only_so_long(tmp_path: Path) -> None:
    first, second = Turn(tmp_path / "proctor.db"), Turn(tmp_path / "proctor.db")
    with first.taken(), pytest.raises(DatabaseBusy), second.taken(patience=0.01):
        raise AssertionError("two had the turn")
    with second.taken():
        pass
    first.close()
    second.close()


def test_a_database_from_before_budgets_is_opened_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "proctor.db"

    async def planted() -> None:
        store = await open_store(str(path))
        await store.commit(plant())
        await store.commit(Change(step(await present(store, "root")), spent=Usage(1, 2, 0.5)))
        await store.close()

    async def gone_on() -> Spent:
        store = await open_store(str(path))
        await store.commit(Change(step(await present(store, "root")), spent=Usage(1), within=Limits(tokens=9)))
        await store.count_time("root", 5.0, 7.0)
        spent = await store.spent("root")
        await store.close()
        return spent

    asyncio.run(planted())
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(trees)")]
        for column in ("seconds", "counted_until", *(name for name in columns if name.endswith("_before"))):
            connection.execute(f"ALTER TABLE trees DROP COLUMN {column}")
        connection.execute("UPDATE alembic_version SET version_num = '0003'")
    assert asyncio.run(gone_on()) == Spent(seconds=2.0, tokens=4, money=0.5, sessions=1)


def test_the_time_counts_on_after_the_clock_was_set_back(tmp_path: Path) -> None:
    async def counted() -> Spent:
        store = await open_store(str(tmp_path / "proctor.db"))
        await store.commit(plant())
        for since, until in ((90_000.0, 90_002.0), (10.0, 12.0), (11.0, 14.0)):
            await store.count_time("root", since, until)
        spent = await store.spent("root")
        await store.close()
        return spent

    assert asyncio.run(counted()).seconds == 2.0 + 2.0 + 2.0


def test_who_only_reads_is_not_held_up_by_who_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "proctor.db"
    prepare(path)
    monkeypatch.setattr(database, "PATIENCE", 0.01)
    with closing(connect(path)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        prepare(path)
        with closing(connect(path)) as reader:
            assert reader.execute("SELECT count(*) FROM sessions").fetchone() == (0,)
