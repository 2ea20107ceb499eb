"""Which failures are a disk's, and what is said of them."""

import errno
import os
import shutil
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from proctor.errors import DiskUnusable, GitFailed
from proctor.workspace import disk
from proctor.workspace.disk import temporary_files, try_room, written


def raised(number: int, name: object = None) -> OSError:
    return OSError(number, os.strerror(number), name)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
@pytest.mark.parametrize("name", [None, "work/one/file"])
def test_what_the_system_says_of_a_file_of_ours_is_told_with_a_way_out(
    tmp_path: Path, number: int, name: str | None
) -> None:
    folder = tmp_path / "cache"
    with pytest.raises(DiskUnusable) as told, written(folder, disk.CACHE):
        raise raised(number, name and str(folder / name))
    remedy = "Make it writable" if number == errno.EROFS else "Make room there"
    assert str(told.value) == (
        f"The disk of {folder} cannot be used: {os.strerror(number)}. {remedy}, or name another folder with the "
        "setting `cache`, and give the same command again."
    )


@pytest.mark.parametrize(
    "message",
    [
        "error: unable to write file shop/cart.py\nerror: unable to write file shop/stock.py",
        "error: failed to write new configuration file config.lock\nfatal: could not set 'core.filemode' to 'true'",
        "fatal: sha1 file 'index.lock' write error. Out of diskspace",
        "fatal: update_ref failed for ref 'refs/heads/main': couldn't write 'refs/heads/main.lock'",
        "error: unable to write symref for HEAD: No space left on device",
        "error: unable to create temporary file: Read-only file system",
        "fatal: cannot mkdir shop: Disk quota exceeded",
    ],
)
def test_what_git_says_of_it_is_told_in_one_line(tmp_path: Path, message: str) -> None:
    with pytest.raises(DiskUnusable) as told, written(tmp_path):
        raise GitFailed(what="init", exit_code=128, message=message)
    first = message.splitlines()[0].partition(": ")[2]
    assert str(told.value).startswith(f"The disk of {tmp_path} cannot be used: {first}. Make ")
    assert "name another folder" not in str(told.value)


@pytest.mark.parametrize(
    "error",
    [
        GitFailed(what="read-tree", exit_code=128, message="fatal: not a tree object"),
        raised(errno.EACCES),
        raised(errno.ENOSPC, "/somewhere/else"),
        ValueError("No space left on device"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_else_goes_wrong_is_left_as_it_is(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(type(error)) as told, written(tmp_path):
        raise error
    assert told.value is error


def test_of_two_disks_the_fuller_one_is_blamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, temporary = tmp_path / "cache", Path("/dev")
    cache.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    for fuller, setting in ((cache, "the setting `cache`"), (temporary, "the variable TMPDIR")):
        room = {cache: 10, temporary: 10, fuller: 0}
        monkeypatch.setattr(shutil, "disk_usage", lambda path, room=room: SimpleNamespace(free=room[path]))
        with pytest.raises(DiskUnusable, match=f"{fuller} .* {setting}"), written(cache, disk.CACHE):
            raise raised(errno.ENOSPC)
    with pytest.raises(DiskUnusable, match=f"{cache} "), written(cache, disk.CACHE):
        raise raised(errno.ENOSPC, str(cache / "file"))


def test_that_no_folder_takes_temporary_files_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    monkeypatch.setenv("TMPDIR", "/full")
    with pytest.raises(DiskUnusable, match=r"^The disk of /full cannot be used: no temporary file can be made\. Make"):
        temporary_files()


def test_room_that_is_there_is_not_kept(tmp_path: Path) -> None:
    try_room(tmp_path, disk.ROOM)
    assert not [*tmp_path.iterdir()]


@pytest.mark.skipif(sys.platform == "darwin", reason="it cannot be asked for there")
def test_room_that_is_not_there_is_refused_and_a_file_system_that_cannot_tell_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (errno.ENOSPC, errno.EOPNOTSUPP):
        allocate = Mock(side_effect=raised(number))
        monkeypatch.setattr(os, "posix_fallocate", allocate)
        with nullcontext() if number == errno.EOPNOTSUPP else pytest.raises(OSError, match="No space left"):
            try_room(tmp_path, 7)
        assert allocate.call_args.args[1:] == (0, 7)
