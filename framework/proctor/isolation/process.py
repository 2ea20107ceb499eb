"""Our side of one process that asks strangers' steps.

It runs under a guard: it ends, with all that it started, when we are done with it and when our own process dies.
"""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import IO

from proctor.blame import LARGEST
from proctor.contracts.process import ProcessLimits
from proctor.documents import read
from proctor.executors.guarded import Guard
from proctor.isolation.wire import HELLO, Answer, Request, line
from proctor.patience import late

START_S = 30.0
SLACK_S = 2.0
"""The process keeps the time of a step that awaits. So much later it is ended, because not even that works there."""
NONSENSE = "wrote something else in place of its answer"
ENDED = "its process was ended"
DRAIN_S = 1.0
"""Time for the last words after the end, from somebody who escaped the guard."""
WORDS = 4000
"""Bytes of a printed line that are passed on."""
LIMITS = ProcessLimits(seconds=1e9)
"""It lives as long as we want it to."""

_log = logging.getLogger("proctor.isolation")


class Lost(Exception):
    """The process ended before it answered; the text says how, as something that the step did."""

    def __init__(self, said: str, *, alone: bool) -> None:
        super().__init__(said)
        self.alone = alone
        """Nothing else was asked at that time, so that nobody else can be to blame."""


class Process:
    """A process that asks steps. Made by `started`."""

    def __init__(self, guard: Guard, pipes: "_Pipes") -> None:
        self.over = False
        self._guard = guard
        self._pipes = pipes
        self._why = ""
        self._numbers = count(HELLO + 1)
        self._hello: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        """What is being asked there, by number, also if nobody wants to know any more."""
        self._life = asyncio.ensure_future(self._live())

    async def ask(self, request: Request) -> Answer:
        """Ask a step. Raises Lost."""
        await self._outlast(self._hello, START_S, f"could not be asked: its process did not start within {START_S:g} s")
        if self.over:
            raise Lost(self._why, alone=False)
        number = next(self._numbers)
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._pipes.requests.write(line(replace(request, id=number)))
        return await self._outlast(waiting, request.seconds + SLACK_S, f"{late(request.seconds)}; {ENDED}")

    async def close(self) -> None:
        """End the process and all that it started."""
        self._end("was asked while Proctor ended")
        await asyncio.wait((self._life,))

    async def _outlast(self, waiting: asyncio.Future[Answer], seconds: float, otherwise: str) -> Answer:
        """Wait for an answer; if it takes too long, the process is ended, and that is why."""
        await asyncio.wait((waiting,), timeout=seconds)
        if not waiting.done():
            self._end(otherwise)
            await asyncio.wait((self._life,))
        return waiting.result()

    def _end(self, why: str) -> None:
        self._why = self._why or why
        self._pipes.answers.close()

    async def _live(self) -> None:
        """Hand answers out until there are no more; then end what is left, and tell those who still wait."""
        word = ""
        try:
            while (written := await self._pipes.lines.readline()).endswith(b"\n"):
                self._hand_out(read(Answer, written))
        except (ValueError, TypeError, AttributeError):
            self._why = f"{NONSENSE}; {ENDED}"
        finally:
            self.over, alone = True, len(self._waiting) < 2
            try:
                word = await self._guard.end()
                await self._pipes.close()
            finally:
                self._tell(Lost(self._why or _ending(word), alone=alone))

    def _tell(self, lost: Lost) -> None:
        for waiting in (self._hello, *self._waiting.values()):
            if not waiting.done():
                waiting.set_exception(lost)
                waiting.exception()  # nobody may be there any more to hear it

    def _hand_out(self, answer: Answer) -> None:
        waiting = self._hello if answer.id == HELLO else self._waiting.pop(answer.id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)


async def started(who: str, may_load: Collection[str] | None, environment: Mapping[str, str]) -> Process:
    """Start a process for the steps of `who`. To be awaited to its end. Raises OSError."""
    allowed = json.dumps(None if may_load is None else [*may_load])
    argv = [sys.executable, "-P", "-u", "-m", "proctor.isolation", allowed]
    with ExitStack() as ours, ExitStack() as theirs:
        stdin, requests = _pipe(theirs, ours)
        answers, stdout = _pipe(ours, theirs)
        words, stderr = _pipe(ours, theirs)
        guard = await Guard.start(argv, Path("/"), environment, LIMITS, stdin, stdout, stderr)
        ours.pop_all()
    return Process(guard, await _Pipes.connect(who, requests, answers, words))


def _pipe(reader: ExitStack, writer: ExitStack) -> tuple[IO[bytes], IO[bytes]]:
    """Make a pipe, each end of which is closed with its stack."""
    read, write = os.pipe()
    return (
        reader.enter_context(os.fdopen(read, "rb", buffering=0)),
        writer.enter_context(os.fdopen(write, "wb", buffering=0)),
    )


@dataclass(frozen=True, slots=True)
class _Pipes:
    """Our ends of the pipes to a process."""

    requests: asyncio.WriteTransport
    answers: asyncio.BaseTransport
    lines: asyncio.StreamReader
    """What comes out of `answers`."""
    printed: asyncio.BaseTransport
    words: "_Words"
    """What comes out of `printed`."""

    @classmethod
    async def connect(cls, who: str, requests: IO[bytes], answers: IO[bytes], printed: IO[bytes]) -> "_Pipes":
        loop, lines, words = asyncio.get_running_loop(), asyncio.StreamReader(limit=LARGEST), _Words(who)
        writing, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, requests)
        reading, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), answers)
        hearing, _ = await loop.connect_read_pipe(lambda: words, printed)
        return cls(writing, reading, lines, hearing, words)

    async def close(self) -> None:
        """Let go of a process that has ended, once its last words were heard."""
        await asyncio.wait((self.words.ended,), timeout=DRAIN_S)
        if not self.requests.is_closing():
            self.requests.abort()
        self.answers.close()
        self.printed.close()


class _Words(asyncio.Protocol):
    """Passes on what plugins print in their process, by lines."""

    def __init__(self, who: str) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._who = who
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[:WORDS]
        for words in lines:
            _log.warning("%s: %s", self._who, words[:WORDS].decode(errors="replace"))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._rest:
            self.data_received(b"\n")
        self.ended.set_result(None)


def _ending(word: str) -> str:
    """Put the guard's word into words."""
    kind, _, rest = word.partition(" ")
    if kind != "ended":
        return f"could not be asked: {rest or 'the guard of its process was killed'}"
    code = int(rest)
    known = {each.value: each.name for each in signal.Signals}
    return f"ended its process {f'by {known.get(-code, -code)}' if code < 0 else f'with exit code {code}'}"
