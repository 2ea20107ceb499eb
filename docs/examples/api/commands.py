"""Carry out commands: with git and the standard library, on any machine that has the repository.

What each kind asks for, and what its result says: { commandKinds { name description argumentsSchema dataSchema } }
"""

import ast
import asyncio
import base64
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Files = dict[str, bytes]
Read = Callable[[str, str], Awaitable[bytes]]  # a file, by the session that names it and its digest

SEEN = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")  # all of our environment that programs see: no secrets
UNSEEN = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}  # git runs nobody's filters and hooks
LIMIT_S = 600.0  # for a program that names no limit
OUTPUT = 50_000  # characters of what a program wrote that are sent: a request may have 16 MiB in all

EXAMPLES = """import doctest

import {name} as module


def failures(name):
    found = doctest.DocTestFinder(recurse=False).find(getattr(module, name), name, globs=dict(vars(module)))
    return sum(doctest.DocTestRunner().run(test).failed for test in found)
"""


class Machine:
    """Carries out commands. A result is a `ResultInput` of the API."""

    def __init__(self, read: Read, scratch: Path, repository: str | None, agent: list[str]) -> None:
        self._read, self._scratch, self._repository, self._agent = read, scratch, repository, agent
        self._clone, self._cloning = scratch / "clone", asyncio.Lock()

    async def execute(self, session: str, command: Json) -> Json:
        """Do what a command says. `fault` means that it could not be done."""
        kinds = {"process": self._process, "agent": self._ask, "land": self._land, "none": self._nothing}
        if command["kind"] not in kinds:
            return {"status": "fault", "errorMessage": f"this client cannot do commands of the kind {command['kind']}"}
        try:
            return await kinds[command["kind"]](session, command["arguments"], command["workspace"])
        except (OSError, ValueError) as error:  # a TimeoutError is an OSError
            return {"status": "fault", "errorMessage": f"{type(error).__name__}: {error}"}

    async def _nothing(self, session: str, arguments: Json, workspace: Json) -> Json:
        return {"status": "ok"}

    async def _process(self, session: str, arguments: Json, workspace: Json) -> Json:
        """Run a program, and bring back the files that it was to leave."""
        wanted = arguments.get("collect", [])
        async with self._folder(session, workspace) as (folder, _):
            result = await self._program(arguments, folder)
            files = contents(folder, wanted)
        missing = [path for path in wanted if path not in files]
        return {**result, "data": {**result["data"], "missing": missing}, "files": sent(files)}

    async def _ask(self, session: str, arguments: Json, workspace: Json) -> Json:
        """Have an agent write tests, and take over what it changed where it was allowed to."""
        async with self._folder(session, workspace) as (folder, before):
            (folder / arguments["target"]).parent.mkdir(parents=True, exist_ok=True)
            code, out, error = await self._agent_says(arguments, folder)
            after = contents(folder, (name for place in arguments["may_write"] for name in within(folder, place)))
        changed = {path: data for path, data in after.items() if before.get(path) != data}
        deleted = [path for path in before if path not in after]  # all that lies over the base is the agent's own
        status = "error" if code else "ok" if changed or deleted else "warning"
        reason = None if status == "ok" else error[-OUTPUT:] or "the agent changed nothing"
        data = {"message": out[-OUTPUT:], "deleted": deleted, "suspected_bugs": [], "discarded": []}
        return {"status": status, "data": data, "errorMessage": reason, "files": sent(changed)}

    async def _agent_says(self, arguments: Json, folder: Path) -> tuple[int, str, str]:
        if not self._agent:
            return 0, write_a_test(arguments, folder), ""
        told = {"PROCTOR_TARGET": arguments["target"], "PROCTOR_COMPONENT": arguments["component"]["path"]}
        return await run(self._agent, folder, told, arguments["text"], arguments.get("seconds", LIMIT_S))

    async def _land(self, session: str, arguments: Json, workspace: Json) -> Json:
        """Verify the files over the base, commit what is left of them, and create the branch."""
        result: Json = {"status": "ok", "data": {"report": None}}
        async with self._folder(session, workspace) as (folder, before):
            if arguments.get("verify"):
                result = await self._program(arguments["verify"], folder)
            after = contents(folder, before)
        if result["status"] != "ok":
            return result
        for path, data in after.items():  # the tests that just ran could write to files that had been judged
            lines = iter(before[path].splitlines())
            if not all(line in lines for line in data.splitlines()):
                return refused(result, "changed_while_verifying", f"{path} was changed by more than taking lines out")
        commit = await self._commit(arguments, workspace["base"], after)
        branch = await self._publish(self._repository or workspace["repository"], commit, arguments)
        if branch is None:
            return refused(result, "branch_exists", f"the branch {arguments['branch']} exists already")
        return {**result, "data": {**result["data"], "branch": branch, "commit": commit, "files": sorted(after)}}

    async def _program(self, arguments: Json, folder: Path) -> Json:
        """Run a program that travels with its command."""
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(dir=self._scratch) as aside:
            inputs = Path(aside, "inputs")
            lay(inputs, {name: text.encode() for name, text in arguments.get("inputs", {}).items()})

            def filled(text: str) -> str:
                return text.replace("{inputs}", str(inputs)).replace("{proctor_python}", sys.executable)

            own = {name: filled(value) for name, value in arguments.get("environment", {}).items()}
            own["PROCTOR_REPORT"] = str(Path(aside, "report.json"))
            argv, limit_s = [filled(word) for word in arguments["argv"]], arguments.get("seconds") or LIMIT_S
            code, out, error = await run(argv, folder, own, arguments.get("stdin") or "", limit_s)
            told = contents(Path(aside), ["report.json"]).get("report.json", b"null")
        return {
            "status": "fault" if code < 0 else "error" if code else "ok",  # below 0: something killed it
            "data": {"report": json.loads(told)},
            "exitCode": code,
            "errorMessage": f"it ended with exit code {code}" if code else None,
            "stdout": out[-OUTPUT:],
            "stderr": error[-OUTPUT:],
            "durationSeconds": time.monotonic() - begun,
        }

    @asynccontextmanager
    async def _folder(self, session: str, workspace: Json | None) -> AsyncIterator[tuple[Path, Files]]:
        """Lay out a base commit and the files over it; give the folder, and these files."""
        with tempfile.TemporaryDirectory(dir=self._scratch, ignore_cleanup_errors=True) as name:
            overlay: Files = {}
            if workspace:
                own_index = await self._git_of_ours(workspace["repository"], f"{name}.index")
                await git(f"--work-tree={name}", "checkout", "--quiet", workspace["base"], "--", ".", **own_index)
                overlay = {file["path"]: await self._read(session, file["digest"]) for file in workspace["files"]}
                lay(Path(name), overlay)
            yield Path(name), overlay

    async def _git_of_ours(self, repository: str, index: str) -> dict[str, str]:
        """Clone the repository once: a clone has none of its configuration, so nothing of that can run."""
        async with self._cloning:
            if not self._clone.exists():
                source = self._repository or repository
                await git("clone", "--quiet", "--no-checkout", "--template=", "--", source, str(self._clone))
        return {"GIT_DIR": str(self._clone / ".git"), "GIT_INDEX_FILE": index}

    async def _commit(self, arguments: Json, base: str, files: Files) -> str:
        """Commit files where nothing ever ran. The same files give the same commit, however often it is done."""
        with tempfile.TemporaryDirectory(dir=self._scratch) as aside:
            ours = await self._git_of_ours("", f"{aside}.index")
            await git("read-tree", base, **ours)
            lay(Path(aside), files)
            for path in files:
                blob = await git("hash-object", "-w", "--no-filters", "--", str(Path(aside, path)), **ours)
                await git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", **ours)
            tree = await git("write-tree", **ours)
        for role in ("AUTHOR", "COMMITTER"):
            ours |= {f"GIT_{role}_NAME": arguments["author_name"], f"GIT_{role}_EMAIL": arguments["author_email"]}
            ours |= {f"GIT_{role}_DATE": f"@{int(arguments['date'])} +0000"}
        told = "\n".join(f"{name}: {value}" for name, value in arguments.get("trailers", {}).items())
        message = "\n\n".join(part for part in (arguments["title"], arguments.get("body", "").strip(), told) if part)
        return await git("commit-tree", "-p", base, "-m", message, tree, **ours)

    async def _publish(self, repository: str, commit: str, arguments: Json) -> str | None:
        """Create a branch under the first of its names that is free, and move none; None if its only name is taken."""
        there = ("-C", repository, "-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0")
        await git(*there, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", str(self._clone), commit)
        name = str(arguments["branch"])
        others = [] if arguments.get("explicit_branch") else [f"{name}-{number}" for number in range(2, 100)]
        for branch in [name, *others]:
            ref = f"refs/heads/{branch}"
            with suppress(OSError):  # it is there
                await git(*there, "update-ref", "--no-deref", ref, commit, "0" * len(commit))
            if await git(*there, "for-each-ref", "--format=%(objectname)", ref) == commit:
                return branch  # created now, or by an earlier attempt whose answer was lost
        return None


async def run(
    argv: list[str], folder: Path, variables: dict[str, str], stdin: str = "", limit_s: float = LIMIT_S
) -> tuple[int, str, str]:
    """Run a program to its end or its limit, with all that it started: exit code, output, errors. Raises OSError."""
    process = await asyncio.create_subprocess_exec(
        *argv, cwd=folder, env={**{name: os.environ[name] for name in SEEN if name in os.environ}, **variables},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(limit_s):
            out, error = await process.communicate(stdin.encode())
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return process.returncode or 0, out.decode(errors="replace"), error.decode(errors="replace")


async def git(*arguments: str, **variables: str) -> str:
    """Run git and give what it printed. Raises OSError."""
    code, out, error = await run(["git", *arguments], Path.cwd(), {**UNSEEN, **variables})
    if code:
        raise OSError(f"git {arguments[0]}: {error.strip()}")
    return out.strip()


def lay(folder: Path, files: Files) -> None:
    """Write files below a folder."""
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def contents(folder: Path, paths: Iterable[str]) -> Files:
    """Read plain files; what is missing, or a link that could lead anywhere, is left out."""
    places = {path: folder / path for path in paths}
    return {path: place.read_bytes() for path, place in places.items() if place.is_file() and not place.is_symlink()}


def within(folder: Path, place: str) -> Iterator[str]:
    """Give the file of that name or, if the name ends with a slash, all files in the folder of that name."""
    found = (folder / place).rglob("*") if place.endswith("/") else [folder / place]
    return (path.relative_to(folder).as_posix() for path in found)


def sent(files: Files) -> list[Json]:
    """Give files as the API takes them."""
    return [{"path": path, "content": {"base64": base64.b64encode(data).decode()}} for path, data in files.items()]


def refused(result: Json, code: str, reason: str) -> Json:
    """Say that it must not land; a code ends the session at once."""
    return {**result, "status": "error", "errorMessage": reason, "data": {**result["data"], "code": code}}


def write_a_test(arguments: Json, folder: Path) -> str:
    """Be a very simple agent: each function that has examples in its docstring gets a test that they hold."""
    module = ast.parse((folder / arguments["component"]["path"]).read_bytes())
    functions = [each for each in module.body if isinstance(each, ast.FunctionDef)]
    names = [each.name for each in functions if ">>>" in (ast.get_docstring(each) or "")]
    if names and not arguments.get("findings"):  # it would not know how to repair what was found wrong
        tests = [f"\n\ndef test_{name}():\n    assert failures({name!r}) == 0\n" for name in names]
        (folder / arguments["target"]).write_text("".join([EXAMPLES.format(**arguments["component"]), *tests]))
    return f"{len(names)} functions have examples"
