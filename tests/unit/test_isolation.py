"""A stranger's step that is asked in a process of its own harms nobody but itself, and nothing of it is left."""

import asyncio
import os
import re
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psutil
import pytest
from factories import SCOPE
from projects import processes_of

from proctor import Command, Outcome, Result, Session
from proctor.blame import Blamed
from proctor.documents import read
from proctor.domain.head import Birth, Head, snapshot
from proctor.domain.workflow import PinnedStep, PinnedWrapper
from proctor.errors import PluginMissing
from proctor.isolation import process as process_module
from proctor.isolation.host import _fit
from proctor.isolation.processes import Processes
from proctor.isolation.wire import Answer

SECONDS = 20.0
"""Every wait has an end."""

SOURCE = """
import asyncio, faulthandler, os, posix, subprocess, sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from proctor import Command, Outcome, Result, Step, Wrapper


class Asked(Step):
    workflow = "flow"

    async def get_command(self, scope, session, options):
        return Command("none", {"pid": os.getpid(), "user": scope.user, "state": dict(session.state)})

    async def handle_result(self, scope, session, result, options):
        return Outcome(Result("odd", {"came": result.status}), {"kept": [1, 2.5, None, "x"]}, product={"n": 1})


def unseen(call, *arguments, **options):
    # a thread of its own carries no context: nobody sees that it was a step
    return ThreadPoolExecutor(1).submit(call, *arguments, **options).result()


class Good(Asked):
    name = "good"


class Blocking(Asked):
    name = "blocking"

    async def get_command(self, scope, session, options):
        while True:
            pass


class Exiting(Asked):
    name = "exiting"

    async def get_command(self, scope, session, options):
        while session.state.get("gate") and not Path(session.state["gate"]).exists():
            await asyncio.sleep(0.01)
        posix._exit(7)


class Crashing(Asked):
    name = "crashing"

    async def get_command(self, scope, session, options):
        faulthandler._sigsegv()


class Waiting(Asked):
    name = "waiting"

    async def get_command(self, scope, session, options):
        Path(session.state["began"]).open("a").write("x")
        if not Path(session.state["gate"]).exists():
            await asyncio.Event().wait()
        return Command("none")


class Hanging(Asked):
    name = "hanging"

    async def get_command(self, scope, session, options):
        await asyncio.Event().wait()


class Stubborn(Asked):
    name = "stubborn"

    async def get_command(self, scope, session, options):
        while True:
            try:
                await asyncio.sleep(600)
            except asyncio.CancelledError:
                pass


class Loud(Asked):
    name = "loud"

    async def get_command(self, scope, session, options):
        print("to stdout")
        os.write(1, b"to descriptor 1\\n")
        unseen(subprocess.run, ["echo", "from a program"], check=True)
        assert sys.stdin.read() == ""
        return Command("none")


class Breeding(Asked):
    name = "breeding"

    async def get_command(self, scope, session, options):
        return Command("none", {"pid": unseen(subprocess.Popen, ["sleep", "600"], start_new_session=True).pid})


class Nesting(Asked):
    name = "nesting"

    async def get_command(self, scope, session, options):
        nested = []
        for _ in range(260):
            nested = [nested]
        return Command("none", {"nested": nested})


class Huge(Asked):
    name = "huge"

    async def get_command(self, scope, session, options):
        return Command("none", {"text": "x" * (64 * 1024**2)})


class Raising(Asked):
    name = "raising"

    async def get_command(self, scope, session, options):
        raise ValueError("out of paper")


class Forging(Asked):
    name = "forging"

    async def get_command(self, scope, session, options):
        for descriptor in range(3, 30):
            try:
                os.write(descriptor, b"nonsense\\n")
            except OSError:
                pass
        await asyncio.Event().wait()


class Around(Wrapper):
    name, workflow, wraps = "around", "flow", "good"

    async def get_command(self, inner, scope, session, options):
        return Command("none", {"inner": dict((await inner.get_command(scope, session)).arguments)})
"""
NAMES = re.findall(r'name = "(\w+)"', SOURCE)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the distribution `acme-bad` for this process, and so for those that it starts."""
    info = tmp_path / "acme_bad-1.2.dist-info"
    info.mkdir()
    (tmp_path / "acme_bad.py").write_text(SOURCE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-bad\nVersion: 1.2\n")
    lines = [f"flow.{name} = acme_bad:{name.capitalize()}" for name in (*NAMES, "around")]
    (info / "entry_points.txt").write_text("\n".join(["[proctor.steps]", *lines, ""]))
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.fixture
async def processes(site: Path) -> AsyncIterator[Processes]:
    processes = Processes(["acme-bad"], {"PATH": os.environ["PATH"]}, seconds=SECONDS)
    yield processes
    await processes.close()
    assert processes_of(site) == []


def session(**state: Any) -> Session:
    birth = Birth(id="s", root="s", workflow="flow", scope=SCOPE, created_at=0.0, subject=MappingProxyType({"a": 1}))
    return replace(snapshot(Head(birth)), state=state)


def pinned(name: str) -> PinnedStep:
    return PinnedStep(name, distribution="acme-bad", version="1.2")


async def commanded(processes: Processes, name: str, **state: Any) -> Command:
    async with asyncio.timeout(SECONDS):
        return await processes.step("flow", pinned(name)).get_command(SCOPE, session(**state))


async def blame(processes: Processes, name: str, **state: Any) -> str:
    with pytest.raises(Blamed) as caught:
        await commanded(processes, name, **state)
    return str(caught.value)


@contextmanager
def impatient(processes: Processes) -> Iterator[None]:
    """Wait for what never comes only briefly; whoever answers gets the time that it needs on a busy machine."""
    processes._seconds = 0.5
    yield
    processes._seconds = SECONDS


async def test_commands_and_verdicts_come_from_one_other_process_as_they_are(processes: Processes) -> None:
    command = await commanded(processes, "good", deep=[{"n": 1, "f": 2.0, "none": None}])
    assert command.arguments["user"] == SCOPE.user
    assert command.arguments["state"] == {"deep": [{"n": 1, "f": 2.0, "none": None}]}
    again = await commanded(processes, "good")
    assert os.getpid() != command.arguments["pid"] == again.arguments["pid"]
    outcome = await processes.step("flow", pinned("good")).handle_result(SCOPE, session(), Result("ok"))
    assert outcome == Outcome(Result("odd", {"came": "ok"}), {"kept": [1, 2.5, None, "x"]}, product={"n": 1})


async def test_a_wrapper_goes_with_its_step(processes: Processes) -> None:
    wrapped = replace(pinned("good"), wrappers=(PinnedWrapper("around", "good", {}, "acme-bad", "1.2"),))
    command = await processes.step("flow", wrapped).get_command(SCOPE, session())
    assert [*command.arguments] == ["inner"]


async def test_what_a_step_raises_or_awaits_for_ever_is_told_and_its_process_goes_on(processes: Processes) -> None:
    before = await commanded(processes, "good")
    assert (await blame(processes, "raising")).startswith("raised ValueError: out of paper, at ")
    with impatient(processes):
        assert await blame(processes, "hanging") == "did not answer within 0.5 s"
    assert (await commanded(processes, "good")).arguments["pid"] == before.arguments["pid"]


async def test_an_answer_that_cannot_be_passed_on_is_told_and_the_process_goes_on(processes: Processes) -> None:
    before = await commanded(processes, "good")
    assert "it is nested deeper than 200 levels" in await blame(processes, "nesting")
    assert await blame(processes, "huge") == "gave an answer that is too large: more than 64 MiB"
    assert (await commanded(processes, "good")).arguments["pid"] == before.arguments["pid"]


def test_an_answer_that_cannot_be_written_down_is_answered_with_the_reason() -> None:
    written = _fit(Answer(3, Command("none", {"lock": threading.Lock()})))  # type: ignore[dict-item] # that is the point
    assert read(Answer, written).blame.startswith("gave what cannot be written down: it raised TypeError")  # type: ignore[union-attr] # it has one


async def test_a_question_may_be_of_any_length(processes: Processes) -> None:
    said = await blame(processes, "raising", text="x" * (65 * 1024**2))
    assert said.startswith("raised ValueError: out of paper, at ")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("blocking", "did not answer within 0.5 s; its process was ended"),
        ("stubborn", "did not answer within 0.5 s; its process was ended"),
        ("exiting", "ended its process with exit code 7"),
        ("crashing", "ended its process by SIGSEGV"),
        ("forging", "wrote something else in place of its answer; its process was ended"),
    ],
)
async def test_a_step_that_ends_its_process_is_told_and_the_next_one_gets_a_new_one(
    processes: Processes, name: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, impatient(processes) if "0.5 s" in says else nullcontext():
        patch.setattr(process_module, "SLACK_S", 0.1 if name in ("blocking", "stubborn") else SECONDS)
        assert await blame(processes, name) == says
    assert (await commanded(processes, "good")).kind == "none"


def wait_for_two(file: Path) -> None:
    until = time.monotonic() + SECONDS
    while not file.exists() or len(file.read_text()) < 2:
        assert time.monotonic() < until
        time.sleep(0.01)


async def test_whoever_was_asked_at_the_same_time_is_asked_again_and_not_blamed(
    processes: Processes, tmp_path: Path
) -> None:
    gate, began = tmp_path / "gate", tmp_path / "began"
    waiting = [asyncio.ensure_future(commanded(processes, "waiting", gate=str(gate), began=str(began))) for _ in "ab"]
    exiting = asyncio.ensure_future(blame(processes, "exiting", gate=str(gate)))
    await asyncio.to_thread(wait_for_two, began)
    gate.touch()
    assert await exiting == "ended its process with exit code 7"
    assert [(await each).kind for each in waiting] == ["none", "none"]


async def test_what_it_prints_and_reads_cannot_disturb_the_answers(
    processes: Processes, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await commanded(processes, "loud")).kind == "none"
    await processes.close()
    printed = [record.getMessage() for record in caplog.records if record.name == "proctor.isolation"]
    assert printed == ["acme-bad: to stdout", "acme-bad: to descriptor 1", "acme-bad: from a program"]


async def test_a_plugin_that_is_missing_there_is_missing_here(processes: Processes) -> None:
    with pytest.raises(PluginMissing) as caught:
        await commanded(processes, "gone")
    assert (caught.value.facts["group"], caught.value.facts["name"]) == ("proctor.steps", "flow.gone")


@pytest.mark.usefixtures("site")
async def test_what_may_not_load_does_not_load_there() -> None:
    processes = Processes([], {"PATH": os.environ["PATH"]}, seconds=SECONDS)
    with pytest.raises(PluginMissing):
        await commanded(processes, "good")
    await processes.close()


async def test_what_steps_started_is_ended_with_their_process(processes: Processes) -> None:
    started = (await commanded(processes, "breeding")).arguments["pid"]
    assert psutil.pid_exists(int(str(started)))
    await processes.close()
    assert not psutil.pid_exists(int(str(started)))


async def test_a_call_that_is_cancelled_leaves_the_process_to_the_others(processes: Processes) -> None:
    before = await commanded(processes, "good")
    call = asyncio.ensure_future(commanded(processes, "hanging"))
    await asyncio.sleep(0)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    assert (await commanded(processes, "good")).arguments["pid"] == before.arguments["pid"]
