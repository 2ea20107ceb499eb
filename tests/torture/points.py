"""Points at which a process can be killed exactly: around each commit of the store, and around each call of git."""

import asyncio
import os
import signal
import sqlite3
import time
from collections import Counter
from pathlib import Path
from typing import IO, Any

from proctor.store import writer
from proctor.workspace.git import Answer, Git

KINDS = ("before commit", "after commit", "before git", "during git", "after git")
"""During: git was started and is left alone."""


class Points:
    """Counts the points that this process comes to, and kills it at one of them."""

    def __init__(self, fatal: str = "", number: int = 0) -> None:
        self.met: Counter[str] = Counter()
        self._fatal = fatal
        self._number = number

    def watch(self) -> None:
        """Be told of every commit of a store's writer and every call of git."""
        self._watch_commits()
        self._watch_git()

    def reach(self, point: str) -> None:
        """Come to a point."""
        self.met[point] += 1
        if point == self._fatal and self.met[point] == self._number:
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)

    def _watch_commits(self) -> None:
        connect, points = writer.connect, self

        class Watched:
            def __init__(self, path: Path) -> None:
                self._connection = connect(path)

            def __getattr__(self, name: str) -> object:
                return getattr(self._connection, name)

            def execute(self, statement: str, *parameters: object) -> sqlite3.Cursor:
                if statement != "COMMIT":
                    return self._connection.execute(statement, *parameters)  # type: ignore[arg-type] # passed on
                points.reach("before commit")
                done = self._connection.execute(statement)
                points.reach("after commit")
                return done

        writer.connect = Watched  # type: ignore[assignment] # it does what a writer asks of a connection

    def _watch_git(self) -> None:
        run, start, points = Git._run, asyncio.create_subprocess_exec, self

        async def watched(
            git: Git, arguments: tuple[str, ...], stdin: IO[bytes] | int, stdout: IO[bytes] | int
        ) -> Answer:
            points.reach("before git")
            answer = await run(git, arguments, stdin, stdout)
            points.reach("after git")
            return answer

        async def started(*argv: str, **options: Any) -> asyncio.subprocess.Process:
            process = await start(*argv, **options)
            if argv[0] == "git":
                points.reach("during git")
            return process

        Git._run = watched  # type: ignore[method-assign] # the very thing that is watched
        asyncio.create_subprocess_exec = started  # type: ignore[assignment] # likewise
