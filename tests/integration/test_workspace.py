"""Workspaces, with a real git."""
# ruff: noqa: ASYNC221, ASYNC240 # nothing else runs meanwhile

import asyncio
import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
from repositories import UserRepository, set_traps

from proctor.domain.interaction import Workspace
from proctor.errors import (
    BareRepository,
    BranchExists,
    DiskUnusable,
    GitFailed,
    InvalidBranchName,
    NoCommit,
    NoSuchPath,
    NotARepository,
    UnsafePath,
)
from proctor.workspace import Identity, Workspaces, identify, sweep
from proctor.workspace.folder import claim
from proctor.workspace.git import Git

ADA = Identity("Ada Example", "ada@example.org")
TEST = "tests/test_cart.py"
BLOBS = {"test": b"def test_total():\n    assert True\n", "other": b"other\n"}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def get(blob: str) -> bytes:
    return BLOBS[blob]


@pytest.fixture
def user(tmp_path: Path) -> UserRepository:
    return UserRepository(tmp_path / "user")


@pytest.fixture
def workspaces(tmp_path: Path) -> Workspaces:
    return Workspaces(tmp_path / "cache", get)


@pytest.fixture
def workspace(user: UserRepository) -> Workspace:
    return Workspace(str(user.top), user.base, {TEST: "test"})


@pytest.fixture
def left(tmp_path: Path) -> Callable[[], list[str]]:
    return lambda: names(tmp_path / "cache" / "work")


