"""The kit for agents catches each an agent that breaks a rule, and says which."""
# ruff: noqa: ARG001, ARG005 # a wrong plugin need not use what it is given

import asyncio
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from contract.broken import Breaks
from pydantic import BaseModel

from proctor import Activity, Agent, AgentResult, Task
from proctor.contracts.activity import Emit
from proctor.testing import AgentContract, place


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for what never goes only briefly; a sound agent on a busy machine gets the time it needs."""
    monkeypatch.setattr(place, "SECONDS", 0.3)


DONE = AgentResult("ok", "done")
Work = Callable[[Task, Emit], object]


class Busy(Agent):
    """Does what `work` does."""

    work: Work = staticmethod(lambda task, emit: DONE)

    async def run(self, task: Task, emit: Emit) -> AgentResult:
        await asyncio.sleep(0)
        answer = self.work(task, emit)
        return DONE if answer is None else answer  # type: ignore[return-value] # that is what is tried


def broken_by(work: Work, **attributes: object) -> Breaks:
    agent = type("Mine", (Busy,), {"work": staticmethod(work), **attributes})
    return Breaks(AgentContract, agent=agent)


def write(task: Task, name: str, text: str = "x") -> None:
    (task.workspace / name).parent.mkdir(parents=True, exist_ok=True)
    (task.workspace / name).write_text(text)


def test_a_sound_agent_breaks_no_rule() -> None:
    assert broken_by(lambda task, emit: emit(Activity("activity", "writing")) or write(task, task.target)).rules == []


def test_an_agent_that_must_not_be_run_is_not() -> None:
    def never(task: Task, emit: Emit) -> None:
        raise KeyboardInterrupt

    assert Breaks(AgentContract, agent=type("Mine", (Busy,), {"work": never}), runs=False).rules == []


def test_it_is_an_agent() -> None:
    class Unfinished(Agent):
        pass

    told = Breaks(AgentContract, agent=Unfinished, runs=False)
    assert "does not implement run" in told["it_is_what_the_entry_point_asks_for"]


def test_its_options_can_be_kept() -> None:
    class Needy(BaseModel):
        key: str

    assert "because of: key" in broken_by(lambda task, emit: None, Options=Needy)["its_options_can_be_kept"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("done", "It gave 'done'"),
        (AgentResult("splendid"), "'splendid'"),  # type: ignore[arg-type] # that is what is tried
        (AgentResult("ok", suspected_bugs=({"line": 3},)), "lacks `test` or `message`"),
        (AgentResult("ok", suspected_bugs=({"test": "a", "message": {1}},)), "not JSON"),  # type: ignore[dict-item]
    ],
    ids=str,
)
def test_it_gives_a_result(answer: object, words: str) -> None:
    assert words in broken_by(lambda task, emit: answer)["it_gives_a_result"]


def test_it_raises_nothing() -> None:
    def work(task: Task, emit: Emit) -> None:
        raise OSError("no credit left")

    assert "It raised OSError: no credit left (test_agent_kit.py:" in broken_by(work)["it_gives_a_result"]


def test_it_writes_only_what_it_may() -> None:
    told = broken_by(lambda task, emit: write(task, "shop/cart.py"))
    assert "also changed shop/cart.py" in told["it_writes_only_what_it_may"]


@pytest.mark.usefixtures("_impatient")
def test_it_leaves_no_file_behind() -> None:
    def work(task: Task, emit: Emit) -> None:
        Path(tempfile.mkstemp(prefix="forgotten-")[1]).touch()

    assert "it left forgotten-" in broken_by(work)["it_leaves_nothing_behind"]


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("detached", [False, True])
def test_it_leaves_no_process_behind(detached: bool) -> None:
    left: list[subprocess.Popen[bytes]] = []

    def work(task: Task, emit: Emit) -> None:
        argv = ["sh", "-c", "sleep 60 & :" if detached else "exec sleep 60"]
        left.append(subprocess.Popen(argv, stdout=subprocess.DEVNULL, env=dict(task.environment)))
        if detached:
            left[-1].wait()

    assert "it left the process" in broken_by(work)["it_leaves_nothing_behind"]
    for process in left:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("told", "words"),
    [("writing", "'writing'"), (Activity("shout", "x"), "'shout'"), (Activity("output", "x", {"a": {1}}), "not JSON")],  # type: ignore[arg-type, dict-item] # that is what is tried
    ids=str,
)
def test_it_tells_activities(told: Activity, words: str) -> None:
    assert words in broken_by(lambda task, emit: emit(told))["it_tells_what_it_does"]


def test_it_does_not_hold_up_others() -> None:
    def work(task: Task, emit: Emit) -> None:
        until = time.thread_time() + 0.6
        while time.thread_time() < until:
            pass

    assert "kept the event loop to itself" in broken_by(work)["it_does_not_hold_up_others"]
    assert "It slept 0 s" in broken_by(lambda task, emit: time.sleep(0))["it_does_not_hold_up_others"]
    assert "It printed 'hello\\n'" in broken_by(lambda task, emit: print("hello"))["it_does_not_hold_up_others"]


def test_it_can_be_cancelled() -> None:
    class Stubborn(Busy):
        async def run(self, task: Task, emit: Emit) -> AgentResult:
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                emit(Activity("activity", "not yet"))
            return DONE

    assert "wait number 1" in Breaks(AgentContract, agent=Stubborn)["it_can_be_cancelled"]


def test_what_is_deterministic_is_the_same_twice() -> None:
    def work(task: Task, emit: Emit) -> None:
        write(task, task.target, str(time.monotonic_ns()))

    told = broken_by(work, deterministic=True)
    assert "tests/test_shop_cart.py came out differently" in told["asking_it_twice_gives_the_same"]
    assert "test_asking_it_twice_gives_the_same" not in type("Kit", (AgentContract,), {"agent": Busy}).rules()


def test_what_cannot_start_is_a_fault() -> None:
    told = Breaks(AgentContract, agent=Busy, cannot_start={})
    assert "With the options {} it gave AgentResult(status='ok'" in told["what_cannot_start_is_a_fault"]
