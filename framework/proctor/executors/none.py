"""Commands that nothing has to be executed for."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from proctor.contracts.executor import Anything, Executor, Surroundings
from proctor.domain.interaction import Command, Result


class NoneExecutor(Executor):
    """Nothing to do: the step judges at once."""

    Arguments: ClassVar[type[BaseModel]] = Anything

    async def execute(self, command: Command, surroundings: Surroundings) -> Result:  # contract
        """Give the empty result."""
        return Result("ok")


class ExternalArguments(BaseModel):
    """What somebody is asked. Whatever else a step writes there is kept and shown to whoever answers."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)

    question: str = ""
    """In one sentence; it is shown where the answer is waited for."""


class ExternalExecutor(NoneExecutor):
    """Waits until somebody submits a result: a human's approval, say. `ok` is yes, `error` is no, with a message."""

    parks = "external"
    Arguments = ExternalArguments


class SpawnSessionsExecutor(NoneExecutor):
    """Waits until all children of the session have ended."""

    parks = "children"
