"""Fixtures that several rooms' tests share."""

import os
from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path

import pytest
from factories import Clock
from hypothesis import HealthCheck, settings

from proctor.contracts.store import Store
from proctor.store import open_store

settings.register_profile("proctor", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("proctor")
"""Properties are judged by what they find, not by how busy the machine is."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def new_id() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"{next(numbers):032x}"


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'proctor.db'}"


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    store = await open_store(database)
    yield store
    await store.close()


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Take away what the environment of whoever runs the tests has set for Proctor."""
    for name in [name for name in os.environ if name.startswith("PROCTOR_")]:
        monkeypatch.delenv(name)
    return monkeypatch
