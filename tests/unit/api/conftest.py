from collections.abc import Callable

import pytest
import strawberry
from api_world import Api, made_up
from factories import Clock

from proctor.api.schema import build_schema
from proctor.contracts.store import Store


@pytest.fixture(scope="session")
def schema() -> strawberry.Schema:
    return build_schema()


@pytest.fixture
def api(schema: strawberry.Schema, store: Store, clock: Clock, new_id: Callable[[], str]) -> Api:
    return made_up(schema, store, clock, new_id)
