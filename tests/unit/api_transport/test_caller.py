"""What a caller may do."""

from dataclasses import replace
from pathlib import Path

import pytest

from proctor.api.caller import Caller, Role


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
