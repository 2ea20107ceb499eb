"""The executors `process` and `land`, with a real git and real processes."""

import asyncio
import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from factories import executed
from pydantic import ValidationError
from repositories import UserRepository

from proctor.contracts.activity import Activity
from proctor.contracts.agent import Agent
from proctor.contracts.executor import Surroundings
from proctor.contracts.process import ProcessLimits
from proctor.domain.interaction import Command, Result, Workspace
from proctor.domain.json import Json
from proctor.executors.land import LandExecutor
from proctor.executors.process import ProcessExecutor
from proctor.executors.surroundings import LocalSurroundings
from proctor.workspace import Workspaces

TEST, OTHER, DATA = "tests/test_cart.py", "tests/test_other.py", "tests/test_cart_data/prices.txt"


class Blobs(dict[str, bytes]):
    """Blobs in memory."""

    async def put(self, data: bytes) -> str:
        self[hashlib.sha256(data).hexdigest()] = data
        return hashlib.sha256(data).hexdigest()

    async def get(self, blob_id: str) -> bytes:  # type: ignore[override] # the shape is given
        return self[blob_id]


def no_agent(name: str) -> Agent:
    raise AssertionError(name)


@pytest.fixture
def user(tmp_path: Path) -> UserRepository:
    return UserRepository(tmp_path / "user")


@pytest.fixture
def blobs() -> Blobs:
    return Blobs(cart=b"def test_cart(): pass\n", other=b"def test_other(): pass\n", lines=b"one\ntwo\nthree\n")


@pytest.fixture
def activities() -> list[Activity]:
    return []


@pytest.fixture
def surroundings(tmp_path: Path, blobs: Blobs, activities: list[Activity]) -> Surroundings:
    return LocalSurroundings(
        session_id="session-1",
        workspaces=Workspaces(tmp_path / "cache", blobs.get),
        store=blobs,
        emit=activities.append,
        limits=ProcessLimits(seconds=30),
        environment={"PATH": os.environ["PATH"]},
        agent=no_agent,
    )


@pytest.fixture
def workspace(user: UserRepository) -> Workspace:
    return Workspace(str(user.top), user.base, {TEST: "cart", OTHER: "other"})


@pytest.fixture
def left(tmp_path: Path) -> Callable[[], list[str]]:
    return lambda: [path.name for path in (tmp_path / "cache" / "work").iterdir()]


