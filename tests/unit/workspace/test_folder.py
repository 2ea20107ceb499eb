"""What is promised of folders among everybody's temporary files."""

import errno
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import orjson
import pytest

from proctor.errors import DiskUnusable
from proctor.owner import myself
from proctor.workspace.folder import claim, let_go, remove, sweep, temporary


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


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have room for half of a file, and for no more."""

    def half(path: Path, data: bytes) -> None:
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", half)


@pytest.mark.usefixtures("full")
def test_on_a_full_disk_a_claim_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        claim(tmp_path / "work" / "new")
    assert not [*(tmp_path / "work").iterdir()]


@pytest.mark.usefixtures("full")
def test_that_temporary_files_have_no_room_is_told_and_leaves_nothing(temporary_files: Path) -> None:
    with (
        pytest.raises(DiskUnusable, match=f"^The disk of {temporary_files} cannot be used: No space left"),
        temporary(),
    ):
        pass
    assert not [*temporary_files.iterdir()]


def test_what_cannot_be_removed_from_a_read_only_disk_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim(tmp_path / "folder")
    monkeypatch.setattr(Path, "unlink", Mock(side_effect=OSError(errno.EROFS, os.strerror(errno.EROFS))))
    remove(tmp_path / "folder")
    assert [*tmp_path.glob("*.owner")]


def test_a_folder_that_another_process_has_by_now_is_not_removed(tmp_path: Path) -> None:
    folder = tmp_path / "work" / "one"
    claim(folder)
    folder.with_name(f"{folder.name}.owner").write_bytes(orjson.dumps(replace(myself(), pid=1)))
    let_go(folder)
    assert folder.exists()
    folder.with_name(f"{folder.name}.owner").write_bytes(orjson.dumps(myself()))
    let_go(folder)
    assert not folder.exists()


def test_half_a_file_goes_at_once_when_its_writer_was_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = tmp_path / "work"
    with monkeypatch.context() as killed:
        killed.setattr(Path, "replace", Mock(side_effect=KeyboardInterrupt))
        killed.setattr(Path, "unlink", Mock())
        with pytest.raises(KeyboardInterrupt):
            claim(work / "mine")
    (mine,) = work.iterdir()
    sweep(tmp_path)
    assert mine.exists()
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    theirs = mine.rename(mine.with_name(mine.name.replace(str(os.getpid()), str(ended.pid))))
    sweep(tmp_path)
    assert not theirs.exists()
