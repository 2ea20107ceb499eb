"""A result that cannot be meant is refused, and costs the caller nothing."""

from typing import Any

import pytest
from api_world import Api

from proctor.api.ids import session_gid

SUBMIT = """mutation ($input: SubmitResultInput!) {
  submitResult(input: $input) { __typename ... on Error { message code } }
}"""


async def submit(api: Api, session_id: str, result: dict[str, Any]) -> dict[str, Any]:
    given = {"idempotencyKey": "key", "sessionId": session_gid(session_id), "fence": 1}
    answer: dict[str, Any] = await api.ask(SUBMIT, input={**given, "result": {"status": "ok", **result}})
    return answer


def files(path: str) -> dict[str, Any]:
    return {"files": [{"path": path, "content": {"text": ""}}]}


@pytest.mark.parametrize(
    "result",
    [
        {"durationSeconds": -1},
        {"durationSeconds": 1e308},
        {"durationSeconds": float("inf")},
        {"durationSeconds": float("nan")},
        {"usage": {"inputTokens": -5}},
        {"usage": {"outputTokens": -5}},
        {"usage": {"costUsd": -1e300}},
        *map(files, ["/etc/x", "../x", "a/../../x", "..", "", "a\0b", "\ud800/../x"]),
    ],
    ids=ascii,
)
async def test_a_result_that_cannot_be_meant_is_refused_and_may_be_corrected(api: Api, result: dict[str, Any]) -> None:
    session_id = await api.create()
    await api.start(session_id)
    try:
        refused = (await submit(api, session_id, result))["code"]
    except AssertionError:  # a number that is none in JSON is refused by GraphQL
        assert "inf" in str(result) or "nan" in str(result)
        refused = "invalid_input"
    assert refused == "invalid_input"
    assert (await submit(api, session_id, {}))["__typename"] == "SubmitResultSuccess"


async def test_the_largest_result_is_taken(api: Api) -> None:
    session_id = await api.create()
    await api.start(session_id)
    usage = {"inputTokens": 2**31 - 1, "outputTokens": 0, "costUsd": 0.5}
    answer = await submit(api, session_id, {"usage": usage, "durationSeconds": 1e18, **files("a/..b/.x")})
    assert answer["__typename"] == "SubmitResultSuccess"
