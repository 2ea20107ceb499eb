"""`proctor doctor` on real files, real git and a real database, in a home of its own."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from proctor import owner
from proctor.cli.group import proctor
from proctor.contracts.store import Change, Owner, Tree
from proctor.domain import news
from proctor.domain.head import Birth, Head
from proctor.domain.scope import Scope
from proctor.domain.workflow import PinnedStep, PinnedWorkflow
from proctor.store import open_store
from proctor.store.migrations import HEAD
from proctor.workspace.folder import claim

Told = Mapping[str, str | None]
ROOT = "11aa" * 8


@dataclass
class Home:
    """A user's home, with a repository in it."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "proctor.db"

    def configure(self, text: str) -> None:
        (self.folder / "config.toml").write_text(text)

    def doctor(self, *arguments: str) -> Result:
        done = CliRunner().invoke(proctor, ["doctor", *arguments])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.output
        return done

    def found(self, check: str) -> list[Told]:
        """Give what a check found, without `v` and `kind`."""
        done = self.doctor("--json")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert all((line["v"], line["kind"]) == (1, "check") for line in lines)
        assert done.exit_code == any(line["status"] == "problem" for line in lines)
        return [line for line in lines if line["check"] == check]

    def one(self, check: str) -> tuple[str, str, str]:
        (line,) = self.found(check)
        return str(line["status"]), str(line["told"]), str(line["remedy"] or "")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in [name for name in os.environ if name.startswith(("PROCTOR_", "GIT_", "VIRTUAL_ENV"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("PROCTOR_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("PROCTOR_DATABASE", f"sqlite:///{tmp_path / 'proctor.db'}")
    monkeypatch.setenv("PROCTOR_CACHE", str(tmp_path / "cache"))
    (tmp_path / "gitconfig").write_text("[user]\n  name = Somebody\n  email = somebody@example.org\n")
    (tmp_path / "config.toml").touch()
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    subprocess.run(["git", "init", "-q", "--template="], check=True)
    subprocess.run(["git", "commit", "-q", "--allow-empty", "-m", "as it was"], check=True)
    return Home(tmp_path)


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


async def keep_session(home: Home, driven_by: Owner | None) -> None:
    """Make a session that is active."""
    store = await open_store(str(home.database))
    try:
        root = Head(Birth(ROOT, ROOT, "work", Scope(), 1000.0, {"name": "larder"}), version=1)
        lines = (PinnedWorkflow("work", ("a",), {"a": PinnedStep("a", distribution="proctor")}),)
        tree = Tree(ROOT, Scope(), lines, owner=driven_by)
        await store.commit(Change(root, tree=tree, news=(news.created(root, 1000.0),)))
    finally:
        await store.close()


def dead() -> Owner:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    myself = owner.myself()
    return Owner(myself.host, myself.boot, ended.pid, 1.0, myself.machine)


class TestInOrder:
    def test_everything_is_told_and_nothing_is_made(self, home: Home) -> None:
        before = sorted(home.folder.rglob("*"))
        done = home.doctor()
        assert done.exit_code == 0, done.output
        assert {line[:9].strip() for line in done.stdout.splitlines()[:-2]} == {"ok", ""}
        assert done.stdout.endswith("Everything is in order.\n")
        assert "\x1b" not in done.stdout
        assert sorted(home.folder.rglob("*")) == before

    def test_git_and_its_identity(self, home: Home) -> None:
        assert home.one("git")[:1] == ("ok",)
        assert home.one("identity")[:2] == ("ok", "commits are by Somebody <somebody@example.org>")

    def test_the_repository_that_the_user_is_in(self, home: Home) -> None:
        status, told, _ = home.one("repository")
        assert status == "ok"
        assert told.startswith(f"{home.folder / 'project'} at commit ")
        assert "not in it" not in told
        (home.folder / "project/new.py").touch()
        subprocess.run(["git", "add", "new.py"], check=True)
        assert home.one("repository")[1].endswith(", with changes that are not in it and are left out")

    def test_a_database_in_use(self, home: Home) -> None:
        asyncio.run(keep_session(home, owner.myself()))
        status, told, _ = home.one("database")
        assert status == "ok"
        assert f"schema {HEAD}, can be written, no damage found" in told
        assert home.one("sessions")[:2] == ("ok", "no session waits for somebody to go on with it")

    def test_another_process_that_writes_just_now_is_no_problem(self, home: Home) -> None:
        asyncio.run(keep_session(home, None))
        with closing(sqlite3.connect(home.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert "in use just now" in home.one("database")[1]


class TestInterpreter:
    def test_the_repositorys_own_goes_before_ours(self, home: Home) -> None:
        exe = script(home.folder / "project/.venv/bin/python", f'exec {sys.executable} "$@"')
        status, told, _ = home.one("interpreter")
        assert status == "ok"
        assert str(exe) in told
        assert "pytest" in told

    def test_one_that_cannot_be_started_is_passed_over_unless_it_was_named(
        self, home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        exe = script(home.folder / "project/venv/bin/python", "exit 1")
        assert sys.executable in home.one("interpreter")[1]
        monkeypatch.setenv("PROCTOR_PYTHON", str(exe))
        assert home.one("interpreter")[:2] == ("problem", f"{exe} is no Python that can be started")

    @pytest.mark.parametrize(
        ("python", "pytest_", "said"), [("3.8.1", "8.0", "it is too old"), ("3.12.1", None, "no pytest")]
    )
    def test_one_that_cannot_run_tests_is_a_problem(
        self, home: Home, monkeypatch: pytest.MonkeyPatch, python: str, pytest_: str | None, said: str
    ) -> None:
        facts = orjson.dumps({"python": python, "pytest": pytest_, "coverage": None}).decode()
        monkeypatch.setenv("PROCTOR_PYTHON", str(script(home.folder / "python", f"echo '{facts}'")))
        status, told, remedy = home.one("interpreter")
        assert status == "problem"
        assert said in told
        assert remedy

    def test_nothing_of_the_folder_that_the_user_is_in_is_imported(self, home: Home) -> None:
        (home.folder / "project/json.py").write_text("raise SystemExit('imported')\n")
        assert home.one("interpreter")[0] == "ok"


class TestSettings:
    def test_a_mistake_is_a_problem_and_the_rest_is_still_looked_at(self, home: Home) -> None:
        home.configure("jobs = 0\n")
        status, told, _ = home.one("settings")
        assert status == "problem"
        assert "jobs" in told
        assert home.one("git")[0] == "ok"

    def test_no_file_is_as_usual_but_one_that_was_named_should_be_there(
        self, home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (home.folder / "config.toml").unlink()
        assert home.one("settings")[0] == "problem"
        monkeypatch.delenv("PROCTOR_CONFIG")
        monkeypatch.setenv("XDG_CONFIG_HOME", str(home.folder / "none"))
        assert home.one("settings")[0] == "ok"

    def test_an_agent_whose_command_is_missing_is_a_problem_if_it_is_the_one_that_is_asked(self, home: Home) -> None:
        home.configure('[agents.mine]\nargv = ["no-such-agent"]\n')
        assert [line["status"] for line in home.found("agents")] == ["ok", "warning"]
        home.configure('agent = "mine"\n[agents.mine]\nargv = ["no-such-agent"]\n')
        status, told, _ = home.one("agents")
        assert status == "problem"
        assert "the command no-such-agent cannot be found" in told

    def test_an_agent_that_nobody_knows_is_a_problem(self, home: Home) -> None:
        home.configure('agent = "nobody"\n')
        assert home.one("agents")[:2] == ("problem", "the agent 'nobody' of the settings is not known")

    def test_a_look_at_the_machine_needs_no_repository_but_it_is_told(
        self, home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(home.folder)
        remedy = "Go to a folder of a repository, or run `git init` and commit here first."
        assert home.one("repository") == ("warning", f"{home.folder} is not inside a git repository", remedy)
        subprocess.run(["git", "init", "-q", "--template="], check=True)
        status, told, remedy = home.one("repository")
        assert (status, told) == ("warning", f"The repository {home.folder} has no commit yet")
        assert home.doctor().exit_code == 0

    def test_a_repository_that_git_does_not_trust_is_told_as_a_run_tells_it(
        self, home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        status, told, remedy = home.one("repository")
        assert (status, remedy) == ("problem", "")
        assert told.startswith("git rev-parse failed with exit code 128: fatal: detected dubious ownership")

    def test_without_an_identity_nothing_can_land(self, home: Home) -> None:
        (home.folder / "gitconfig").write_text("")
        status, _, remedy = home.one("identity")
        assert status == "problem"
        assert "git config --global user.name" in remedy


class TestDatabase:
    def test_a_file_that_is_none_is_a_problem(self, home: Home) -> None:
        home.database.write_text("no database at all, but long enough to be looked at\n" * 100)
        assert home.one("database")[0] == "problem"

    def test_a_damaged_one_is_a_problem(self, home: Home) -> None:
        asyncio.run(keep_session(home, None))
        with closing(sqlite3.connect(home.database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode = DELETE")
        data = bytearray(home.database.read_bytes())
        data[8192 : 8192 + 4096 * 8] = b"\xa5" * 4096 * 8
        home.database.write_bytes(data)
        assert home.one("database")[0] == "problem"

    @pytest.mark.parametrize(
        ("statement", "said"),
        [
            ("UPDATE alembic_version SET version_num = '9999'", "a newer Proctor"),
            ("DROP TABLE alembic_version", "another program"),
        ],
    )
    def test_one_of_another_program_or_a_newer_one_is_a_problem(self, home: Home, statement: str, said: str) -> None:
        asyncio.run(keep_session(home, None))
        with closing(sqlite3.connect(home.database)) as connection, connection:
            connection.execute(statement)
        status, told, _ = home.one("database")
        assert status == "problem"
        assert said in told

    def test_an_older_one_is_looked_at_and_left_as_it_is(self, home: Home) -> None:
        asyncio.run(keep_session(home, None))
        with closing(sqlite3.connect(home.database)) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = '0001'")
        for _ in range(2):
            status, told, _ = home.one("database")
            assert status == "ok"
            assert f"schema 0001, brought to {HEAD} by the next run" in told


class TestLeftBehind:
    def test_a_session_whose_process_is_gone_is_named_with_what_to_type(self, home: Home) -> None:
        asyncio.run(keep_session(home, dead()))
        status, told, remedy = home.one("sessions")
        assert status == "warning"
        assert told.startswith("larder (11aa11aa) is not finished: process ")
        assert remedy == "proctor sessions continue 11aa11aa"

    def test_the_database_that_was_named_is_in_the_hint(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("PROCTOR_DATABASE")
        asyncio.run(keep_session(home, dead()))
        done = home.doctor("--database", str(home.database))
        hint = f"→ proctor sessions continue 11aa11aa --database {home.database}"
        assert "".join(hint.split()) in "".join(done.stdout.split())  # wherever a long path is folded

    def test_work_folders_of_the_dead_are_counted_and_left_to_the_next_run(self, home: Home) -> None:
        folder = home.folder / "cache/work/abc"
        claim(folder)
        assert home.one("leftovers")[0] == "ok"
        folder.with_name("abc.owner").write_bytes(orjson.dumps(dead()))
        assert home.one("leftovers")[:2] == ("warning", "1 work folder left behind by processes that are gone")
        assert folder.is_dir()
