import os
from pathlib import Path

import pytest

from proctor.workspace.overlay import read


def test_a_plain_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert read(tmp_path / "a", 3) == b"abc"


def test_a_large_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abcd")
    with pytest.raises(ValueError, match="larger than 3 bytes"):
        read(tmp_path / "a", 3)


def test_a_folder_a_link_a_pipe_and_nothing_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(__file__)
    os.mkfifo(tmp_path / "pipe")
    assert [read(tmp_path / name, 9) for name in ("folder", "link", "pipe", "nothing")] == [None] * 4
