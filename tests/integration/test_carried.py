"""Files that git does not have: read from the checkout, laid over workspaces, never committed, refused clearly."""

import asyncio
import os
from pathlib import Path

import pytest
from repositories import UserRepository

from proctor.app import Order, open_app
from proctor.config import load
from proctor.domain.interaction import Workspace
from proctor.errors import CannotCarry
from proctor.workspace import Identity, Workspaces, carried, identify, sweep

ADA = Identity("Ada Example", "ada@example.org")


@pytest.fixture
def user(tmp_path: Path) -> UserRepository:
    user = UserRepository(tmp_path / "user")
    user.write("build/shop/_version.py", "VERSION = 1\n")
    return user


def carry(user: UserRepository, file: Path) -> tuple[str, bytes]:
    async def carry() -> tuple[str, bytes]:
        return await carried(await identify(user.top), file)

    return asyncio.run(carry())


def test_an_ignored_file_is_read_under_its_path_in_the_repository(
    user: UserRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(user.top / "shop")
    assert carry(user, Path("../build/shop/_version.py")) == ("build/shop/_version.py", b"VERSION = 1\n")


def test_a_link_inside_the_repository_is_read_under_its_own_name(user: UserRepository) -> None:
    (user.top / "shop" / "latest.log").symlink_to("../build/shop/_version.py")
    assert carry(user, user.top / "shop" / "latest.log") == ("shop/latest.log", b"VERSION = 1\n")


def test_what_cannot_be_carried_is_refused_with_its_reason(user: UserRepository, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (user.top / "out.log").symlink_to(tmp_path / "secret")
    (user.top / "round.log").symlink_to("round.log")
    (user.top / "way").symlink_to(tmp_path)
    user.write("shop/staged.py", "x = 1\n")
    user.git("add", "shop/staged.py")
    user.git("rm", "--quiet", "--cached", "shop/cart.py")
    with (user.top / "build" / "huge").open("wb") as file:
        file.truncate(64 * 1024**2 + 1)
    reasons = {
        "../secret": "outside the repository",
        "way/secret": "outside the repository",
        "shop/cart.py": "git tracks it",
        "shop/staged.py": "git tracks it",
        "build": "a folder",
        "shop": "a folder",
        "out.log": "leads out of the repository",
        "round.log": "symbolic link",
        "build/huge": "larger than",
        "build/missing": "No such file",
        ".git/config": "git's own",
    }
    for name, reason in reasons.items():
        with pytest.raises(CannotCarry, match=name.rpartition("/")[2]) as caught:
            carry(user, user.top / name)
        assert reason.lower() in str(caught.value).lower(), name


async def test_carried_files_are_in_every_workspace_and_in_no_commit(user: UserRepository, tmp_path: Path) -> None:
    blobs = {"v": b"VERSION = 1\n", "t": b"def test(): ...\n", "w": b"VERSION = 2\n"}

    async def get(blob: str) -> bytes:
        return blobs[blob]

    async def along() -> dict[str, str]:
        return {"build/v.py": "v", "build/w.py": "v"}

    workspaces = Workspaces(tmp_path / "cache", get).fitted(along)
    workspace = Workspace(str(user.top), user.base, {"tests/test_it.py": "t", "build/w.py": "w"})
    for key in (None, "conversation"):
        async with workspaces.open(workspace, key=key) as folder:
            assert (folder / "build" / "v.py").read_bytes() == blobs["v"]
            assert (folder / "build" / "w.py").read_bytes() == blobs["w"]
            assert await workspaces.changed(folder) == []
            (folder / "build" / "v.py").write_text("changed\n")
            assert await workspaces.changed(folder) == ["build/v.py"]
    only = Workspace(str(user.top), user.base, {"tests/test_it.py": "t"})
    commit = await workspaces.commit(only, "tests\n", author=ADA, at=0.0)
    await workspaces.publish(str(user.top), commit, "tests", explicit=True)
    assert user.git("show", "--name-only", "--format=", "tests") == "tests/test_it.py"


async def test_what_is_carried_and_its_content_make_another_run(
    user: UserRepository, tmp_path: Path, clean: pytest.MonkeyPatch
) -> None:
    clean.setenv("PROCTOR_CONFIG", os.devnull)
    settings = load(database=f"sqlite:///{tmp_path / 'proctor.db'}", cache=tmp_path / "cache")
    file = user.top / "build" / "shop" / "_version.py"
    async with open_app(settings) as app:
        bare = await app.orders.begin(Order(user.top / "shop"))
        first = await app.orders.begin(Order(user.top / "shop", carry=(file,)))
        again = await app.orders.begin(Order(user.top / "shop", carry=(file,)))
        file.write_text("VERSION = 2\n")
        other = await app.orders.begin(Order(user.top / "shop", carry=(file,)))
    assert again.session_id == first.session_id
    assert len({bare.session_id, first.session_id, other.session_id}) == 3


async def test_kept_folders_get_a_place_of_their_own_and_survive_the_next_sweep(
    user: UserRepository, tmp_path: Path
) -> None:
    async def nothing() -> dict[str, str]:
        return {}

    async def get(_: str) -> bytes:
        return b""

    workspaces = Workspaces(tmp_path / "cache", get).fitted(nothing, "5e55/shop.cart/03-run_tests")
    for number in (1, 2):
        async with workspaces.open(Workspace(str(user.top), user.base)) as folder:
            (folder / "left").write_text(str(number))
            await workspaces.changed(folder)
            async with workspaces.scratch() as scratch:
                assert scratch != folder
    place = workspaces.kept("5e55/shop.cart")
    assert sorted(path.name for path in place.iterdir()) == ["03-run_tests", "03-run_tests-2"]
    assert [(place / name / "left").read_text() for name in ("03-run_tests", "03-run_tests-2")] == ["1", "2"]
    assert (place / "03-run_tests" / "shop" / "cart.py").exists()
    assert list((tmp_path / "cache" / "work").iterdir()) == []
    assert sweep(tmp_path / "cache") == []
