"""An agent as executors get it: named, watched, and checked before anybody works with what it says."""

from proctor.blame import Blamed, answered
from proctor.contracts.activity import Emit
from proctor.contracts.agent import Agent, AgentResult, Task
from proctor.errors import ProctorError
from proctor.registry import OWN, Plugin

GRACE_S = 5.0
"""Time for a stranger's agent to end its processes once it is cancelled."""


class AgentBroken(Exception):
    """An agent did not do its part; the text is a sentence that names it."""


class AskedAgent(Agent):
    """Passes a task on, and lets nothing through but a sound answer, AgentBroken and our own errors."""

    def __init__(self, agent: Agent, name: str, plugin: Plugin | None) -> None:
        super().__init__(agent.options)
        self._agent = agent
        self._is_stranger = plugin is not None and plugin.distribution != OWN
        brought_by = f" of {plugin.distribution} {plugin.version}" if plugin and self._is_stranger else ""
        self._who = f"the agent {name}{brought_by}"

    async def run(self, task: Task, emit: Emit) -> AgentResult:
        """Have the agent do the task."""
        try:
            return await answered(
                lambda: self._agent.run(task, emit),
                AgentResult,
                who=self._who,
                stranger=self._is_stranger,
                grace_s=GRACE_S,
                but=(ProctorError,),
            )
        except Blamed as blamed:
            raise AgentBroken(f"{self._who} {blamed}") from None
