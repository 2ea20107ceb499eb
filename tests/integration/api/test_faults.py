"""A fault of ours is told without its details, and logged with them."""

import logging

import httpx
import pytest


async def test_a_failing_resolver_is_told_by_its_requests_number_alone(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await client.post("/graphql", json={"query": "{ fails hello }"}, headers={"x-request-id": "r-17"})
    assert answer.status_code == 200
    assert answer.headers["x-request-id"] == "r-17"
    body = answer.json()
    assert body["data"] == {"fails": None, "hello": "hello world"}
    assert body["errors"][0]["extensions"] == {"code": "internal_error", "requestId": "r-17"}
    assert body["errors"][0]["path"] == ["fails"]
    assert "secret" not in answer.text
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.__dict__["request"] == "r-17"
    assert record.exc_info is not None
    assert "secret detail" in str(record.exc_info[1])
