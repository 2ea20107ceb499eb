"""What is found out of a user's repository before any work is done."""

import os
from pathlib import Path

import pytest
from repositories import UserRepository

from proctor.errors import RepositoryReadOnly
from proctor.workspace import identify


@pytest.mark.parametrize("folder", [".git/objects", ".git/refs/heads"])
async def test_a_repository_that_cannot_take_a_branch_is_refused_with_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    user = UserRepository(tmp_path / "user")
    closed = user.top / folder
    may = os.access
    # Whoever runs the tests may be root, to whom every folder is open.
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != closed and may(path, mode))
    with pytest.raises(RepositoryReadOnly, match=f"Nothing can be written to {closed}"):
        await identify(user.top / "shop")


async def test_a_linked_worktree_takes_its_branch_in_the_repository_that_it_belongs_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = UserRepository(tmp_path / "user")
    user.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
    asked = list[Path]()
    monkeypatch.setattr(os, "access", lambda path, _: asked.append(Path(path)) or True)
    await identify(tmp_path / "linked" / "shop")
    assert asked == [user.top / ".git" / "objects", user.top / ".git" / "refs" / "heads"]
