"""Whatever is sent: a typed answer or the right 4xx, never a 5xx or a traceback, and nothing is changed."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import orjson
import pytest
import pytest_asyncio
from api_server import BEARER, Log, Served, calling, opened, served

from proctor.api.endpoint import LARGE

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOUT = 'mutation { shout(word: "a") }'
DEEP = b"[" * 100_000 + b"]" * 100_000
CYCLE = "{ items { ...a } } fragment a on Item { items { ...b } } fragment b on Item { items { ...a } }"
FLOODS = {
    "aliases": "{" + " ".join(f"a{number}: hello" for number in range(1000)) + "}",
    "few tokens, many aliases": "{" + " ".join(f"a{number}: hello" for number in range(100)) + "}",
    "directives": "{ hello " + "@skip(if: false) " * 200 + "}",
    "unknown directives": "{ hello " + "@a " * 40 + "}",
    "depth": "{ items " + "{ items " * 30 + "{ number }" + "}" * 30 + "}",
    "nesting": "{ items " + "{ items " * 900 + "{ number }" + "}" * 900 + "}",
    "a fragment cycle": CYCLE,
    "fragments that double": "{ items { ...f0 } } "
    + " ".join(f"fragment f{n} on Item {{ items {{ ...f{n + 1} ...f{n + 1} }} }}" for n in range(40))
    + " fragment f40 on Item { number }",
    "a chain of fragments": "{ items { ...f0 } } "
    + " ".join(f"fragment f{n} on Item {{ items {{ ...f{n + 1} }} }}" for n in range(170))
    + " fragment f170 on Item { number }",
    "a chain of fragments without depth": "{ items { ...f0 } } "
    + " ".join(f"fragment f{n} on Item {{ ...f{n + 1} }}" for n in range(220))
    + " fragment f220 on Item { number }",
    "cost": "{ items(first: 100) { items(first: 100) { items(first: 100) { number } } } }",
    "page": "{ items(first: 101) { number } }",
    "overlapping fields": "{" + " hello" * 1900 + "}",
    "comments": "#\n" * 200_000 + "{ hello }",
    "a lone brace": "{",
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """One for all: nothing of this changes it."""
    async with opened(tmp_path_factory.mktemp("server")) as app, served(app, Log()) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def client(server: Served) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(server) as client:
        yield client


@pytest.fixture(autouse=True)
def nothing_is_changed_or_logged(server: Served, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert server.log.shouts == []
    told = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [each for each in told if each.name != "proctor.watchdog"] == []  # it tells of a busy machine as well


def errors(answer: httpx.Response) -> list[str]:
    body = answer.json()
    assert "Traceback" not in answer.text
    assert body.get("data") is None
    assert all(error["extensions"]["code"] for error in body["errors"])
    return [error["message"] for error in body["errors"]]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"5",
        b'"{ hello }"',
        b"{}",
        b'{"query": null}',
        b'{"query": 5}',
        b'{"query": {"a": 1}}',
        b'{"query": ""}',
        b'{"query": "{ hello }", "variables": []}',
        b'{"query": "{ hello }", "variables": "x"}',
        b'{"query": "{ hello }", "operationName": 5}',
        b'{"query": "{ hello }", "extensions": []}',
        b'[{"query": "{ hello }"}]',
        b'{"query": "\xff\xfe"}',
        b'{"query": "\\ud800"}',
        b"NaN",
        DEEP,
        b'{"query": "{ hello }", "variables": {"a": ' + DEEP + b"}}",
        b'{"query": "mutation { shout(word: \\"a\\") }", "variables": {"a": ' + b"[" * 900 + b"]" * 900 + b"}}",
    ],
    ids=lambda body: body[:40].decode(errors="replace"),
)
@pytest.mark.parametrize("media", ["application/json", "application/graphql-response+json"])
async def test_a_body_of_another_shape_is_400(client: httpx.AsyncClient, body: bytes, media: str) -> None:
    answer = await client.post("/graphql", content=body, headers={"content-type": "application/json", "accept": media})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"
    assert errors(answer)


@pytest.mark.parametrize("name", FLOODS)
async def test_a_flood_is_refused(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.post(
        "/graphql", json={"query": FLOODS[name]}, headers={"accept": "application/graphql-response+json"}
    )
    assert answer.status_code == 400
    assert 1 <= len(errors(answer)) <= 9


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"query": "{ hello"}, "syntax_error"),
        ({"query": "{ nope }"}, "validation_error"),
        ({"query": "{ ...nope }"}, "validation_error"),
        ({"query": "fragment f on Query { hello }"}, "validation_error"),
        ({"query": "{ hello }", "operationName": "nope"}, "unknown_operation"),
        ({"query": "query A { hello } query B { hello }"}, "unknown_operation"),
        ({"query": "query ($n: Int!) { items(first: $n) { number } }"}, "invalid_variables"),
        ({"query": "query ($n: Int) { items(first: $n) { number } }", "variables": {"n": "x"}}, "invalid_variables"),
        ({"query": FLOODS["depth"]}, "limit_exceeded"),
        ({"query": FLOODS["nesting"]}, "limit_exceeded"),
        ({"query": 5}, "malformed"),
        ({"query": "subscription { ticks { number } }"}, "refused"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value)[:60],
)
async def test_an_error_has_a_code_that_says_what_kind_it_is(
    client: httpx.AsyncClient, request_: dict[str, object], code: str
) -> None:
    answer = await client.post("/graphql", json=request_)
    assert errors(answer)
    assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {code}


async def test_variables_count_for_pages_too(client: httpx.AsyncClient) -> None:
    query = "query ($n: Int) { items(first: $n) { number } }"
    answer = await client.post("/graphql", json={"query": query, "variables": {"n": 1000}})
    assert answer.json()["errors"][0]["extensions"] == {"code": "limit_exceeded", "limit": "page", "allowed": 100}


@pytest.mark.parametrize("number", [2**31, 2**63, 2**70, 1e400, "x", True, [1], {"a": 1}])
async def test_variables_of_other_types_are_refused(client: httpx.AsyncClient, number: object) -> None:
    body = json.dumps({"query": "query ($n: Int) { items(first: $n) { number } }", "variables": {"n": number}})
    answer = await client.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (200, 400)
    assert errors(answer)


@pytest.mark.parametrize("sized", [True, False], ids=["with a length", "in chunks"])
async def test_a_body_of_50_megabytes_is_413(client: httpx.AsyncClient, sized: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b" " * 1024 * 1024

    content = b" " * 50 * 1024 * 1024 if sized else chunks()
    try:
        answer = await client.post("/graphql", content=content, headers={"content-type": "application/json"})
    except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
        pytest.skip("the server has answered and hung up before the client had sent all")
    assert answer.status_code == 413
    assert errors(answer)


async def test_a_body_full_of_values_is_400_and_others_are_served_meanwhile(client: httpx.AsyncClient) -> None:
    body = b'{"query": "{ hello }", "variables": {"a": [1' + b",1" * 8_000_000 + b"]}}"
    flood = asyncio.create_task(client.post("/graphql", content=body, headers={"content-type": "application/json"}))
    longest = 0.0
    while not flood.done():
        began = time.process_time()  # that others keep the machine busy is no fault of the server
        await asyncio.sleep(0.005)
        longest = max(longest, time.process_time() - began)
    answer = await flood
    assert (answer.status_code, "200000 values" in errors(answer)[0]) == (400, True)
    assert longest < 2


async def test_a_large_body_is_read_like_a_small_one(client: httpx.AsyncClient) -> None:
    name = "x" * 2 * LARGE
    query = "query ($name: String!) { hello(name: $name) }"
    answer = await client.post("/graphql", json={"query": query, "variables": {"name": name}})
    assert answer.json() == {"data": {"hello": f"hello {name}"}}
    answer = await client.post("/graphql", content=b"[" * 2 * LARGE, headers={"content-type": "application/json"})
    assert (answer.status_code, len(errors(answer))) == (400, 1)


async def test_a_get_changes_nothing(client: httpx.AsyncClient) -> None:
    answer = await client.get("/graphql", params={"query": SHOUT})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_405(client: httpx.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/graphql", json={"query": SHOUT})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "application/graphql",
        "",
        "application/json; charset=utf-16",
    ],
)
async def test_what_a_web_page_may_send_without_asking_is_415(client: httpx.AsyncClient, content_type: str) -> None:
    body = orjson.dumps({"query": SHOUT})
    answer = await client.post("/graphql", content=body, headers={"content-type": content_type})
    assert answer.status_code == 415


@pytest.mark.parametrize("accept", ["text/event-stream", "text/html", "image/png", "application/json;q=0"])
async def test_an_answer_that_is_not_accepted_is_406(client: httpx.AsyncClient, accept: str) -> None:
    answer = await client.post("/graphql", json={"query": SHOUT}, headers={"accept": accept})
    assert answer.status_code == 406


async def test_a_subscription_by_post_is_told_where_to_go(client: httpx.AsyncClient) -> None:
    answer = await client.post("/graphql", json={"query": "subscription { ticks { number } }"})
    assert answer.status_code == 400
    assert "/graphql/stream" in errors(answer)[0]


@pytest.mark.parametrize(
    "query", ["query=" + "%7b" * 20_000, "query=%7Bhello%7D&variables=%5B", "query=%FF", "query"], ids=lambda q: q[:30]
)
async def test_a_url_that_cannot_be_read_is_4xx(client: httpx.AsyncClient, server: Served, query: str) -> None:
    answer = await client.get(f"{server.http}?{query}", headers={"accept": "application/graphql-response+json"})
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1, evil.example",
        "x@127.0.0.1",
        "127.0.0.1/evil.example",
        "[::2]",
        "[",
        "",
    ],
)
@pytest.mark.parametrize("path", ["", "/stream"])
async def test_a_foreign_host_is_421(client: httpx.AsyncClient, host: str, path: str) -> None:
    answer = await client.post("/graphql" + path, json={"query": SHOUT}, headers={"host": host})
    assert answer.status_code == 421
    assert errors(answer)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1", "file://", ""])
@pytest.mark.parametrize("path", ["", "/stream"])
async def test_a_foreign_origin_is_403(client: httpx.AsyncClient, origin: str, path: str) -> None:
    answer = await client.post("/graphql" + path, json={"query": SHOUT}, headers={"origin": origin})
    assert answer.status_code == 403
    assert errors(answer)
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer wrong", "Basic YTpi", "bearer\tx", "Bearer " + "x" * 10_000, "Bearer \u00e9"],
    ids=lambda value: value[:12],
)
@pytest.mark.parametrize("path", ["", "/stream"])
async def test_a_token_that_is_none_is_401(server: Served, authorization: str, path: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        headers = {b"authorization": authorization.encode()}
        answer = await client.post(server.http + path, json={"query": SHOUT}, headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert errors(answer)


async def test_an_operation_that_hangs_is_ended(client: httpx.AsyncClient, server: Served) -> None:
    limits = server.service.execution.limits
    server.service.execution.limits = limits.model_copy(update={"seconds": 0.05})
    answer = await client.post("/graphql", json={"query": "{ hangs }"})
    server.service.execution.limits = limits
    assert answer.json()["errors"][0]["extensions"] == {"code": "timeout"}


async def test_a_page_of_its_own_and_a_trusted_one_may_ask(client: httpx.AsyncClient, server: Served) -> None:
    own = server.http.removesuffix("/graphql")
    answer = await client.post("/graphql", json={"query": "{ hello }"}, headers={"origin": own} | BEARER)
    assert answer.json() == {"data": {"hello": "hello world"}}