class TestIdentify:
    async def test_a_package_folder(self, user: UserRepository) -> None:
        found = await identify(user.top / "shop")
        assert (found.top, found.base, found.path) == (user.top, user.base, "shop")
        assert (found.identity, found.branch, found.dirty) == (ADA, "main", False)

    @pytest.mark.parametrize("path", ["shop/cart.py", ".", "shop/../shop/cart.py"])
    async def test_a_module_file_and_the_top(self, user: UserRepository, path: str) -> None:
        assert (await identify(user.top / path)).path == os.path.normpath(path)

    async def test_uncommitted_changes_are_seen(self, user: UserRepository) -> None:
        user.write("shop/cart.py", "changed")
        assert (await identify(user.top / "shop")).dirty

    async def test_staged_changes_are_seen(self, user: UserRepository) -> None:
        user.write("shop/new.py", "")
        user.git("add", ".")
        assert (await identify(user.top / "shop")).dirty

    async def test_a_detached_head_has_no_branch(self, user: UserRepository) -> None:
        user.git("checkout", "--quiet", "--detach")
        assert (await identify(user.top)).branch is None

    async def test_a_linked_worktree_is_a_place_of_its_own(self, user: UserRepository, tmp_path: Path) -> None:
        user.git("worktree", "add", "--quiet", "-b", "linked", str(tmp_path / "linked"))
        found = await identify(tmp_path / "linked" / "shop")
        assert (found.top, found.branch, found.dirty) == (tmp_path / "linked", "linked", False)

    async def test_no_repository(self, tmp_path: Path) -> None:
        with pytest.raises(NotARepository):
            await identify(tmp_path)

    async def test_a_bare_repository(self, tmp_path: Path) -> None:
        subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "bare")], check=True)
        with pytest.raises(BareRepository):
            await identify(tmp_path / "bare")

    async def test_no_commit(self, tmp_path: Path) -> None:
        subprocess.run(["git", "init", "--quiet", str(tmp_path / "new")], check=True)
        with pytest.raises(NoCommit):
            await identify(tmp_path / "new")

    async def test_a_path_that_is_not_committed(self, user: UserRepository) -> None:
        user.write("shop/new.py", "")
        with pytest.raises(NoSuchPath):
            await identify(user.top / "shop" / "new.py")

    @pytest.mark.parametrize("path", ["a" * 5000, "a/" * 5000, "loop/shop", "sub\0ject"], ids=lambda path: path[:9])
    async def test_a_path_that_no_file_can_have(self, user: UserRepository, path: str) -> None:
        (user.top / "loop").symlink_to("loop")
        with pytest.raises(NoSuchPath):
            await identify(user.top / path)

    async def test_a_link_into_another_repository(self, user: UserRepository, tmp_path: Path) -> None:
        subprocess.run(["git", "init", "--quiet", str(tmp_path / "other")], check=True)
        author = ["-c", "user.name=a", "-c", "user.email=a@b"]
        commit = ["git", "-C", str(tmp_path / "other"), *author, "commit", "--quiet", "--allow-empty", "-m", "a"]
        subprocess.run(commit, check=True)
        (user.top / "link").symlink_to(tmp_path / "other")
        with pytest.raises(NoSuchPath):
            await identify(user.top / "link")

    async def test_an_author_nobody_named(self, user: UserRepository, monkeypatch: pytest.MonkeyPatch) -> None:
        user.git("config", "--unset", "user.email")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        monkeypatch.delenv("GIT_AUTHOR_EMAIL", raising=False)
        assert (await identify(user.top)).identity is None

    async def test_the_environment_names_the_author_first(
        self, user: UserRepository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GIT_AUTHOR_NAME", "Grace")
        assert (await identify(user.top)).identity == Identity("Grace", ADA.email)

    @pytest.mark.skipif(os.getuid() != 0, reason="only root can give a repository away")
    async def test_a_repository_of_another_user_that_ours_trusts(
        self, user: UserRepository, workspaces: Workspaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for path in (user.top, user.top / ".git"):
            os.chown(path, 12345, 12345)
        (tmp_path / "trust").write_text(f"[safe]\ndirectory = {user.top}\n")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        with pytest.raises(GitFailed, match="dubious ownership"):
            await identify(user.top)
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "trust"))
        found = await identify(user.top)
        async with workspaces.open(Workspace(str(found.top), found.base)) as path:
            assert (path / "shop/cart.py").exists()

    async def test_variables_of_a_surrounding_hook_do_not_count(
        self, user: UserRepository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GIT_DIR", "/nowhere")
        monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
        found = await identify(user.top)
        assert (found.base, found.dirty) == (user.base, False)


class TestOpen:
    async def test_base_and_overlay_are_there(self, workspaces: Workspaces, workspace: Workspace) -> None:
        async with workspaces.open(workspace) as path:
            assert (path / TEST).read_bytes() == BLOBS["test"]
            assert (path / "shop/cart.py").exists()
            assert not (path / ".git").exists()

    async def test_it_is_gone_afterwards_whatever_its_permissions(
        self, workspaces: Workspaces, workspace: Workspace, left: Callable[[], list[str]]
    ) -> None:
        async with workspaces.open(workspace) as path:
            (path / "shop" / "cart.py").chmod(0o400)
            (path / "shop").chmod(0o500)
        assert left() == []

    async def test_a_link_in_its_place_is_removed_and_not_followed(
        self, workspaces: Workspaces, workspace: Workspace, tmp_path: Path, left: Callable[[], list[str]]
    ) -> None:
        (tmp_path / "precious").mkdir(mode=0o500)
        async with workspaces.open(workspace, key="session") as path:
            path.rename(tmp_path / "moved")
            path.symlink_to(tmp_path / "precious")
        assert left() == []
        assert (tmp_path / "precious").stat().st_mode & 0o777 == 0o500

    async def test_it_is_gone_after_cancellation(
        self, workspaces: Workspaces, workspace: Workspace, left: Callable[[], list[str]]
    ) -> None:
        opened = asyncio.Event()

        async def stay() -> None:
            async with workspaces.open(workspace):
                opened.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(stay())
        await opened.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert left() == []

    async def test_a_cancelled_opening_leaves_nothing(
        self, workspace: Workspace, tmp_path: Path, left: Callable[[], list[str]]
    ) -> None:
        asked = asyncio.Event()

        async def never(blob: str) -> bytes:  # noqa: ARG001 # the shape is given
            asked.set()
            await asyncio.Event().wait()
            return b""

        task = asyncio.create_task(Workspaces(tmp_path / "cache", never).open(workspace).__aenter__())
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert left() == []

    async def test_a_key_gives_the_same_path_made_anew(self, workspaces: Workspaces, workspace: Workspace) -> None:
        async with workspaces.open(workspace, key="session") as first:
            (first / "planted").write_text("")
        async with workspaces.open(workspace, key="session") as second:
            assert first == second
            assert not (second / "planted").exists()

    async def test_a_key_gives_a_repository_that_shares_nothing(
        self, workspaces: Workspaces, workspace: Workspace
    ) -> None:
        async with workspaces.open(workspace, key="session") as path:
            status = subprocess.run(
                ["git", "-C", path, "status", "--short"], capture_output=True, text=True, check=True
            )
            assert status.stdout == "?? tests/\n"
            subprocess.run(["git", "-C", path, "fsck", "--strict"], capture_output=True, check=True)
            assert not (path / ".git/objects/info/alternates").exists()
            assert all(file.stat().st_nlink == 1 for file in path.rglob("*") if file.is_file())

    async def test_many_at_once(self, workspaces: Workspaces, workspace: Workspace) -> None:
        async def once() -> Path:
            async with workspaces.open(workspace) as path:
                assert (path / "shop/cart.py").exists()
                return path

        assert len(set(await asyncio.gather(*(once() for _ in range(4))))) == 4

    @pytest.mark.parametrize("path", ["../out", "/out", ".git/config", "shop/.GIT/x", "a/../../out", "", "out/x"])
    async def test_an_overlay_stays_inside(
        self, user: UserRepository, workspaces: Workspaces, path: str, tmp_path: Path
    ) -> None:
        (user.top / "out").symlink_to(tmp_path)
        base = user.commit("a way out")
        with pytest.raises(UnsafePath):
            async with workspaces.open(Workspace(str(user.top), base, {path: "test"})):
                pass
        assert not (tmp_path / "x").exists()

    async def test_an_overlay_replaces_a_link_and_not_its_target(
        self, user: UserRepository, workspaces: Workspaces, tmp_path: Path
    ) -> None:
        (tmp_path / "precious").write_text("precious")
        (user.top / "link").symlink_to(tmp_path / "precious")
        base = user.commit("a link")
        async with workspaces.open(Workspace(str(user.top), base, {"link": "test"})) as path:
            assert (path / "link").read_bytes() == BLOBS["test"]
        assert (tmp_path / "precious").read_text() == "precious"


def broken(*_: object) -> None:
    raise OSError("broken")


class TestSweep:
    def test_folders_of_the_dead_go_and_those_of_the_living_stay(self, tmp_path: Path) -> None:
        program = (
            "import sys; from pathlib import Path; from proctor.workspace.folder import claim; claim(Path(sys.argv[1]))"
        )
        subprocess.run([sys.executable, "-c", program, tmp_path / "work" / "dead"], check=True)
        claim(tmp_path / "work" / "alive")
        assert sweep(tmp_path) == [tmp_path / "work" / "dead"]
        assert names(tmp_path / "work") == ["alive", "alive.owner"]

    def test_whoever_is_just_writing_its_name_is_left_alone_for_a_minute(self, tmp_path: Path) -> None:
        folder, owner = tmp_path / "work" / "new", tmp_path / "work" / "new.owner"
        folder.mkdir(parents=True)
        owner.touch()
        assert sweep(tmp_path) == []
        os.utime(owner, (0, 0))
        assert sweep(tmp_path) == [folder]
        assert names(tmp_path / "work") == []

    def test_an_owner_is_named_whole_or_not_at_all(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Path, "replace", broken)
        with pytest.raises(OSError, match="broken"):
            claim(tmp_path / "work" / "new")
        assert names(tmp_path / "work") == []

    def test_the_half_a_name_that_a_killed_process_wrote_goes_after_a_minute(self, tmp_path: Path) -> None:
        half = tmp_path / "work" / "new.owner.1"
        half.parent.mkdir()
        half.touch()
        assert sweep(tmp_path) == []
        assert half.exists()
        os.utime(half, (0, 0))
        sweep(tmp_path)
        assert names(tmp_path / "work") == []

    def test_there_may_be_nothing_to_sweep(self, tmp_path: Path) -> None:
        assert sweep(tmp_path / "nowhere") == []


FULL = """\
#!/bin/sh
for word in "$@"; do
  if [ -e "{flag}" ] && [ "$word" = "$(cat "{flag}")" ]; then
    echo "fatal: unable to write file .gitignore" >&2
    exit 128
  fi
done
exec "{git}" "$@"
"""


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a file: while it is there, git says that the disk is full as soon as it is asked for what that names."""
    flag, git = tmp_path / "full", tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text(FULL.format(flag=flag, git=shutil.which("git")))
    git.chmod(0o755)
    monkeypatch.setenv("PATH", str(git.parent), prepend=os.pathsep)
    return flag


class TestFullDisk:
    @pytest.mark.parametrize("command", ["init", "index-pack", "read-tree", "update-ref", "checkout-index"])
    @pytest.mark.parametrize("key", [None, "session"])
    async def test_it_is_told_leaves_nothing_and_once_there_is_room_all_is_well(
        self,
        workspaces: Workspaces,
        workspace: Workspace,
        full: Path,
        left: Callable[[], list[str]],
        tmp_path: Path,
        command: str,
        key: str | None,
    ) -> None:
        full.write_text(command)
        with pytest.raises(DiskUnusable, match=rf"^The disk of {tmp_path}/cache cannot be used: unable to write file"):
            async with workspaces.open(workspace, key=key) as path:
                await workspaces.changed(path)
        assert left() == []
        assert not [*(tmp_path / "cache" / "repositories").glob("*.half")]
        full.unlink()
        async with workspaces.open(workspace, key=key) as path:
            assert await workspaces.changed(path) == []
            assert (path / TEST).read_bytes() == BLOBS["test"]

    @pytest.mark.skipif(sys.platform == "darwin", reason="room cannot be asked for there")
    async def test_nobody_is_asked_to_work_where_there_is_no_room_to_keep_it(
        self,
        workspaces: Workspaces,
        workspace: Workspace,
        left: Callable[[], list[str]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        asked: list[int] = []

        def allocate(_file: int, _offset: int, size: int) -> None:
            asked.append(size)
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "posix_fallocate", allocate)
        for opened in (workspaces.open(workspace), workspaces.open(workspace, key="session"), workspaces.scratch()):
            with pytest.raises(DiskUnusable, match="No space left"):
                async with opened:
                    pytest.fail("it was opened")
        plain, with_copy, scratch = asked
        assert plain == scratch < with_copy
        assert left() == []

    async def test_half_a_pack_is_removed(
        self, workspaces: Workspaces, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pour = Git.pour

        async def half(git: Git, *arguments: str, **files: IO[bytes]) -> None:
            if arguments[0] == "index-pack":
                (packs,) = tmp_path.glob("cache/repositories/*.git/objects/pack")
                (packs / "tmp_pack_x").touch()
                raise GitFailed(what="index-pack", exit_code=128, message="fatal: write error. Out of diskspace")
            await pour(git, *arguments, **files)

        monkeypatch.setattr(Git, "pour", half)
        with pytest.raises(DiskUnusable):
            async with workspaces.open(workspace):
                pass
        assert not [*tmp_path.rglob("tmp_pack_*")]

    async def test_what_is_written_into_an_open_workspace_counts_and_what_is_written_elsewhere_does_not(
        self, workspaces: Workspaces, workspace: Workspace, left: Callable[[], list[str]]
    ) -> None:
        with pytest.raises(DiskUnusable):
            async with workspaces.open(workspace) as path:
                raise OSError(errno.ENOSPC, "No space left on device", str(path / "file"))
        with pytest.raises(OSError, match="No space left on device: '/dev/full'"):
            async with workspaces.scratch():
                raise OSError(errno.ENOSPC, "No space left on device", "/dev/full")
        assert left() == []

    async def test_the_users_repository_is_named_where_it_is_the_one(
        self, workspaces: Workspaces, workspace: Workspace, full: Path, user: UserRepository
    ) -> None:
        commit = await workspaces.commit(workspace, "tests", author=ADA, at=1.0)
        full.write_text("unpack-objects")
        with pytest.raises(
            DiskUnusable, match=rf"^The disk of {user.top} cannot be used: .*\. Make room there and give"
        ):
            await workspaces.publish(workspace.repository, commit, "tests", explicit=False)
        full.unlink()
        assert await workspaces.publish(workspace.repository, commit, "tests", explicit=False) == "tests"


class TestChanged:
    async def test_new_changed_and_deleted_files(self, workspaces: Workspaces, workspace: Workspace) -> None:
        async with workspaces.open(workspace, key="session") as path:
            (path / "new.py").write_text("")
            (path / TEST).write_text("changed")
            (path / "shop/cart.py").unlink()
            assert await workspaces.changed(path) == ["new.py", "shop/cart.py", TEST]

    async def test_what_was_written_again_as_it_was_did_not_change(
        self, workspaces: Workspaces, workspace: Workspace
    ) -> None:
        async with workspaces.open(workspace) as path:
            (path / TEST).write_bytes(BLOBS["test"])
            assert await workspaces.changed(path) == []

    async def test_ignored_files_only_if_named(self, workspaces: Workspaces, workspace: Workspace) -> None:
        async with workspaces.open(workspace) as path:
            for name in ("a.log", "build/x", "shop/__pycache__/cart.pyc"):
                (path / name).parent.mkdir(exist_ok=True)
                (path / name).write_text("")
            assert await workspaces.changed(path) == []
            assert await workspaces.changed(path, named=["a.log", "build/x"]) == ["a.log", "build/x"]

    async def test_an_agent_cannot_hide_files_by_ignoring_them(
        self, workspaces: Workspaces, workspace: Workspace
    ) -> None:
        async with workspaces.open(workspace, key="session") as path:
            (path / ".gitignore").write_text("*\n")
            (path / ".git/info").mkdir()
            (path / ".git/info/exclude").write_text("*\n")
            (path / "hidden.py").write_text("")
            assert await workspaces.changed(path) == [".gitignore", "hidden.py"]

    async def test_a_pipe_is_not_opened(self, workspaces: Workspaces, workspace: Workspace) -> None:
        async with workspaces.open(workspace) as path:
            (path / "shop/cart.py").unlink()
            os.mkfifo(path / "shop/cart.py")
            assert await workspaces.changed(path) == ["shop/cart.py"]


class TestPublish:
    async def commit(self, workspaces: Workspaces, workspace: Workspace, message: str = "tests\n") -> str:
        return await workspaces.commit(workspace, message, author=ADA, at=1_700_000_000.5)

    async def test_a_commit_is_the_same_wherever_it_is_made(
        self, workspaces: Workspaces, workspace: Workspace, tmp_path: Path
    ) -> None:
        elsewhere = Workspaces(tmp_path / "elsewhere", get)
        assert await self.commit(workspaces, workspace) == await self.commit(elsewhere, workspace)

    async def test_the_branch_has_the_base_and_the_overlay(
        self, user: UserRepository, workspaces: Workspaces, workspace: Workspace
    ) -> None:
        commit = await self.commit(workspaces, workspace, "tests\n\nbody\n")
        assert await workspaces.publish(workspace.repository, commit, "proven", explicit=False) == "proven"
        assert user.git("rev-parse", "proven", "proven^") == f"{commit}\n{user.base}"
        assert user.git("diff", "--name-status", "main", "proven") == f"A\t{TEST}"
        expected = "Ada Example <ada@example.org> 1700000000 +0000"
        log = user.git("log", "-1", "--format=%an <%ae> %ad|%cn <%ce> %cd|%B", "--date=raw", "proven")
        assert log == f"{expected}|{expected}|tests\n\nbody"
        user.git("fsck", "--strict")

    async def test_again_gives_the_same_branch_and_a_taken_name_a_number(
        self, user: UserRepository, workspaces: Workspaces, workspace: Workspace
    ) -> None:
        first = await self.commit(workspaces, workspace)
        second = await self.commit(workspaces, workspace, "more tests\n")
        commits = [first, first, second, second, first]
        names = [await workspaces.publish(workspace.repository, commit, "x", explicit=False) for commit in commits]
        assert names == ["x", "x", "x-2", "x-2", "x"]
        assert user.git("branch", "--format=%(refname:short)").splitlines() == ["main", "x", "x-2"]

    async def test_two_that_publish_the_same_at_the_same_moment_give_one_branch(
        self, user: UserRepository, workspaces: Workspaces, workspace: Workspace
    ) -> None:
        commit = await self.commit(workspaces, workspace)
        both = (workspaces.publish(workspace.repository, commit, "x", explicit=False) for _ in range(4))
        assert await asyncio.gather(*both) == ["x"] * 4
        assert user.git("branch", "--format=%(refname:short)").splitlines() == ["main", "x"]

    @pytest.mark.parametrize("taken", ["x", "x/y"])
    async def test_an_explicit_name_that_is_taken_is_refused(
        self, user: UserRepository, workspaces: Workspaces, workspace: Workspace, taken: str
    ) -> None:
        user.git("branch", taken)
        commit = await self.commit(workspaces, workspace)
        with pytest.raises(BranchExists):
            await workspaces.publish(workspace.repository, commit, "x", explicit=True)
        assert await workspaces.branch_exists(await identify(user.top), "x")

    @pytest.mark.parametrize("name", ["-x", "a b", "@{-1}", "a..b", "HEAD", "x.lock", "", "a" * 201])
    async def test_a_name_that_git_does_not_take(self, workspaces: Workspaces, workspace: Workspace, name: str) -> None:
        with pytest.raises(InvalidBranchName):
            await workspaces.publish(workspace.repository, "0" * 40, name, explicit=False)

    async def test_into_a_linked_worktree_and_beside_a_detached_head(
        self, user: UserRepository, workspaces: Workspaces, tmp_path: Path
    ) -> None:
        user.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
        workspace = Workspace(str(tmp_path / "linked"), user.base, {TEST: "test"})
        commit = await self.commit(workspaces, workspace)
        await workspaces.publish(workspace.repository, commit, "x", explicit=True)
        assert user.git("rev-parse", "x") == commit


class TestHostileRepository:
    """Whatever a repository, or an agent in its workspace, sets up: nothing of it runs, and nothing is written."""

    @pytest.fixture
    def canaries(self, tmp_path: Path) -> Path:
        return tmp_path / "canaries"

    def test_the_traps_work(self, user: UserRepository, canaries: Path) -> None:
        set_traps(user.top, canaries)
        user.write("shop/cart.py", "changed")
        subprocess.run(["git", "-C", user.top, "status"], capture_output=True, check=False)
        subprocess.run(["git", "-C", user.top, "branch", "x"], capture_output=True, check=False)
        assert {"trap-core.fsmonitor", "reference-transaction"} <= set(names(canaries))

    async def test_nothing_runs_and_nothing_is_written(
        self, user: UserRepository, workspaces: Workspaces, canaries: Path
    ) -> None:
        user.write(".gitattributes", "* filter=trap diff=trap merge=trap text\n")
        base = user.commit("attributes")
        set_traps(user.top, canaries)
        user.write("shop/cart.py", "changed")
        before = user.bytes()

        found = await identify(user.top / "shop")
        assert found.dirty
        workspace = Workspace(str(found.top), found.base, {TEST: "test"})
        async with workspaces.open(workspace), workspaces.open(workspace, key="session") as path:
            set_traps(path, canaries)
            (path / "shop/cart.py").write_text("changed")
            (path / ".gitattributes").write_text("* filter=trap working-tree-encoding=UTF-16\n")
            assert await workspaces.changed(path) == [".gitattributes", "shop/cart.py"]
        commit = await workspaces.commit(workspace, "tests\n", author=ADA, at=0)
        await workspaces.publish(workspace.repository, commit, "x", explicit=False)

        assert names(canaries) == []
        assert found.base == base
        assert user.bytes() == before | {".git/refs/heads/x": f"{commit}\n".encode()}
