"""The process that asks strangers' steps. It knows nothing but the plugins, and does nothing but answer."""

import asyncio
import os
from typing import BinaryIO

from proctor.assembly import assembled
from proctor.blame import LARGEST, TOO_LARGE, Blamed
from proctor.contracts.answers import raised
from proctor.documents import read
from proctor.errors import PluginBroken, PluginClash, PluginMissing
from proctor.isolation.wire import HELLO, Answer, Request, Unavailable, line
from proctor.registry import Registry
from proctor.watchdog import watching


class Host:
    """Reads requests and answers each as soon as its step has."""

    def __init__(self, registry: Registry, answers: BinaryIO) -> None:
        self._registry = registry
        self._answers = answers
        self._asking: set[asyncio.Task[None]] = set()

    async def serve(self, requests: asyncio.StreamReader) -> None:
        """Answer until there are no more requests."""
        self._write(line(Answer(HELLO)))
        with watching():
            while written := await requests.readline():
                task = asyncio.create_task(self._answer(read(Request, written)))
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)

    async def _answer(self, request: Request) -> None:
        try:
            answer = await self._ask(request)
        except Blamed as blamed:
            answer = Answer(request.id, blame=str(blamed))
        except (PluginMissing, PluginBroken, PluginClash) as error:
            facts = {name: str(fact) for name, fact in error.facts.items()}
            answer = Answer(request.id, unavailable=Unavailable(error.code, facts))
        self._write(_fit(answer))

    async def _ask(self, request: Request) -> Answer:
        step = assembled(self._registry, request.workflow, request.step, request.seconds)
        if request.result is None:
            return Answer(request.id, await step.get_command(request.scope, request.session))
        return Answer(request.id, outcome=await step.handle_result(request.scope, request.session, request.result))

    def _write(self, written: bytes) -> None:
        self._answers.write(written)
        self._answers.flush()


def _fit(answer: Answer) -> bytes:
    """Write an answer, or why it cannot be written."""
    try:
        written = line(answer)
    except (TypeError, ValueError, RecursionError) as error:
        return line(Answer(answer.id, blame=f"gave what cannot be written down: it {raised(error)}"))
    if len(written) <= LARGEST:
        return written
    return line(Answer(answer.id, blame=TOO_LARGE))


def own(descriptor: int, instead: int) -> int:
    """Take a descriptor away from everybody else in this process and its children, who get `instead`."""
    kept = os.dup(descriptor)
    os.dup2(instead, descriptor)
    return kept
