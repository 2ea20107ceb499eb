"""The command kind `process`: a program in a workspace."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from proctor.contracts.executor import Executor, Surroundings
from proctor.domain.interaction import Command, Result, Workspace
from proctor.domain.workflow import FAULT
from proctor.errors import UnsafePath
from proctor.executors.guarded import run_process
from proctor.executors.program import ProgramArguments, ProgramData, run_program
from proctor.workspace.overlay import locate, read

__all__ = ["ProcessArguments", "ProcessExecutor", "run_process"]

FILE_BYTES = 8 * 1024**2


class ProcessArguments(ProgramArguments):
    """What a command of the kind `process` says."""

    collect: list[str] = []
    """Files of the workspace to bring back, at most 8 MiB each. Any other change is left behind."""


class ProcessData(ProgramData):
    """What came of a process."""

    missing: list[str] = []
    """Files that were to be collected and are not there."""


class ProcessExecutor(Executor):
    """Runs a program in a workspace, or in an empty folder if the command has none.

    `ok` means exit code 0, `error` another one, `fault` that it could not be started, was killed, or reported
    nonsense.
    """

    Arguments = ProcessArguments
    Data = ProcessData

    async def execute(self, command: Command, surroundings: Surroundings) -> Result:
        """Run it, and bring back the files that were asked for."""
        arguments = ProcessArguments.model_validate(command.arguments)
        async with surroundings.scratch() as scratch, _folder(command.workspace, surroundings) as folder:
            run = await run_program(arguments, folder, scratch, surroundings)
            result = run.result()
            try:
                found = {path: read(locate(folder, path), FILE_BYTES) for path in arguments.collect}
            except (UnsafePath, ValueError) as error:
                return replace(result, status=FAULT, error_message=f"a file cannot be collected: {error}")
            files = {path: await surroundings.put(data) for path, data in found.items() if data is not None}
        missing = [path for path in arguments.collect if path not in files]
        return replace(result, data={**result.data, "missing": missing}, files=files)


@asynccontextmanager
async def _folder(workspace: Workspace | None, surroundings: Surroundings) -> AsyncIterator[Path]:
    context = surroundings.scratch() if workspace is None else surroundings.open(workspace)
    async with context as folder:
        yield folder
