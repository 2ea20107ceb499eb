"""A process that works on sessions as a client or a runner does, and says what was answered.

    python -m tests.torture.worker DATABASE NAME [BUG]

On standard input come lines of JSON: a session, and whether it is worked on as a runner. On standard output go lines
of JSON: what was handed out, acknowledged or refused.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from tests.factories import SCOPE, Echo, Plugins
from tests.torture.bugs import BUGS

from proctor import Result, Workflow
from proctor.contracts.store import Store
from proctor.errors import NothingPending, ProctorError, StaleFence
from proctor.sessions import Sessions, Started

LINE = Workflow("line", ("first", "second", "third", "fourth"))
EXECUTING_S = 0.02

Say = Callable[..., None]


def plugins() -> Plugins:
    """Give the workflow and its steps."""
    return Plugins([LINE], {"line": [Echo(name) for name in LINE.main]})


def sessions_on(store: Store, *, ahead_s: float = 0.0) -> Sessions:
    """Give the session service; its clock may be ahead, so that others' leases are over."""
    return Sessions(store, plugins(), clock=lambda: time.time() + ahead_s, new_id=lambda: uuid4().hex)


@dataclass(frozen=True)
class Worker:
    """Works on one session at a time until it ends, or is taken from it."""

    sessions: Sessions
    name: str
    say: Say

    async def work(self, session: str, *, runner: bool) -> None:
        """Execute step after step."""
        while (started := await self._start(session, runner=runner)) is not None:
            place = [session, started.interaction.sequence]
            self.say("held", place)
            await asyncio.sleep(random.uniform(0, EXECUTING_S))  # no secret
            await self.submit(started)

    async def submit(self, started: Started, *, runner: bool = False) -> None:
        """Submit a result of our own, and say what was answered."""
        session, held, mark = started.head.id, started.interaction.sequence, f"{self.name} {uuid4().hex}"
        known = started.head if runner else None
        try:
            told = await self.sessions.submit(SCOPE, session, started.fence, Result("ok", {"by": mark}), head=known)
        except (StaleFence, NothingPending) as error:
            self.say("refused", [session, held], why=error.code)
        else:
            self.say("acknowledged", [session, held], sequence=told.sequence, mark=mark)

    async def _start(self, session: str, *, runner: bool) -> Started | None:
        """Have the next step handed out; None if there is nothing for us."""
        if runner:
            return await self.sessions.proceed(SCOPE, session, owner=self.name)
        try:
            started = await self.sessions.start(SCOPE, session, owner=f"client:{self.name}")
        except ProctorError:
            return None
        return started if started.fresh else None


async def _main(database: str, name: str) -> None:
    from proctor.store import open_store

    def say(what: str, place: list[object], **more: object) -> None:
        print(json.dumps({"what": what, "place": place, **more}), flush=True)

    store = await open_store(database)
    worker = Worker(sessions_on(store), name, say)
    async for line in _lines():
        asked = json.loads(line)
        await worker.work(asked["session"], runner=asked["runner"])
        print(json.dumps({"what": "done"}), flush=True)
    await store.close()


async def _lines() -> AsyncIterator[str]:
    while line := await asyncio.to_thread(sys.stdin.readline):
        yield line


if __name__ == "__main__":
    for bug in sys.argv[3:]:
        BUGS[bug]()
    asyncio.run(_main(str(Path(sys.argv[1])), sys.argv[2]))
