"""Servers as processes of their own: Proctor's as `proctor serve` runs it, and the peers of `graphql_peers.py`."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import made_up
import psutil
from measuring import Meter

from proctor.app import App
from proctor.config import Settings
from proctor.contracts.store import Change
from proctor.domain.event import News
from proctor.domain.interaction import Result
from proctor.domain.scope import Scope
from proctor.sessions import Draft
from proctor.store import open_store

HERE = Path(__file__).parent
LINK = re.compile(r"Serving http://(?P<host>[\d.]+):(?P<port>\d+)/graphql(#token=(?P<token>\S+))?\n")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers."""

    port: int
    token: str
    process: psutil.Process

    def cpu(self) -> float:
        """Give the CPU seconds that it has taken so far."""
        times = self.process.cpu_times()
        return times.user + times.system

    def memory(self) -> float:
        """Give the KiB that it has in memory."""
        return float(self.process.memory_info().rss / 1024)

    def since(self, cpu: float) -> Meter:
        """Give what it has taken since."""
        return Meter(self.cpu() - cpu)


@contextmanager
def proctor(folder: Path) -> Iterator[Server]:
    """Serve what lies in a folder, until the block ends."""
    own = {
        "PYTHONPATH": os.pathsep.join([str(folder), str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "PROCTOR_CONFIG": str(folder / "config.toml"),
        "PROCTOR_DATABASE": str(folder / "proctor.db"),
        "PROCTOR_CACHE": str(folder / "cache"),
        "PROCTOR_API__TOKEN_FILE": str(folder / "token"),
    }
    foreign = {name: value for name, value in os.environ.items() if not name.startswith("PROCTOR_")}
    with _started([sys.executable, "-m", "proctor", "serve", "--port", "0"], foreign | own) as server:
        yield server


@contextmanager
def peer(kind: str, answers: Path) -> Iterator[Server]:
    """Serve the same answers by other means."""
    with _started([sys.executable, str(HERE / "graphql_peers.py"), kind, str(answers)], os.environ) as server:
        yield server


@contextmanager
def _started(argv: Sequence[str], environment: Mapping[str, str]) -> Iterator[Server]:
    quiet = subprocess.DEVNULL
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=quiet, text=True) as process:
        try:
            assert process.stdout is not None
            link = LINK.fullmatch(process.stdout.readline())
            assert link, "the server did not start"
            yield Server(int(link["port"]), link["token"] or "", psutil.Process(process.pid))
        finally:
            process.terminate()


async def lay_out(folder: Path, interactions: int) -> str:
    """Make a database with a session that its clients drive, and so many interactions in its log; give its id."""
    made_up.install(folder)
    store = await open_store(str(folder / "proctor.db"))
    app = App(Settings(cache=folder / "cache"), store, Scope())
    head = await app.sessions.create(app.scope, Draft("child", {"number": 1}, execution_mode="manual"))
    if interactions:
        started = await app.sessions.start(app.scope, head.id)
        await app.sessions.submit(app.scope, head.id, started.fence, Result("ok"), key="first")
        (first,) = await store.interactions(app.scope, head.id)
        head = await app.sessions.head(app.scope, head.id)
        for number in range(2, interactions + 1):
            head = replace(head, sequence=number, version=head.version + 1)
            news = (News(head.id, "interaction_completed", first.command.at, {"sequence": number, "status": "ok"}),)
            await store.commit(Change(head, closed=replace(first, sequence=number), news=news))
    await store.close()
    return head.id
