"""An agent for tests, which does what a script says."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from proctor.contracts.activity import Activity, Emit
from proctor.contracts.agent import Agent, AgentResult, Task
from proctor.workspace.overlay import lay, locate


class Turn(BaseModel):
    """What the agent does when it is asked once. `{target}` in a path stands for the test file of the task."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    writes: dict[str, str | None] = {}
    """Path in the workspace -> what to write there; null removes the file."""
    says: list[str] = []
    """Told while it works."""
    status: Literal["ok", "warning", "error", "fault"] = "ok"
    message: str = ""
    suspected_bugs: list[dict[str, JsonValue]] = []
    raises: str | None = None
    """Raised after the writing, as a RuntimeError."""


class Script(BaseModel):
    """What the agent does each time that it is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    turns: list[Turn] = []
    """One a call. When they are used up it has nothing more to do: `warning`."""


class ScriptedAgent(Agent):
    """Takes its turns from a script, one a call, and keeps the tasks that it was given in `tasks`.

    The script is counted by the object. Hand out the same object every time, `agent=lambda name: scripted`.
    """

    Options = Script
    options: Script

    def __init__(self, options: Script | None = None, *turns: Turn) -> None:
        script = options or Script()
        super().__init__(Script(turns=[*script.turns, *turns]))
        self.tasks: list[Task] = []

    async def run(self, task: Task, emit: Emit) -> AgentResult:
        """Take the next turn."""
        self.tasks.append(task)
        if len(self.tasks) > len(self.options.turns):
            return AgentResult("warning", "the script has no further turn")
        turn = self.options.turns[len(self.tasks) - 1]
        for text in turn.says:
            emit(Activity("activity", text))
        for path, content in turn.writes.items():
            _write(task, path.replace("{target}", task.target), content)
        if turn.raises is not None:
            raise RuntimeError(turn.raises)
        return AgentResult(turn.status, turn.message, suspected_bugs=tuple(turn.suspected_bugs))


def _write(task: Task, path: str, text: str | None) -> None:
    if text is None:
        locate(task.workspace, path).unlink(missing_ok=True)
    else:
        lay(task.workspace, path, text.encode(errors="surrogatepass"))
