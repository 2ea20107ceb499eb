"""Runs git with nobody's configuration but ours."""

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from proctor.errors import GitFailed, GitMissing

SECONDS = 300.0
OURS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.fsync=committed,reference",
    "core.logAllRefUpdates=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.allow=never",
)
"""Said on every call: stronger than what the repository says.

Without `core.fsync`, which git before 2.36 does not know, a power cut may leave a branch whose objects are empty files.
"""
ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
NO_VARIABLES: Mapping[str, str] = {}
PLACES = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_QUARANTINE_PATH",
)  # fmt: skip
"""Variables that would send git elsewhere; they are set when we run inside a hook."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a git call gave back."""

    exit_code: int
    output: bytes
    message: str

    @property
    def text(self) -> str:
        """The output as text, without the line end."""
        return self.output.decode(errors="surrogateescape").rstrip("\n")


@dataclass(frozen=True, slots=True)
class Git:
    """git in one folder or on one git directory."""

    options: tuple[str, ...]
    environment: Mapping[str, str]

    @classmethod
    def of_user(cls, folder: Path) -> "Git":
        """Use the user's own configuration: only for looking, never for what could run or write something."""
        environment = {name: value for name, value in os.environ.items() if name not in PLACES}
        return cls(("-C", str(folder)), {**environment, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"})

    @classmethod
    def on_checkout(cls, top: Path | str) -> "Git":
        """Work on the user's repository, without the user's configuration."""
        return cls(("-C", str(top), "-c", f"safe.directory={top}"), _ours())

    @classmethod
    def on(cls, git_dir: Path, work_tree: Path | None = None, variables: Mapping[str, str] = NO_VARIABLES) -> "Git":
        """Work on a git directory of ours."""
        where = ("-C", str(work_tree), f"--work-tree={work_tree}") if work_tree else ()
        return cls((f"--git-dir={git_dir}", *where), {**_ours(), **variables})

    async def ask(self, *arguments: str, stdin: bytes = b"") -> Answer:
        """Run a command whatever its exit code. Raises GitMissing."""
        if not stdin:
            return await self._run(arguments, asyncio.subprocess.DEVNULL, asyncio.subprocess.PIPE)
        with tempfile.TemporaryFile() as file:
            file.write(stdin)
            file.seek(0)
            return await self._run(arguments, file, asyncio.subprocess.PIPE)

    async def run(self, *arguments: str, stdin: bytes = b"") -> str:
        """Run a command that must succeed, and give its output. Raises GitFailed and GitMissing."""
        return _succeeded(arguments, await self.ask(*arguments, stdin=stdin)).text

    async def pour(self, *arguments: str, source: IO[bytes] | None = None, target: IO[bytes] | None = None) -> None:
        """Run a command that reads from or writes to a file."""
        stdin = source or asyncio.subprocess.DEVNULL
        stdout = target or asyncio.subprocess.DEVNULL
        _succeeded(arguments, await self._run(arguments, stdin, stdout))

    async def _run(self, arguments: tuple[str, ...], stdin: IO[bytes] | int, stdout: IO[bytes] | int) -> Answer:
        settings = [word for setting in OURS for word in ("-c", setting)]
        try:
            process = await asyncio.create_subprocess_exec(
                "git", *settings, *self.options, *arguments, env=self.environment,
                stdin=stdin, stdout=stdout, stderr=asyncio.subprocess.PIPE, start_new_session=True,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise GitMissing from error
        try:
            async with asyncio.timeout(SECONDS):
                output, message = await process.communicate()
        except TimeoutError as error:
            reason = f"it did not end within {SECONDS:.0f} s"
            raise GitFailed(what=arguments[0], exit_code="none", message=reason) from error
        finally:
            await _kill(process)
        return Answer(process.returncode or 0, output or b"", message.decode(errors="replace").strip())


def _ours() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    return {**kept, **ENVIRONMENT}


def _succeeded(arguments: tuple[str, ...], answer: Answer) -> Answer:
    if answer.exit_code:
        raise GitFailed(what=arguments[0], exit_code=answer.exit_code, message=answer.message)
    return answer


async def _kill(process: asyncio.subprocess.Process) -> None:
    """End git and what it started, unless it ended by itself."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
