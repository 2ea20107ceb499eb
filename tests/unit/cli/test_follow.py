import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field

import pytest

from proctor.app import Begun
from proctor.cli.runs.follow import follow
from proctor.cli.tree.view import TreeView
from proctor.domain.event import Event


@dataclass
class Screen:
    out: None = None
    database: str = " --database x"
    view: TreeView = field(default_factory=TreeView)
    told: list = field(default_factory=list)
    said: list = field(default_factory=list)

    def open(self):
        return _Nothing()

    def tell(self, event, session):
        self.told.append((event.kind, session and session.status))

    def say(self, message):
        self.said.append(message)


class _Nothing:
    async def __aenter__(self): ...

    async def __aexit__(self, *_):
        return None


@dataclass
class App:
    """A tree that goes on until it is cancelled, or until `ends`."""

    ends: bool = True
    fault: Exception | None = None
    nobody: bool = False
    calls: list = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def stranded(self, _root):
        return self.nobody

    async def drive(self, root, *, jobs=None):
        self.calls.append(("drive", root, jobs))
        if self.fault:
            raise self.fault
        if self.ends:
            self.ended.set()
        await self.ended.wait()

    async def watch(self, root, after=0):
        if after == 2:
            yield Event(root, 3, root, "output", 3.0)
            return
        yield Event(root, 1, root, "session_created", 1.0, {"parent": None})
        if not self.ends:
            os.kill(os.getpid(), signal.SIGINT)
        await self.ended.wait()
        status = "complete" if self.ends else "cancelled"
        yield Event(root, 2, root, "session_changed", 2.0, {"status": status})

    async def cancel(self, root):
        self.calls.append(("cancel", root))
        self.ended.set()


def followed(app, *, attached=False):
    screen = Screen()
    asyncio.run(asyncio.wait_for(follow(app, Begun("root", False, attached), screen, jobs=2), 10))
    return screen


def test_a_tree_is_driven_and_shown_until_it_has_ended():
    app = App()
    screen = followed(app)
    assert app.calls == [("drive", "root", 2)]
    assert screen.told == [("session_created", "active"), ("session_changed", "complete")]


def test_an_interrupt_cancels_the_tree_and_waits_for_its_end():
    app = App(ends=False)
    screen = followed(app)
    assert ("cancel", "root") in app.calls
    assert screen.said[0].startswith("cancelling…")
    assert screen.told[1:] == [("session_changed", "cancelled"), ("output", "cancelled")]


def test_what_goes_wrong_in_driving_is_raised():
    with pytest.raises(OSError, match="disk"):
        followed(App(ends=False, fault=OSError("disk")))


def test_an_interrupt_of_one_who_only_watches_cancels_nothing():
    app = App(ends=False)
    screen = followed(app, attached=True)
    assert (app.calls, screen.said) == ([], [])


def test_one_who_watches_hears_that_nobody_runs_it_any_more(monkeypatch):
    monkeypatch.setattr("proctor.cli.runs.follow.LAST_NEWS_S", 0.01)
    app = App(ends=True, nobody=True)
    screen = followed(app, attached=True)
    assert app.calls == []
    way = "`proctor sessions continue root --database x`"
    assert screen.said == [f"nobody runs this session any more; {way} goes on with it"]


@dataclass
class SlowToEnd(App):
    """A tree whose component ends when the root has been over for a while."""

    async def watch(self, root, after=0):
        if after == 0:
            yield Event(root, 1, root, "session_created", 1.0, {"parent": None})
            yield Event(root, 2, "oven", "session_created", 1.0, {"parent": root, "key": "oven"})
            yield Event(root, 3, root, "session_changed", 2.0, {"status": "cancelled"})
        elif len(self.calls) == 2:
            yield Event(root, 4, "oven", "session_changed", 3.0, {"status": "cancelled"})
        self.calls.append(("watch", root, after))


@pytest.mark.parametrize("attached", [True, False])
def test_what_ends_after_its_root_is_waited_for(monkeypatch, attached):
    monkeypatch.setattr("proctor.cli.runs.follow.NEWS_PAUSE_S", 0)
    assert followed(SlowToEnd(), attached=attached).view.counts() == {"cancelled": 1}


def test_what_never_ends_is_not_waited_for_without_end(monkeypatch):
    monkeypatch.setattr("proctor.cli.runs.follow.LAST_NEWS_S", 0.01)
    app = SlowToEnd(calls=[("drive", "root", 2)] * 5)
    assert followed(app, attached=True).view.counts() == {"waiting": 1}


STUBBORN = """
import asyncio, os, signal
from types import SimpleNamespace
from proctor.app import Begun
from proctor.cli.runs.follow import follow

async def forever(*_, **__):
    await asyncio.Event().wait()

async def watch(root, after=0):
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGINT)
    await forever()
    yield

class Screen:
    out, database = None, " --database x"
    view = SimpleNamespace(seen=0)
    def open(self):
        from contextlib import nullcontext
        return nullcontext()
    def say(self, message):
        print(message, flush=True)

app = SimpleNamespace(watch=watch, drive=forever, cancel=forever)
asyncio.run(follow(app, Begun("root", False), Screen()))
"""


def test_the_second_interrupt_ends_the_process_at_once_whatever_hangs():
    done = subprocess.run([sys.executable, "-c", STUBBORN], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 130, done.stderr
    assert done.stdout.startswith("cancelling…")
    way = "`proctor sessions show root --database x`"
    assert done.stderr == f"Ended at once. {way} says how far it came, and how to go on.\n"


def test_interrupts_are_as_before_afterwards():
    before = signal.getsignal(signal.SIGINT)
    followed(App())
    assert signal.getsignal(signal.SIGINT) == before
