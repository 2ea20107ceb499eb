"""What becomes of everything that running commands tell."""

import asyncio
from collections.abc import Sequence

import pytest
from factories import SCOPE, Clock

from proctor import Command
from proctor.activity_log import LINES, TEXT, ActivityLog
from proctor.contracts.activity import Activity
from proctor.domain.event import News
from proctor.domain.head import Birth, Head, Pending
from proctor.sessions import Started


class Stream:
    """Keeps what is written, one entry per write."""

    def __init__(self) -> None:
        self.written: list[tuple[str, Sequence[News]]] = []
        self.reached = asyncio.Event()

    async def tell(self, root: str, news: Sequence[News]) -> None:
        self.written.append((root, news))
        self.reached.set()


@pytest.fixture
def stream() -> Stream:
    return Stream()


@pytest.fixture
def log(stream: Stream, clock: Clock) -> ActivityLog:
    return ActivityLog(stream, clock)  # type: ignore[arg-type] # of a store, it needs only this


def started(session: str = "session", root: str = "root") -> Started:
    birth = Birth(id=session, root=root, workflow="line", scope=SCOPE, created_at=0.0, subject={})
    return Started(Head(birth, pending=Pending(7, Command("none"), 0.0)))


def line(text: str) -> Activity:
    return Activity("output", text, {"stream": "stdout"})


async def test_what_happens_is_written_with_time_interaction_and_text(
    log: ActivityLog, stream: Stream, clock: Clock
) -> None:
    log.tell(started(), line("one"))
    assert stream.written == []
    await log.flush()
    data = {"stream": "stdout", "text": "one", "sequence": 7}
    assert stream.written == [("root", [News("session", "output", clock.now, data)])]


async def test_one_write_holds_what_came_since_the_last_one(log: ActivityLog, stream: Stream) -> None:
    for text in ("one", "two"):
        log.tell(started(), line(text))
    await log.flush()
    log.tell(started(), line("three"))
    await log.flush()
    await log.flush()
    assert [[each.data["text"] for each in news] for _, news in stream.written] == [["one", "two"], ["three"]]


async def test_what_is_too_much_is_dropped_and_counted(log: ActivityLog, stream: Stream) -> None:
    for number in range(LINES + 3):
        log.tell(started("loud"), line(str(number)))
    log.tell(started("quiet"), line("hush"))
    await log.flush()
    ((_, news),) = stream.written
    loud = [each for each in news if each.session_id == "loud"]
    assert [each.data["text"] for each in loud] == [str(number) for number in range(LINES)]
    assert [each.data.get("dropped") for each in news if "dropped" in each.data] == [3]
    assert loud[-1].data["dropped"] == 3
    assert [each.data["text"] for each in news if each.session_id == "quiet"] == ["hush"]


async def test_after_a_write_there_is_room_again(log: ActivityLog, stream: Stream) -> None:
    for _ in range(2):
        for number in range(LINES):
            log.tell(started(), line(str(number)))
        await log.flush()
    assert [len(news) for _, news in stream.written] == [LINES, LINES]
    assert not any("dropped" in each.data for _, news in stream.written for each in news)


async def test_a_long_text_is_cut(log: ActivityLog, stream: Stream) -> None:
    log.tell(started(), line("x" * TEXT * 2))
    await log.flush()
    assert stream.written[0][1][0].data["text"] == "x" * TEXT


async def test_each_tree_has_its_own_stream(log: ActivityLog, stream: Stream) -> None:
    for session, root in (("a", "one"), ("b", "two"), ("c", "one")):
        log.tell(started(session, root), line(session))
    await log.flush()
    assert {root: [each.session_id for each in news] for root, news in stream.written} == {
        "one": ["a", "c"],
        "two": ["b"],
    }


async def test_it_writes_by_itself_while_it_runs(log: ActivityLog, stream: Stream) -> None:
    running = asyncio.ensure_future(log.run())
    log.tell(started(), line("one"))
    await asyncio.wait_for(stream.reached.wait(), 10)
    running.cancel()
    await asyncio.wait((running,))
    assert running.cancelled()
