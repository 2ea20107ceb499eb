"""Commands that nothing has to be executed for."""

from pydantic import BaseModel, ConfigDict

from proctor.contracts.executor import Executor, Surroundings
from proctor.domain.interaction import Command, Result


class NoArguments(BaseModel):
    """Whatever a step writes there is kept and not looked at."""

    model_config = ConfigDict(extra="allow", frozen=True)


class NoneExecutor(Executor):
    """Nothing to do: the step judges at once."""

    Arguments = NoArguments

    async def execute(self, command: Command, surroundings: Surroundings) -> Result:  # contract
        """Give the empty result."""
        return Result("ok")


class ExternalExecutor(NoneExecutor):
    """Waits until somebody submits a result: a human's approval, say."""

    parks = "external"


class SpawnSessionsExecutor(NoneExecutor):
    """Waits until all children of the session have ended."""

    parks = "children"
