"""A caller, and what executes for it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from api_server import LOGS, SCHEMA, Log, opened

from proctor.api.caller import Caller
from proctor.api.execution import Execution
from proctor.api.limits import Limits
from proctor.domain.scope import Scope


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
async def caller(tmp_path: Path, log: Log) -> AsyncIterator[Caller]:
    async with opened(tmp_path) as app:
        LOGS[app] = log
        yield Caller(app, Scope(), "admin", "request")


@pytest.fixture
def execution() -> Execution:
    return Execution(SCHEMA, Limits())
