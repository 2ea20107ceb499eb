"""What is promised of folders among everybody's temporary files."""

import tempfile
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from proctor.owner import myself
from proctor.workspace.folder import sweep, temporary


@pytest.fixture(autouse=True)
def temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def test_a_temporary_folder_is_for_its_user_alone_and_is_gone_afterwards(temporary_files: Path) -> None:
    with temporary() as folder:
        assert folder.parent == temporary_files
        assert folder.stat().st_mode & 0o777 == 0o700
        folder.joinpath("file").touch()
    assert not [*temporary_files.iterdir()]


def test_that_of_a_dead_process_is_swept_and_that_of_a_living_one_is_not(tmp_path: Path, temporary_files: Path) -> None:
    with temporary() as folder:
        assert sweep(tmp_path / "cache") == []
        folder.with_name(f"{folder.name}.owner").write_bytes(orjson.dumps(replace(myself(), started=1.0)))
        assert sweep(tmp_path / "cache") == [folder]
        assert not [*temporary_files.iterdir()]


def test_what_others_keep_there_is_left_alone(tmp_path: Path, temporary_files: Path) -> None:
    dead = orjson.dumps(replace(myself(), started=1.0))
    temporary_files.joinpath("another").mkdir()
    temporary_files.joinpath("another.owner").write_bytes(dead)
    assert sweep(tmp_path / "cache") == []
    assert temporary_files.joinpath("another").is_dir()
