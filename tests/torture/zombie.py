"""Stops a working process, lets another one take its work over, and lets the first one go on.

`python -m tests.torture.zombie --count 100 --seed 1 [--runs 3]`. The rounds are worked by session services of two
processes on one database. What the first one held must be refused when it comes back, nothing may be judged twice,
and whatever was acknowledged must be stored. Exit code 1 if not.
"""

import asyncio
import json
import os
import random
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.factories import SCOPE
from tests.torture.options import options
from tests.torture.record import Place, Record
from tests.torture.report import report
from tests.torture.stand import ROOT
from tests.torture.worker import LINE, Worker, sessions_on

from proctor.errors import DatabaseBusy
from proctor.sessions import Draft, Sessions
from proctor.store import open_store
from proctor.store.database import Turn

HOUR = 3600.0
PATIENCE_S = 0.3
STEPS = len(LINE.main)


@dataclass
class Round:
    """What both processes were told about one session."""

    session: str
    held: set[Place] = field(default_factory=set)
    refused: set[Place] = field(default_factory=set)
    marks: dict[Place, list[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def hear(self, told: dict[str, object]) -> None:
        """Take note of what a worker says."""
        session, number = told["place"]  # type: ignore[misc] # as a worker says it
        place = (str(session), int(str(number)))
        match told["what"]:
            case "held":
                self.held.add(place)
            case "refused":
                self.refused.add(place)
            case "acknowledged":
                self.marks.setdefault(place, []).append(str(told["mark"]))
                if told["sequence"] != place[1]:
                    self.wrong.append(f"the result of {place} was taken for that of {told['sequence']}")

    def violations(self, record: Record) -> list[str]:
        """Compare what was told with what is stored."""
        given_up = {place for place in record.told("interaction_abandoned") if place[0] == self.session}
        found = [
            *self.wrong,
            *(f"the late result of {place} was not refused" for place in (self.held & given_up) - self.refused),
        ]
        found += [
            f"the result of {place} was refused, and nobody had taken it over" for place in self.refused - given_up
        ]
        for place, marks in self.marks.items():
            document = record.interactions.get(place, "")
            if len(marks) > 1:
                found.append(f"{place} was acknowledged {len(marks)} times")
            found += [
                f"{place} was acknowledged, and another result is stored" for mark in marks if mark not in document
            ]
        if record.status[self.session] != "complete" or record.told("interaction_completed").total() % STEPS:
            found.append(f"session {self.session} is {record.status[self.session]}")
        return found


@dataclass
class Zombie:
    """The process that is stopped."""

    process: Process

    @classmethod
    async def start(cls, database: Path, *bugs: str) -> "Zombie":
        """Start it."""
        argv = [sys.executable, "-m", "tests.torture.worker", str(database), "first", *bugs]
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        environment = {**os.environ, "PYTHONPATH": path}
        return cls(await asyncio.create_subprocess_exec(*argv, stdin=PIPE, stdout=PIPE, env=environment))

    def give(self, session: str, *, runner: bool) -> None:
        """Have it work on a session."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{json.dumps({'session': session, 'runner': runner})}\n".encode())

    async def heard(self) -> dict[str, object]:
        """Give what it says next."""
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), 60)
        if not line:
            raise EOFError("the first process died of what it was answered")
        told: dict[str, object] = json.loads(line)
        return told

    def stop(self) -> None:
        """Stop it, wherever it is."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on as if nothing had happened."""
        self.process.send_signal(signal.SIGCONT)


@dataclass
class Takeover:
    """Rounds with a zombie."""

    zombie: Zombie
    database: Path
    sessions: Sessions
    chance: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    async def round(self) -> None:
        """Stop the first process somewhere in a session, and bring that session to its end."""
        runner = self.chance.random() < 0.5
        about = Round((await self.sessions.create(SCOPE, Draft("line", {}))).id)
        second = Worker(
            self.sessions, "second", lambda what, place, **more: about.hear({"what": what, "place": place, **more})
        )
        self.zombie.give(about.session, runner=runner)
        about.hear(await self.zombie.heard())
        await self._stopped_somewhere()
        started = await self._taken_over(second, about.session, runner=runner)
        if started is not None and self.chance.random() < 0.5:
            await second.submit(started)
            started = None
        self.zombie.go_on()
        while (told := await self.zombie.heard())["what"] != "done":
            about.hear(told)
        if started is not None:
            await second.submit(started)
        await second.work(about.session, runner=runner)
        self._judge(about)

    async def _stopped_somewhere(self) -> None:
        await asyncio.sleep(self.chance.uniform(0, 0.08))
        self.zombie.stop()

    async def _taken_over(self, second: Worker, session: str, *, runner: bool):  # as Worker._start
        """Take the session over. One that was stopped in the middle of a commit holds the database: let it finish."""
        while True:
            try:
                started = await second._start(session, runner=runner)
            except DatabaseBusy:
                self.counts["stopped while it wrote"] += 1
                self.zombie.go_on()
                await self._stopped_somewhere()
                continue
            if started is not None:
                second.say("held", [session, started.interaction.sequence])
            return started

    def _judge(self, about: Round) -> None:
        record = Record.of_one_moment(self.database)
        found = [*record.faults(), *about.violations(record)]
        self.counts["rounds"] += 1
        self.counts["late results refused"] += len(about.refused)
        for each in found:
            print(f"round {self.counts['rounds']}: {each}", flush=True)
        self.broken += found


async def rounds(count: int, seed: int, *bugs: str) -> Takeover:
    """Do so many rounds, until something is wrong."""
    Turn.taken.__wrapped__.__defaults__ = (PATIENCE_S,)  # type: ignore[attr-defined] # to wait less for a stopped one
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        database = Path(folder) / "proctor.db"
        store = await open_store(str(database))
        zombie = await Zombie.start(database, *bugs)
        takeover = Takeover(zombie, database, sessions_on(store, ahead_s=HOUR), random.Random(seed))
        try:
            while takeover.counts["rounds"] < count and not takeover.broken:
                await takeover.round()
        except EOFError as error:
            takeover.broken.append(str(error))
            print(error, flush=True)
        finally:
            with suppress(ProcessLookupError):
                zombie.process.kill()
            await zombie.process.wait()
            await store.close()
    return takeover


def main() -> int:
    """Do what the command line says."""
    given = options(__doc__, count=100)
    done = asyncio.run(rounds(given.count, given.seed, *given.planted))
    return report(done.counts, done.broken)


if __name__ == "__main__":
    raise SystemExit(main())
