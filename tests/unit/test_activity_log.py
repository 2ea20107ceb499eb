"""What becomes of everything that running commands tell."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from factories import SCOPE, Clock

from proctor import Command
from proctor.activity_log import LINES, TEXT, ActivityLog
from proctor.contracts.activity import Activity
from proctor.domain.event import News
from proctor.domain.head import Birth, Head, Pending
from proctor.errors import DatabaseBusy
from proctor.sessions import Started


class Stream:
    """Keeps what is written, one entry per write."""

    def __init__(self) -> None:
        self.written: list[tuple[str, Sequence[News]]] = []
        self.reached = asyncio.Event()
        self.busy: set[str] = set()
        """Trees that cannot be written to, each once."""

    async def tell(self, root: str, news: Sequence[News]) -> None:
        if root in self.busy:
            self.busy.discard(root)
            raise DatabaseBusy(database="d", seconds=5)
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


async def test_what_cannot_be_written_now_is_written_later_in_its_order(log: ActivityLog, stream: Stream) -> None:
    stream.busy.add("root")
    log.tell(started(), line("one"))
    log.tell(started("elsewhere", "another"), line("at once"))
    await log.flush()
    assert [root for root, _ in stream.written] == ["another"]
    log.tell(started(), line("two"))
    await log.flush()
    root, news = stream.written[-1]
    assert (root, [each.data["text"] for each in news]) == ("root", ["one", "two"])


async def test_what_waits_for_a_busy_database_is_bounded_too_and_counted(log: ActivityLog, stream: Stream) -> None:
    stream.busy.add("root")
    for number in range(LINES + 1):
        log.tell(started(), line(str(number)))
    await log.flush()
    for number in range(LINES):
        log.tell(started(), line(f"later {number}"))
    await log.flush()
    ((_, news),) = stream.written
    assert [each.data["text"] for each in news] == [str(number) for number in range(LINES)]
    assert news[-1].data["dropped"] == LINES + 1


async def test_a_busy_database_does_not_end_the_writing(log: ActivityLog, stream: Stream) -> None:
    stream.busy.add("root")
    running = asyncio.ensure_future(log.run())
    log.tell(started(), line("one"))
    await asyncio.wait_for(stream.reached.wait(), 10)
    running.cancel()
    await asyncio.wait((running,))
    assert [each.data["text"] for _, news in stream.written for each in news] == ["one"]


@pytest.mark.parametrize("data", [{"p": Path("x")}, {(1, 2): 3}, ["a", "b"], None, 7])
async def test_data_that_cannot_be_stored_is_left_out(log: ActivityLog, stream: Stream, data: Any) -> None:
    log.tell(started(), Activity("output", "one", data))
    await log.flush()
    assert stream.written[0][1][0].data == {"text": "one", "sequence": 7}


async def test_a_kind_that_the_stream_does_not_know_is_an_activity(log: ActivityLog, stream: Stream) -> None:
    odd: Any = "session_changed"
    log.tell(started(), Activity(odd, "one"))
    await log.flush()
    assert stream.written[0][1][0].kind == "activity"
