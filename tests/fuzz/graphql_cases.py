"""Attack a real server with generated requests, and tell what it did wrong.

    python tests/fuzz/graphql_cases.py [--cases 5000] [--seed N] [--quick]

Documents come from the schema, by schemathesis; about half of the names in them are those of real sessions, files and
cursors. A tenth as many raw requests and WebSockets follow. Wrong is: a status of 500 or more; an answer that is no
GraphQL response; an error without a code, or with one of a fault of ours; an error in the server's log, or its death; a
query, a subscription or a refused mutation that changes what is stored. `--quick` does without a completed session.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import httpx
from documents import Document, documents
from graphql import OperationType
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from transports import Frame, Raw, frames, requests, send, talk
from verdict import is_refusal, wrong_with
from world import Known, World, attacked

SDL = Path(__file__).parents[2] / "schema.graphql"
ENOUGH = 10
"""Failures after which the attack ends."""
REFRESH = 200
"""Cases after which the names of what is there are asked for again."""
STREAM = {"accept": "text/event-stream"}
SILENCE_S = 0.15
"""A stream that has been silent for so long is left."""


class Attack:
    """One run, and what it found."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.failures: list[str] = []
        self.codes: Counter[str] = Counter()
        self.cases: Counter[str] = Counter()
        self.slowest = 0.0
        self._known = world.known()
        self._client = world.running.client

    @property
    def is_over(self) -> bool:
        """Enough was found, or there is nobody left to answer."""
        return len(self.failures) >= ENOUGH or self.world.running.process.poll() is not None

    def known(self) -> Known:
        return self._known

    def execute(self, document: Document) -> None:
        """Send a document, and judge what comes of it."""
        self.cases[document.kind.value] += 1
        if self.cases.total() % REFRESH == 0:
            self._known = self.world.known()
        before, begun = self.world.state(), time.perf_counter()
        send = self._streamed if document.kind is OperationType.SUBSCRIPTION else self._answered
        try:
            found, refused = send(document)
        except (httpx.HTTPError, ValueError) as error:
            found, refused = [f"no answer: {error!r}"], True
        self.slowest = max(self.slowest, time.perf_counter() - begun)
        if refused and self.world.state() != before:
            found.append("a refused call has changed what is stored")
        self._note(document.text, found)

    def _answered(self, document: Document) -> tuple[list[str], bool]:
        answer = self._client.post(self.world.running.url, json={"query": document.text})
        found = [*wrong_with(answer.status_code, answer.text, self.codes)]
        return found, document.kind is OperationType.QUERY or is_refusal(answer.json())

    def _streamed(self, document: Document) -> tuple[list[str], bool]:
        url = f"{self.world.running.url}/stream"
        found: list[str] = []
        request = self._client.build_request("POST", url, json={"query": document.text}, headers=STREAM)
        answer = self._client.send(request, stream=True)
        request.extensions["timeout"]["read"] = SILENCE_S  # from here on, no answer is an answer too
        try:
            for line in lines(answer):
                if line.startswith(b"data: {"):
                    found += wrong_with(answer.status_code, line.removeprefix(b"data: ").decode(), self.codes)
        except httpx.ReadTimeout:
            self.codes["still open"] += 1
        finally:
            answer.close()
        return found, True

    def request(self, raw: Raw) -> None:
        """Send a raw request."""
        self.cases["raw request"] += 1
        before = self.world.state()
        found = [*send(self.world.running, raw, self.codes)]
        if self.world.state() != before:
            found.append("it has changed what is stored")
        self._note(repr(raw), found)

    def socket(self, sent: list[Frame]) -> None:
        """Send frames over a WebSocket."""
        self.cases["raw socket"] += 1
        before = self.world.state()
        found = [*talk(self.world.running, sent, self.codes)]
        if self.world.state() != before:
            found.append("it has changed what is stored")
        self._note(repr(sent), found)

    def _note(self, sent: str, found: list[str]) -> None:
        found += self.world.faults()
        if self.cases.total() % 500 == 0:
            print(f"{self.cases.total()} cases …", file=sys.stderr, flush=True)
        if found:
            self.failures.append("\n  ".join([sent, *found]))


def lines(answer: httpx.Response) -> Iterator[bytes]:
    """Give a stream's lines; httpx takes U+0085 and the like for the end of one."""
    rest = b""
    for chunk in answer.iter_bytes():
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole


def many(attack: Attack, act: Callable[..., None], strategy: st.SearchStrategy[object], count: int, seed: int) -> None:
    """Act with generated values."""
    rest = settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

    def unless_over(value: object) -> None:
        if not attack.is_over:
            act(value)

    seeded(seed)(rest(given(strategy)(unless_over)))()


def report(attack: Attack) -> int:
    """Print what was found, and give the exit code."""
    for failure in attack.failures:
        print(failure, end="\n\n")
    told = ", ".join(f"{count} {kind}" for kind, count in attack.cases.items())
    print(f"{attack.cases.total()} cases ({told}); the slowest answer took {attack.slowest:.2f} s")
    print("answers: " + ", ".join(f"{code} {count}" for code, count in attack.codes.most_common()))
    print(f"{len(attack.failures)} failures")
    return 1 if attack.failures else 0


def main() -> int:
    """Attack."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    seed = random.randrange(2**32) if asked.seed is None else asked.seed  # no secret
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder, attacked(Path(folder)) as world:
        world.populate(completed=not asked.quick)
        attack = Attack(world)
        for share, strategy in documents(SDL.read_text(), attack.known).items():
            many(attack, attack.execute, strategy, int(asked.cases * share), seed)
        many(attack, attack.request, requests(), max(asked.cases // 10, 10), seed)
        many(attack, attack.socket, frames(), max(asked.cases // 10, 10), seed)
        return report(attack)


if __name__ == "__main__":
    sys.exit(main())
