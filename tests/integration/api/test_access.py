"""Who may do what on a shared server, and what is written down of it."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from api_server import Log, Served, calling, served

from proctor.api.auth import TokenDoor, digest
from proctor.api.ids import session_gid
from proctor.api.settings import ApiSettings
from proctor.app import App
from proctor.contracts.access import Token
from proctor.domain.scope import Scope

ANN, BOB = Scope("acme", "one", "ann"), Scope("umbrella", "one", "bob")


@pytest.fixture
async def shared(app: App, log: Log) -> AsyncIterator[Served]:
    for secret, role, scope in (("a" * 40, "admin", ANN), ("b" * 40, "viewer", BOB)):
        await app.store.add_token(Token(digest(secret), scope.user, role, scope, 1.0))
    async with served(app, log, doors=[TokenDoor(app.store)]) as running:
        yield running


async def ask(server: Served, secret: str, query: str, **variables: object) -> httpx.Response:
    headers = {"authorization": f"Bearer {secret}", "x-request-id": "r-1"}
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(server.http, json={"query": query, "variables": variables}, headers=headers)


async def test_a_token_brings_its_role_and_scope(shared: Served) -> None:
    told = [(await ask(shared, letter * 40, "{ whoami }")).json()["data"]["whoami"] for letter in "ab"]
    assert told == ["admin acme/one/ann", "viewer umbrella/one/bob"]


async def test_a_revoked_token_is_worth_nothing_at_once(shared: Served, app: App) -> None:
    assert (await ask(shared, "a" * 40, "{ hello }")).status_code == 200
    await app.store.revoke_token("ann", 2.0)
    assert (await ask(shared, "a" * 40, "{ hello }")).status_code == 401


async def test_a_shared_server_has_no_page_for_browsers(shared: Served) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        page = await client.get(shared.http, headers={"accept": "text/html"})
    assert page.status_code in (401, 406)


async def test_each_mutation_is_written_down(shared: Served, app: App) -> None:
    mutation = 'mutation Both($s: String) { one: shout(word: "a", sessionId: $s) ...two } '
    mutation += 'fragment two on Mutation { shout(word: "b") }'
    await ask(shared, "a" * 40, mutation, s=session_gid("S-7"))
    await ask(shared, "a" * 40, "{ hello }")
    second, first = await app.store.deeds(ANN)
    assert (first.action, first.session, first.scope) == ("shout", "S-7", ANN)
    assert (second.action, second.session) == ("shout", None)
    assert first.detail == {"request": "r-1", "role": "admin", "outcome": "str", "key": "a"}
    assert await app.store.deeds(BOB) == []


async def test_the_page_of_a_local_server_takes_the_token_from_the_link(server: Served) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        page = await client.get(server.http, headers={"accept": "text/html,*/*;q=0.8"})
    assert page.status_code == 200
    assert "location.hash" in page.text
    assert "a-token" not in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


async def test_a_trusted_page_of_another_origin_may_ask(app: App, log: Log) -> None:
    origin = "http://localhost:5173"
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    async with served(app, log, ApiSettings(origins=[origin], drain=5)) as server, calling(server) as client:
        preflight = await client.options("/graphql", headers={"origin": origin, **asked})
        foreign = await client.options("/graphql", headers={"origin": "http://evil.example", **asked})
    assert preflight.headers["access-control-allow-origin"] == origin
    assert (foreign.status_code, "access-control-allow-origin" in foreign.headers) == (403, False)


async def test_a_stopping_server_answers_what_it_was_asked_before(
    client: httpx.AsyncClient, server: Served, log: Log
) -> None:
    asked = asyncio.create_task(client.post("/graphql", json={"query": "{ waits }"}))
    await log.waiting.wait()
    server.server.should_exit = True
    await server.service.closing.wait()
    with pytest.raises(httpx.ConnectError):
        async with calling(server) as late:
            await late.get("/health")
    log.gate.set()
    assert (await asked).json() == {"data": {"waits": "answered"}}


async def test_a_server_says_whether_it_lives_and_is_ready(server: Served) -> None:
    base = server.http.removesuffix("/graphql")
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"{base}/health", headers={"host": "10.0.0.1"})).json() == {"status": "ok"}
        assert (await client.get(f"{base}/ready")).json() == {"status": "ready"}


async def test_a_server_that_drives_no_sessions_is_not_ready(app: App, log: Log) -> None:
    async def fail() -> None:
        raise RuntimeError("made up")

    app.serve = fail  # type: ignore[method-assign]
    async with served(app, log) as server, calling(server) as client:
        unready = await client.get("/ready")
    assert unready.status_code == 503
    assert "not driven" in unready.json()["reason"]
