"""Commands that ask an agent to write or repair tests."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue

from proctor.contracts.agent import AgentResult, Finding, Task
from proctor.contracts.executor import Executor, Surroundings
from proctor.contracts.process import ProcessLimits
from proctor.domain.component import Component
from proctor.domain.interaction import Command, Result
from proctor.domain.json import Json
from proctor.domain.workflow import ERROR, FAULT, OK, WARNING
from proctor.errors import UnsafePath
from proctor.executors.asked import AgentBroken
from proctor.workspace.overlay import locate, read

FILE_BYTES = 8 * 1024**2

GRACE_S = 5.0
"""An agent ends its own processes at the limit; so much later the call itself is ended."""


class FindingArguments(BaseModel):
    """What a check found wrong."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    test: str
    check: str
    message: str
    detail: str = ""
    condemns: bool = True
    """Whether the test, or the whole file, has to go if it is not put right."""
    found: str = ""
    """The comparison that failed, both values written out, or the exception with its message."""


class ComponentArguments(BaseModel):
    """The module under test."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    name: str
    path: str


class AgentArguments(BaseModel):
    """What a command of the kind `agent` says."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    agent: str
    """The agent's name in the settings of whoever executes it."""
    text: str
    """The task in words: all that an agent needs that reads nothing else."""
    component: ComponentArguments
    target: str
    """The test file to write, relative to the workspace."""
    may_write: list[str]
    """Files, and folders ending in `/`, that may change. Any other change is thrown away."""
    findings: list[FindingArguments] = []
    """What is to be repaired; empty when tests are written for the first time."""
    previous: str | None = None
    """What became of an earlier attempt at this component."""
    conversation_id: str | None = None
    """The conversation to go on with, if the agent still knows it."""
    environment: dict[str, str] = {}
    """Variables for the agent's processes, over those that they are allowed to see."""
    seconds: float = 1800.0
    """Time for the agent."""


class AgentData(BaseModel):
    """What an agent did and said."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    conversation_id: str | None = None
    """Under which it goes on with the same conversation."""
    message: str = ""
    suspected_bugs: list[dict[str, JsonValue]] = []
    """What it thinks is wrong in the code: `test`, `message` and, where known, `example`, `expected`, `line`."""
    changed: list[str] = []
    """Files that it made, changed or removed."""
    deleted: list[str] = []
    """Those among them that it removed."""
    discarded: list[str] = []
    """Changes that it was not allowed to make and that were thrown away, at most 100."""


class AgentExecutor(Executor):
    """Gives an agent its task in a workspace, and brings back every file that it was allowed to change.

    `ok`: it did something. `warning`: it changed nothing. `error`: it tried and failed, or took too long. `fault`: it
    could not be started. A file that it removed is named in `deleted`.
    """

    spends = True
    Arguments = AgentArguments
    Data = AgentData

    async def execute(self, command: Command, surroundings: Surroundings) -> Result:
        """Run the agent. An agent that changed nothing is a `warning`; one that cannot be started a `fault`."""
        arguments = AgentArguments.model_validate(command.arguments)
        if command.workspace is None:
            return Result(FAULT, error_message="the command has no workspace for the agent to work in")
        begun = time.monotonic()
        agent = surroundings.agent(arguments.agent)
        opened = surroundings.open(command.workspace, key=surroundings.session_id)
        async with surroundings.scratch() as scratch, opened as path:
            locate(path, arguments.target).parent.mkdir(parents=True, exist_ok=True)
            try:
                async with asyncio.timeout(arguments.seconds + GRACE_S):
                    answer = await agent.run(_task(arguments, path, scratch, surroundings), surroundings.emit)
            except AgentBroken as broken:
                return Result(FAULT, error_message=str(broken), duration_s=time.monotonic() - begun)
            except TimeoutError:
                answer = AgentResult("error", f"the agent did not finish within {arguments.seconds:g} s")
            result = await _brought_back(arguments, answer, path, surroundings)
        return replace(result, usage=answer.usage, duration_s=time.monotonic() - begun)


def allowed(name: str, may_write: Sequence[str]) -> bool:
    """Tell whether a file is one of those, or lies in one of the folders (they end in `/`), that may change."""
    return any(name.startswith(place) if place.endswith("/") else name == place for place in may_write)


def _task(arguments: AgentArguments, path: Path, scratch: Path, surroundings: Surroundings) -> Task:
    limits = surroundings.limits
    return Task(
        text=arguments.text,
        workspace=path,
        component=Component(arguments.component.name, arguments.component.path),
        target=arguments.target,
        may_write=tuple(arguments.may_write),
        findings=tuple(Finding(**finding.model_dump()) for finding in arguments.findings),
        previous=arguments.previous,
        conversation_id=arguments.conversation_id,
        limits=ProcessLimits(arguments.seconds, limits.memory_bytes, limits.output_bytes),
        environment={**surroundings.environment, **arguments.environment},
        scratch=scratch,
    )


async def _brought_back(
    arguments: AgentArguments, answer: AgentResult, path: Path, surroundings: Surroundings
) -> Result:
    """Keep what the agent changed, where it was allowed to."""
    changed = await surroundings.changed(path, named=[arguments.target])
    wanted = [name for name in changed if allowed(name, arguments.may_write)]
    try:
        files = {name: await surroundings.put(data) for name, data in _contents(path, wanted)}
    except ValueError as error:
        return Result(ERROR, error_message=f"the agent wrote a file that cannot be taken over: {error}")
    return Result(
        _status(answer, wanted),
        data=_data(answer, wanted, files.keys() ^ wanted, set(changed) - set(wanted)),
        error_message=_reason(answer, wanted),
        files=files,
    )


def _status(answer: AgentResult, changed: Sequence[str]) -> str:
    return WARNING if answer.status == OK and not changed else answer.status


def _reason(answer: AgentResult, changed: Sequence[str]) -> str | None:
    if answer.status != OK:
        return answer.message or "the agent gave no reason"
    said = f". It said: {answer.message}" if answer.message else ""
    return None if changed else f"the agent changed nothing{said}"


def _data(answer: AgentResult, changed: Sequence[str], deleted: set[str], discarded: set[str]) -> dict[str, Json]:
    return {
        "conversation_id": answer.conversation_id,
        "message": answer.message,
        "suspected_bugs": list(answer.suspected_bugs),
        "changed": list(changed),
        "deleted": sorted(deleted),
        "discarded": sorted(discarded)[:100],
    }


def _contents(path: Path, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Read the files that lie in the workspace; one that a link leads out of it counts as gone.

    Raises ValueError for one that is too large.
    """
    for name in names:
        with suppress(UnsafePath):
            data = read(locate(path, name), FILE_BYTES)
            if data is not None:
                yield name, data
