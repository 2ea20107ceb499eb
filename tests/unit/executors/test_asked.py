"""What is promised of agents that are asked, whatever they do."""

import asyncio
from pathlib import Path

import pytest

from proctor.contracts.activity import Emit
from proctor.contracts.agent import Agent, AgentResult, Task
from proctor.contracts.options import NoOptions
from proctor.executors import asked
from proctor.executors.asked import AgentBroken, AskedAgent
from proctor.registry import Plugin
from proctor.testing import a_task

STRANGER = Plugin("proctor.agents", "stubborn", "acme-agents", "1.2", "acme:Stubborn")


class Stubborn(Agent):
    """Does not end when it is cancelled."""

    def __init__(self) -> None:
        super().__init__(NoOptions())
        self.begun, self.free = asyncio.Event(), asyncio.Event()

    async def run(self, task: Task, emit: Emit) -> AgentResult:
        self.begun.set()
        while not self.free.is_set():
            try:
                await self.free.wait()
            except BaseException:  # noqa: BLE001, S112 # that is the point
                continue
        return AgentResult("ok")


async def test_a_strangers_agent_that_refuses_to_end_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked, "GRACE_S", 0.01)
    agent = Stubborn()
    task = asyncio.ensure_future(AskedAgent(agent, "stubborn", STRANGER).run(a_task(tmp_path), lambda _: None))
    await asyncio.wait_for(agent.begun.wait(), 10)
    task.cancel()
    await asyncio.wait([task], timeout=120)
    agent.free.set()
    assert task.cancelled()


async def test_nonsense_is_told_with_the_agent_and_who_brought_it(tmp_path: Path) -> None:
    class Odd(Stubborn):
        async def run(self, task: Task, emit: Emit) -> AgentResult:
            return 42  # type: ignore[return-value] # that is the point

    with pytest.raises(AgentBroken, match=r"the agent odd of acme-agents 1\.2 gave int where AgentResult was expected"):
        await AskedAgent(Odd(), "odd", STRANGER).run(a_task(tmp_path), lambda _: None)
