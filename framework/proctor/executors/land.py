"""The command kind `land`: verified files become a commit on a new branch."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict

from proctor.contracts.executor import Executor, Surroundings
from proctor.domain.interaction import Command, Result, Workspace
from proctor.domain.workflow import ERROR, FAULT, OK
from proctor.errors import BranchExists, IdentityMissing, InvalidBranchName, ProctorError, UnsafePath
from proctor.executors.program import ProgramArguments, ProgramData, run_program
from proctor.workspace.overlay import locate, read

FILE_BYTES = 8 * 1024**2
CHANGED = "changed_while_verifying"


class LandArguments(BaseModel):
    """What a command of the kind `land` says. The files are the overlay of its workspace."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    verify: ProgramArguments | None = None
    """Runs over base and overlay. Of a file of the overlay it may only remove lines, or delete it.

    Data, which is what lies in `<name>_data/` beside a file `<name>.…` of the overlay, it may only delete. Nothing
    else that it does lasts.
    """
    title: str
    """First line of the commit's message."""
    body: str = ""
    branch: str
    """Name of the branch."""
    explicit_branch: bool = False
    """True: this branch or none. False: a taken name gets -2, -3, …"""
    author_name: str = ""
    author_email: str = ""
    """Of author and committer; without a name and an address nothing lands."""
    date: float
    """Of author and committer, in seconds since the epoch."""
    trailers: dict[str, str] = {}
    """Lines `name: value` at the end of the message."""


class LandData(ProgramData):
    """What landed, or why it must not."""

    branch: str | None = None
    commit: str | None = None
    files: list[str] = []
    code: str | None = None
    """Why it must not land, for a program: `changed_while_verifying`, `branch_exists`, …"""


class LandExecutor(Executor):
    """Verifies the overlay, commits what is left of it in a repository where nothing ever ran, and publishes that.

    `ok`: it landed. `error`: it must not land; the code is `changed_while_verifying` if a file has become more than
    `verify` may make of it. `fault`: `verify` could not be run.
    """

    Arguments = LandArguments
    Data = LandData

    async def execute(self, command: Command, surroundings: Surroundings) -> Result:
        """Land it. Landing the same again gives the same commit on the same branch."""
        arguments = LandArguments.model_validate(command.arguments)
        if command.workspace is None:
            return Result(FAULT, error_message="the command has no workspace with files to land")
        if not (arguments.author_name and arguments.author_email):
            return _refused(Result(ERROR), IdentityMissing())
        verified = await _verify(arguments.verify, command.workspace, surroundings)
        if verified.status != OK:
            return verified
        if not verified.files:
            return replace(verified, status=ERROR, error_message="there is nothing left to commit")
        workspace = replace(command.workspace, overlay=verified.files)
        try:
            return await _landed(arguments, workspace, verified, surroundings)
        except (BranchExists, InvalidBranchName) as error:
            return _refused(verified, error)


async def _verify(program: ProgramArguments | None, workspace: Workspace, surroundings: Surroundings) -> Result:
    """Run the program; the result's files are what it left of the overlay."""
    if program is None:
        return Result(OK, data={"report": None}, files=workspace.overlay)
    async with surroundings.scratch() as scratch, surroundings.open(workspace) as folder:
        result = (await run_program(program, folder, scratch, surroundings)).result()
        if result.status != OK:
            return result
        try:
            left = _left(folder, workspace.overlay)
        except (UnsafePath, ValueError) as error:
            return replace(result, status=FAULT, error_message=f"a file cannot be landed: {error}")
    for path, data in left.items():
        if not _is_proven(path, workspace.overlay, await surroundings.get(workspace.overlay[path]), data):
            return _changed(result, path)
    return replace(result, files={path: await surroundings.put(data) for path, data in left.items()})


def _left(folder: Path, overlay: Mapping[str, str]) -> dict[str, bytes]:
    found = {path: read(locate(folder, path), FILE_BYTES) for path in overlay}
    return {path: data for path, data in found.items() if data is not None}


def _is_proven(path: str, overlay: Mapping[str, str], before: bytes, after: bytes) -> bool:
    """Say whether a file still is what was judged: the tests that ran beside it could write to it."""
    if before == after:
        return True
    lines = iter(before.splitlines(keepends=True))
    return not _is_data(path, overlay) and all(line in lines for line in after.splitlines(keepends=True))


def _is_data(path: str, overlay: Mapping[str, str]) -> bool:
    owners = {f"{PurePosixPath(other).with_suffix('')}_data" for other in overlay}
    return any(str(folder) in owners for folder in PurePosixPath(path).parents)


def _changed(result: Result, path: str) -> Result:
    reason = (
        f"{path} was changed while the tests ran, by more than taking lines out, so what it says now was never judged; "
        "find the test that writes to it, and let it write to a folder of its own"
    )
    return replace(result, status=ERROR, error_message=reason, data={**result.data, "code": CHANGED})


async def _landed(
    arguments: LandArguments, workspace: Workspace, verified: Result, surroundings: Surroundings
) -> Result:
    commit = await surroundings.commit(
        workspace,
        _message(arguments),
        name=arguments.author_name,
        email=arguments.author_email,
        at=arguments.date,
    )
    explicit = arguments.explicit_branch
    branch = await surroundings.publish(workspace.repository, commit, arguments.branch, explicit=explicit)
    facts = {"branch": branch, "commit": commit, "files": sorted(workspace.overlay)}
    return replace(verified, data={**verified.data, **facts})


def _message(arguments: LandArguments) -> str:
    lines = "\n".join(f"{name}: {value}" for name, value in arguments.trailers.items())
    return "\n\n".join(part for part in (arguments.title.strip(), arguments.body.strip(), lines) if part) + "\n"


def _refused(result: Result, error: ProctorError) -> Result:
    return replace(result, status=ERROR, error_message=str(error), data={**result.data, "code": error.code})