class TestProcess:
    @pytest.fixture
    def execute(self, surroundings: Surroundings) -> Callable[..., "asyncio.Task[Result]"]:
        def execute(*argv: str, workspace: Workspace | None = None, **arguments: Json) -> "asyncio.Task[Result]":
            command = Command("process", {"argv": list(argv), **arguments}, workspace)
            return asyncio.create_task(executed(ProcessExecutor(), command, surroundings))

        return execute

    async def test_exit_code_and_output(self, execute: Callable[..., "asyncio.Task[Result]"]) -> None:
        result = await execute("sh", "-c", "echo out; exit 2")
        assert (result.status, result.exit_code, result.stdout) == ("error", 2, "out\n")
        assert (await execute("true")).status == "ok"

    async def test_output_is_an_activity(
        self, execute: Callable[..., "asyncio.Task[Result]"], activities: list[Activity]
    ) -> None:
        await execute("echo", "hello")
        assert activities == [Activity("output", "hello\n", {"stream": "stdout"})]

    async def test_inputs_and_interpreter_are_filled_in(self, execute: Callable[..., "asyncio.Task[Result]"]) -> None:
        program = "import json, os; json.dump(os.environ['A'], open(os.environ['PROCTOR_REPORT'], 'w'))"
        argv = ["{proctor_python}", "{inputs}/sub/p.py"]
        result = await execute(*argv, inputs={"sub/p.py": program}, environment={"A": "{inputs}-{proctor_python}"})
        assert result.status == "ok", result
        assert str(result.data["report"]).endswith(f"/inputs-{sys.executable}")

    async def test_it_works_in_the_workspace_and_brings_back_what_was_named(
        self, execute: Callable[..., "asyncio.Task[Result]"], workspace: Workspace, blobs: Blobs, user: UserRepository
    ) -> None:
        before = user.bytes()
        script = "cat tests/test_cart.py; echo new > a.log; echo x > unnamed; rm shop/cart.py; ln -s / root"
        named: list[Json] = ["a.log", TEST, "shop/cart.py", "nothing"]
        result = await execute("sh", "-c", script, workspace=workspace, collect=named)
        assert result.stdout == "def test_cart(): pass\n"
        assert {path: blobs[blob] for path, blob in result.files.items()} == {"a.log": b"new\n", TEST: blobs["cart"]}
        assert result.data["missing"] == ["shop/cart.py", "nothing"]
        assert user.bytes() == before

    async def test_a_file_outside_is_not_brought_back(
        self, execute: Callable[..., "asyncio.Task[Result]"], workspace: Workspace
    ) -> None:
        result = await execute("ln", "-s", "/etc", "etc", workspace=workspace, collect=["etc/passwd"])
        assert (result.status, dict(result.files)) == ("fault", {})
        assert "etc/passwd" in str(result.error_message)

    @pytest.mark.parametrize("script", ["echo {", "head -c 9000000 /dev/zero", "echo NaN"])
    async def test_a_report_that_cannot_be_used_is_a_fault(
        self, execute: Callable[..., "asyncio.Task[Result]"], script: str
    ) -> None:
        result = await execute("sh", "-c", f"{script} > $PROCTOR_REPORT")
        assert result.status == "fault"
        assert "report" in str(result.error_message)

    @pytest.mark.parametrize(
        ("argv", "words"),
        [(["no-such-program"], "no-such-program"), (["sleep", "60"], "within 0.2 s"), (["sh", "-c", "kill $$"], "15")],
    )
    async def test_what_could_not_be_done_is_a_fault_in_plain_words(
        self, execute: Callable[..., "asyncio.Task[Result]"], argv: list[str], words: str
    ) -> None:
        result = await execute(*argv, seconds=0.2 if argv[0] == "sleep" else 20)
        assert result.status == "fault"
        assert words in str(result.error_message)

    async def test_inputs_have_a_limit(self, execute: Callable[..., "asyncio.Task[Result]"]) -> None:
        with pytest.raises(ValidationError, match="are allowed"):
            await execute("true", inputs={"a": "x" * (4 * 1024**2 + 1)})

    async def test_a_cancelled_command_leaves_no_folder(
        self,
        execute: Callable[..., "asyncio.Task[Result]"],
        workspace: Workspace,
        surroundings: Surroundings,
        left: Callable[[], list[str]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        begun = asyncio.Event()
        monkeypatch.setattr(surroundings, "emit", lambda _: begun.set())
        task = execute("sh", "-c", "echo; sleep 60", workspace=workspace)
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert left() == []


class TestLand:
    @pytest.fixture
    def land(self, surroundings: Surroundings, workspace: Workspace) -> Callable[..., "asyncio.Task[Result]"]:
        def land(
            script: str | None = None, overlay: dict[str, str] | None = None, **more: Json
        ) -> "asyncio.Task[Result]":
            arguments: dict[str, Json] = {
                "verify": script and {"argv": ["sh", "-c", script]},
                "title": "Add tests",
                "body": "A line.",
                "branch": "proven",
                "author_name": "Ada",
                "author_email": "ada@example.org",
                "date": 1_700_000_000.0,
                **more,
            }
            files = workspace if overlay is None else replace(workspace, overlay=overlay)
            return asyncio.create_task(executed(LandExecutor(), Command("land", arguments, files), surroundings))

        return land

    async def test_what_verify_leaves_of_the_files_lands_and_nothing_else(
        self, land: Callable[..., "asyncio.Task[Result]"], user: UserRepository, left: Callable[[], list[str]]
    ) -> None:
        less = f"printf 'one\\nthree\\n' > {TEST}"
        script = f"rm {OTHER}; {less}; echo x > shop/cart.py; echo x > new; echo 7 > $PROCTOR_REPORT"
        result = await land(script, {TEST: "lines", OTHER: "other"})
        assert (result.status, result.error_message) == ("ok", None)
        assert result.data == {
            "branch": "proven", "commit": user.git("rev-parse", "proven"), "files": [TEST], "report": 7,
        }  # fmt: skip
        assert user.git("diff", "--name-status", "main", "proven") == f"A\t{TEST}"
        assert user.git("show", f"proven:{TEST}") == "one\nthree"
        assert user.git("log", "-1", "--format=%B", "proven") == "Add tests\n\nA line."
        assert left() == []

    @pytest.mark.parametrize(
        "script",
        [
            f"echo four >> {TEST}",
            f"printf 'two\\none\\n' > {TEST}",
            f"printf 'one\\ntw\\n' > {TEST}",
            f"printf 'one\\none\\n' > {TEST}",
            f"echo four >> {DATA}",
            f"printf 'one\\n' > {DATA}",
        ],
    )
    async def test_what_nobody_judged_does_not_land(
        self, land: Callable[..., "asyncio.Task[Result]"], user: UserRepository, script: str
    ) -> None:
        result = await land(f"{script}; echo 7 > $PROCTOR_REPORT", {TEST: "lines", DATA: "lines"})
        assert (result.status, result.data) == ("error", {"report": 7, "code": "changed_while_verifying"})
        assert script.rpartition(" ")[2] in str(result.error_message)
        assert user.git("branch", "--format=%(refname:short)") == "main"

    async def test_data_may_be_deleted(self, land: Callable[..., "asyncio.Task[Result]"]) -> None:
        overlay = {TEST: "lines", DATA: "lines"}
        assert (await land("true", overlay)).data["files"] == [TEST, DATA]
        assert (await land(f"rm {DATA}", overlay)).data["files"] == [TEST]

    async def test_again_it_is_the_same_commit_on_the_same_branch(
        self, land: Callable[..., "asyncio.Task[Result]"], user: UserRepository
    ) -> None:
        assert (await land("true")).data == (await land("true")).data
        assert user.git("rev-list", "--count", "main..proven") == "1"

    async def test_trailers_can_be_added(
        self, land: Callable[..., "asyncio.Task[Result]"], user: UserRepository
    ) -> None:
        await land(trailers={"Reviewed-by": "Grace"})
        trailers = user.git("log", "-1", "--format=%(trailers)", "proven")
        assert trailers == "Reviewed-by: Grace"

    async def test_what_verify_refuses_does_not_land(
        self, land: Callable[..., "asyncio.Task[Result]"], user: UserRepository
    ) -> None:
        result = await land("echo '[1]' > $PROCTOR_REPORT; exit 1")
        assert (result.status, result.exit_code, result.data) == ("error", 1, {"report": [1]})
        assert user.git("branch", "--format=%(refname:short)") == "main"

    async def test_a_verify_that_cannot_run_is_a_fault(self, land: Callable[..., "asyncio.Task[Result]"]) -> None:
        assert (await land("kill -9 $$")).status == "fault"

    async def test_nothing_left_is_an_error(self, land: Callable[..., "asyncio.Task[Result]"]) -> None:
        assert (await land(f"rm {OTHER} {TEST}")).status == "error"
        assert (await land(overlay={})).status == "error"

    async def test_a_link_in_place_of_a_file_does_not_land(
        self, land: Callable[..., "asyncio.Task[Result]"], user: UserRepository
    ) -> None:
        result = await land(f"ln -sf /etc/passwd {TEST}")
        assert result.data["files"] == [OTHER]

    async def test_without_an_author_it_is_refused(self, land: Callable[..., "asyncio.Task[Result]"]) -> None:
        result = await land("true", author_email="")
        assert (result.status, result.data["code"]) == ("error", "identity_missing")

    async def test_an_explicit_branch_that_is_taken_is_refused(
        self, land: Callable[..., "asyncio.Task[Result]"], user: UserRepository
    ) -> None:
        user.git("branch", "proven")
        result = await land("true", explicit_branch=True)
        assert (result.status, result.data["code"]) == ("error", "branch_exists")
        assert (await land("true")).data["branch"] == "proven-2"
