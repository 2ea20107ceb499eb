"""`proctor sessions prune` says what it gives back."""

import asyncio
import json
import os
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from proctor.cli.group import proctor
from proctor.cli.sessions.prune import size
from proctor.contracts.store import Change, Tree
from proctor.domain.head import Birth, Head
from proctor.domain.scope import Scope
from proctor.store import open_store


@pytest.fixture
def database(tmp_path: Path, clean: pytest.MonkeyPatch) -> str:
    clean.setenv("PROCTOR_CACHE", str(tmp_path / "cache"))
    clean.setattr(tempfile, "tempdir", str(tmp_path))
    clean.setenv("PROCTOR_CONFIG", "/dev/null")
    url = f"sqlite:///{tmp_path / 'proctor.db'}"
    asyncio.run(fill(url))
    return url


async def fill(url: str) -> None:
    """Make a tree that is over, and one that is not."""
    store = await open_store(url, clock=lambda: 1000.0)
    for session, status in (("ended", "complete"), ("going", "active")):
        head = Head(Birth(session, session, "testing", Scope(), 1000.0, {}), status=status, version=1)
        await store.commit(Change(head, tree=Tree(session, Scope(), ())))
    await store.close()


def prune(database: str, *options: str) -> str:
    done = CliRunner().invoke(proctor, ["sessions", "prune", "--database", database, *options])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_dry_run_changes_nothing(database: str) -> None:
    for _ in range(2):
        assert prune(database, "--dry-run").startswith("Would give back:\n  database  1 run, 1 session: ")


def test_what_was_given_back_is_told_in_counts_and_bytes(database: str) -> None:
    first, second, *_ = prune(database).splitlines()
    assert first == "Given back:"
    assert second.strip().startswith("database  1 run, 1 session: ")
    assert "bytes; the file shrank by " in second
    assert prune(database) == "Nothing is old enough.\n"


def test_what_was_kept_of_runs_is_told(database: str, tmp_path: Path) -> None:
    place = tmp_path / "cache/kept/ended/larder/01-initialize"
    place.mkdir(parents=True)
    for folder in (place.parent, place.parent.parent):
        os.utime(folder, (1000.0, 1000.0))
    for option in ("--dry-run", "--older-than=0"):
        assert "  folders   0 clones, 0 work folders, what was kept of 1 run: " in prune(database, option)
    assert not place.exists()
    assert "kept of" not in prune(database)


def test_the_age_can_be_named(database: str) -> None:
    assert prune(database, "--older-than", "36000") == "Nothing is old enough.\n"
    told = json.loads(prune(database, "--older-than", "0", "--json"))
    assert (told["kind"], told["dry_run"], told["pruned"]["trees"]) == ("pruned", False, 1)


@pytest.mark.parametrize(
    ("number", "written"),
    [(0, "0 bytes"), (999, "999 bytes"), (12_345, "12.3 kB"), (999_600, "1 MB"), (4_321_000_000, "4.3 GB")],
)
def test_bytes_are_written_for_people(number: int, written: str) -> None:
    assert size(number) == written
