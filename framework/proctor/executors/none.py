"""Commands that nothing has to be executed for."""

from proctor.contracts.executor import Anything, Executor, Surroundings
from proctor.domain.interaction import Command, Result


class NoneExecutor(Executor):
    """Nothing to do: the step judges at once."""

    Arguments = Anything

    async def execute(self, command: Command, surroundings: Surroundings) -> Result:  # contract
        """Give the empty result."""
        return Result("ok")


class ExternalExecutor(NoneExecutor):
    """Waits until somebody submits a result: a human's approval, say."""

    parks = "external"


class SpawnSessionsExecutor(NoneExecutor):
    """Waits until all children of the session have ended."""

    parks = "children"
