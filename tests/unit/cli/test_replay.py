"""A history is exported, and decided once more."""

import asyncio
import os
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result
from replay_runs import KINDS

from proctor.cli.group import proctor as group
from proctor.store import open_store

RECORDED = Path(__file__).parents[2] / "replay" / "histories"


def proctor(*arguments: str | Path) -> Result:
    return CliRunner().invoke(group, [*map(str, arguments)])


@pytest.fixture
def root(database: str, tmp_path: Path, clean: pytest.MonkeyPatch) -> str:
    clean.setenv("PROCTOR_CACHE", str(tmp_path / "cache"))
    clean.setenv("PROCTOR_CONFIG", os.devnull)

    async def make() -> str:
        store = await open_store(database)
        run = await KINDS["nothing_to_test"](store)
        await store.close()
        return run.root

    return asyncio.run(make())


def test_a_history_is_written_to_a_file_and_can_be_replayed(root: str, database: str, tmp_path: Path) -> None:
    file = tmp_path / "history.json"
    done = proctor("sessions", "export", root[:8], "--output", file, "--database", database)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", f"Wrote 1 session to {file}\n")
    done = proctor("replay", file)
    assert done.output.startswith(f"{file}: 1 session, ")
    assert "no divergence" in done.output
    assert done.exit_code == 0


def test_without_a_file_it_is_printed(root: str, database: str) -> None:
    done = proctor("sessions", "export", root, "--database", database)
    assert orjson.loads(done.stdout)["proctor_history"] == 1
    assert "host:1:2.00" not in done.stdout


def test_a_file_that_cannot_be_written_is_named(root: str, database: str, tmp_path: Path) -> None:
    file = tmp_path / "no" / "history.json"
    done = proctor("sessions", "export", root, "--output", file, "--database", database)
    assert (done.exit_code, done.stderr) == (1, f"proctor: {file} cannot be written: No such file or directory\n")


def test_a_divergence_is_shown_with_what_was_and_what_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proctor_component_testing.checking.SPARE_S", 31.0)
    file = RECORDED / "taken_over.json"
    done = proctor("replay", file)
    assert done.exit_code == 1
    assert done.output.splitlines()[:5] == [
        f"{file}: 2 sessions, 12 decisions, 1 divergence",
        "  shop.prices (session 00000002), interaction 1, initialize: another command",
        "    arguments.seconds",
        "      recorded  90.0",
        "      now       91.0",
    ]


@pytest.mark.usefixtures("clean")
def test_a_plugin_that_is_missing_is_named() -> None:
    done = proctor("replay", RECORDED / "with_a_strangers_step.json")
    assert done.exit_code == 1
    told = "count_components: it cannot be asked. The proctor.steps plugin context_testing.count_components is not"
    assert told in done.output


@pytest.mark.usefixtures("clean")
def test_machines_read_lines_of_json() -> None:
    files = [RECORDED / "cancelled.json", RECORDED / "with_a_strangers_step.json"]
    done = proctor("replay", "--json", *files)
    assert done.exit_code == 1
    same, other = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert (same["kind"], same["file"], same["sessions"], same["divergences"]) == ("replay", str(files[0]), 3, [])
    assert same["notes"] == ["what no rule and no step decides was taken from the record: 2 abandoned, 3 cancelled"]
    assert other["divergences"][0]["decision"] == "plugin"


def test_changed_programs_count_only_if_they_shall(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "# " + "x" * 2000
    monkeypatch.setattr("proctor_python.program._text", lambda _name: text)
    file = RECORDED / "nothing_to_test.json"
    plain, strict = proctor("replay", file), proctor("replay", "--strict", file)
    assert (plain.exit_code, strict.exit_code) == (0, 1)
    assert "long files of commands changed, such as User Management & Auth, initialize" in plain.output


def test_what_cannot_be_read_is_named_and_the_others_are_replayed(tmp_path: Path) -> None:
    bad, missing = tmp_path / "bad.json", tmp_path / "missing.json"
    bad.write_text("{}")
    done = proctor("replay", bad, missing, RECORDED / "nothing_to_test.json")
    assert done.exit_code == 2
    assert done.stderr.splitlines() == [
        f"proctor: {bad} cannot be read: it is no recorded history; `proctor sessions export ID` writes one",
        f"proctor: {missing} cannot be read: No such file or directory",
    ]
    assert "no divergence" in done.stdout
