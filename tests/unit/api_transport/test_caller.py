"""What a caller may do."""

from dataclasses import replace
from pathlib import Path

import pytest

from proctor.api.caller import Caller, Role
from proctor.errors import NoSuchPath


@pytest.mark.parametrize(("role", "may"), [("viewer", False), ("operator", True), ("admin", True)])
async def test_viewers_change_nothing(caller: Caller, role: Role, may: bool) -> None:
    assert replace(caller, role=role).may_write is may


async def test_sessions_are_created_about_listed_folders_alone(caller: Caller, tmp_path: Path) -> None:
    listed = tmp_path / "listed"
    (listed / "one" / "package").mkdir(parents=True)
    (tmp_path / "listed-not").mkdir()
    (listed / "way-out").symlink_to(tmp_path / "listed-not")
    limited = replace(caller, repositories=(listed,))
    assert caller.may_create("/anywhere")
    assert limited.may_create(str(listed / "one" / "package"))
    for path in (tmp_path / "listed-not", listed / "..", listed / "way-out", listed / "one" / ".." / ".."):
        assert not limited.may_create(str(path))
    assert not replace(caller, repositories=()).may_create(str(listed))


@pytest.mark.parametrize("name", ["loop", "loop/package", "a\0b"])
async def test_a_path_that_leads_nowhere_is_named(caller: Caller, tmp_path: Path, name: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(NoSuchPath):
        replace(caller, repositories=(tmp_path,)).may_create(str(tmp_path / name))
