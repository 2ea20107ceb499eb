"""The contract of an agent: whoever writes or repairs tests when given a task."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import BaseModel

from proctor.contracts.activity import Emit
from proctor.contracts.options import NoOptions
from proctor.contracts.process import ProcessLimits
from proctor.domain.component import Component
from proctor.domain.interaction import Usage
from proctor.domain.json import JsonObject


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found wrong with one test, or (with an empty `test`) with the file as a whole."""

    test: str
    """A pytest id, relative to the workspace."""
    check: str
    """The step that found it: run_tests, check_stability, …"""
    message: str
    """What is wrong, in a sentence."""
    detail: str = ""
    """A traceback, the lines that were not reached: whatever helps to put it right."""
    condemns: bool = True
    """Whether the test, or the whole file, has to go if nobody puts it right. False: it is only worth a try."""
    found: str = ""
    """The comparison that failed, both values written out, or the exception with its message; "" if nobody knows."""

    def to_json(self) -> JsonObject:
        """Give the form in which a session's state keeps it."""
        said: JsonObject = {"test": self.test, "check": self.check, "message": self.message, "detail": self.detail}
        more: JsonObject = {"found": self.found} if self.found else {}
        return {**said, **more} if self.condemns else {**said, **more, "condemns": False}

    @classmethod
    def from_json(cls, value: JsonObject) -> "Finding":
        """Read what `to_json` wrote. Raises KeyError if `test`, `check` or `message` is missing."""
        return cls(
            test=str(value["test"]),
            check=str(value["check"]),
            message=str(value["message"]),
            detail=str(value.get("detail", "")),
            condemns=bool(value.get("condemns", True)),
            found=str(value.get("found", "")),
        )


@dataclass(frozen=True, slots=True)
class Task:
    """What an agent is asked to do, in words (`text`) and as values."""

    text: str
    """All that an agent needs that reads nothing else: what to do, the rules, the findings."""
    workspace: Path
    """An open folder with the component and everything written so far. The agent works here and nowhere else."""
    component: Component
    """The module under test."""
    target: str
    """The test file to write, relative to the workspace."""
    may_write: tuple[str, ...]
    """Files, and folders ending in `/`, that may change. Any other change is discarded."""
    findings: tuple[Finding, ...] = ()
    """Empty when tests are to be written for the first time."""
    previous: str | None = None
    """What became of an earlier attempt at this component."""
    conversation_id: str | None = None
    """The conversation to go on with. One that the agent no longer knows starts anew; `text` has all it needs."""
    limits: ProcessLimits = ProcessLimits()
    """`seconds` is the time for the whole task; the rest holds for each process that is started for it."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What processes of the agent may see of the environment."""
    scratch: Path | None = None
    """An empty folder for the agent's own files, outside the workspace and removed afterwards; None: it makes one."""


@dataclass(frozen=True, slots=True)
class AgentResult:
    """What an agent says it did. What it changed is read from the workspace, not from here."""

    status: Literal["ok", "warning", "error", "fault"]
    """ok: done. warning: nothing (more) to do. error: tried and failed. fault: could not be started or was lost."""
    message: str = ""
    """Why, in a sentence; for any status but `ok` it becomes the result's error message."""
    conversation_id: str | None = None
    """Under which it can go on with the same conversation."""
    suspected_bugs: tuple[JsonObject, ...] = ()
    """Each with `test`, `message` and, where known, `example`, `expected`, `line`."""
    usage: Usage | None = None
    """What it consumed; None if that is not known."""


class Agent(ABC):
    """Writes or repairs tests. Register the class under the entry-point group `proctor.agents`."""

    contract: ClassVar[int] = 1
    """The version of this contract that it was written for."""
    deterministic: ClassVar[bool] = False
    """True if asking twice the same thing is pointless; a failed component then gets no second attempt."""
    Options: ClassVar[type[BaseModel]] = NoOptions
    """What may stand under `[agents.NAME]` in the settings, besides `plugin`."""

    def __init__(self, options: BaseModel) -> None:
        self.options = options
        """An instance of `Options`."""

    @abstractmethod
    async def run(self, task: Task, emit: Emit) -> AgentResult:
        """Do the task in its workspace. Cancelling the call ends everything that it started.

        What it is doing is told by `emit`. The time limit is the agent's to keep, and the call is ended 5 seconds
        after it. Whatever is raised becomes a `fault`.
        """
