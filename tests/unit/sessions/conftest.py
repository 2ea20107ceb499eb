"""Two made-up workflows: a line of two steps, and a family that spawns two such lines."""

from collections.abc import Callable

import pytest
from factories import PARKING, Clock, Echo, Pair, Plugins

from proctor import Workflow
from proctor.contracts.store import Store
from proctor.sessions import Sessions

LINE = Workflow("line", ("first", "second"))
FAMILY = Workflow("family", ("spawn", "close"), spawns=("line",))


@pytest.fixture
def plugins() -> Plugins:
    line = [Echo(name) for name in LINE.main]
    return Plugins([LINE, FAMILY], {"line": line, "family": [Pair("spawn", "spawn_sessions"), Echo("close")]}, PARKING)


@pytest.fixture
def sessions(store: Store, plugins: Plugins, clock: Clock, new_id: Callable[[], str]) -> Sessions:
    return Sessions(store, plugins, clock=clock, new_id=new_id)
