"""The server's setting bounds lists for which no length is asked."""

from dataclasses import replace

import pytest
from api_world import Api

from proctor.api.pages import bound_pages
from proctor.api.schema import build_schema

SESSIONS = "query ($first: Int) { sessions(first: $first) { nodes { id } pageInfo { hasNextPage } } }"


@pytest.mark.parametrize("document", ["{ sessions { nodes { id } pageInfo { hasNextPage } } }", SESSIONS])
async def test_a_list_is_as_long_as_is_allowed(api: Api, document: str) -> None:
    schema = build_schema()
    bound_pages(schema, 2)
    for _ in range(3):
        await api.create()
    page = await replace(api, schema=schema).ask(document)
    assert (len(page["nodes"]), page["pageInfo"]["hasNextPage"]) == (2, True)


async def test_a_server_may_allow_long_lists(api: Api) -> None:
    await api.create()
    assert len((await api.ask(SESSIONS, first=500))["nodes"]) == 1
