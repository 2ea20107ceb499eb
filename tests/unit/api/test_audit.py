"""The audit tells what was done, and believes nothing that a client says of it."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from api_world import Api
from factories import SCOPE

from proctor.api.auth import Auth
from proctor.api.documents import Rejected
from proctor.api.execution import Execution
from proctor.api.fanout import Fanout
from proctor.api.ids import session_gid
from proctor.api.limits import Limits
from proctor.api.operation import Operation
from proctor.api.service import Service
from proctor.contracts.access import Deed
from proctor.errors import GitFailed

PAUSE = "mutation($input: PauseSessionInput!) { pauseSession(input: $input) { %s } }"


async def audited(api: Api, text: str, limits: Limits | None = None, **variables: Any) -> Sequence[Deed]:
    """Execute a document as a transport does, and give what was written of it, the oldest first."""
    execution = Execution(api.schema, limits or Limits())
    service = Service(api.app, Auth([]), execution, Fanout(execution))  # type: ignore[arg-type] # a made up app
    with suppress(Rejected):
        await service.run(execution.ready(Operation(text, variables=variables)), api.caller)
    return (await api.app.store.deeds(SCOPE))[::-1]


def pausing(session_id: str) -> dict[str, str]:
    return {"idempotencyKey": "k", "sessionId": session_gid(session_id)}


SELECTIONS = [
    "__typename",
    "... on PauseSessionSuccess { session { status } }",
    "... on Error { __typename: code }",
    "... on Error { __typename: message }",
]


@pytest.mark.parametrize("selection", SELECTIONS)
async def test_what_is_asked_of_an_answer_changes_nothing(api: Api, selection: str) -> None:
    session_id = await api.create()
    (deed,) = await audited(api, PAUSE % selection, input=pausing(session_id))
    assert (deed.action, deed.session, deed.scope) == ("pauseSession", session_id, SCOPE)
    assert deed.detail == {"request": "request", "role": "operator", "outcome": "PauseSessionSuccess", "key": "k"}


@pytest.mark.parametrize("selection", SELECTIONS)
async def test_a_refused_call_is_written_as_refused(api: Api, selection: str) -> None:
    session_id = await api.create()
    viewer = api.by(role="viewer")
    (deed,) = await audited(viewer, PAUSE % selection, input=pausing(session_id))
    expected = {"request": "request", "role": "viewer", "outcome": "Forbidden", "key": "k", "code": "forbidden"}
    assert (deed.session, deed.detail) == (session_id, expected)


async def test_a_call_that_is_named_twice_and_executed_once_is_one_row(api: Api) -> None:
    given = pausing(await api.create())
    once = "pauseSession(input: $input) { __typename }"
    text = f"mutation($input: PauseSessionInput!) {{ {once} {once} ...f }} fragment f on Mutation {{ {once} }}"
    assert len(await audited(api, text, input=given)) == 1


async def test_calls_under_two_names_are_two_rows(api: Api) -> None:
    given = pausing(await api.create())
    text = "mutation($input: PauseSessionInput!) { a: pauseSession(input: $input) { __typename } "
    text += "b: pauseSession(input: $input) { __typename } }"
    assert len(await audited(api, text, input=given)) == 2


@pytest.mark.parametrize("directive", ["@skip(if: true)", "@include(if: false)", "@skip(if: $yes)"])
async def test_what_was_not_executed_is_not_written(api: Api, directive: str) -> None:
    given = pausing(await api.create())
    text = "mutation($input: PauseSessionInput!, $yes: Boolean = true) { __typename @skip(if: $yes) "
    text += f"pauseSession(input: $input) {directive} {{ __typename }} }}"
    assert await audited(api, text, input=given) == []


async def test_the_name_of_the_type_is_no_call(api: Api) -> None:
    assert await audited(api, "mutation { __typename }") == []


async def test_the_session_is_known_whatever_way_the_input_comes(api: Api) -> None:
    session_id = await api.create()
    gid = session_gid(session_id)
    value = f'{{idempotencyKey: "k", sessionId: "{gid}"}}'
    by_id = '{idempotencyKey: "k", sessionId: $i}'
    texts = (
        f"mutation {{ pauseSession(input: {value}) {{ __typename }} }}",
        f"mutation($i: PauseSessionInput! = {value}) {{ pauseSession(input: $i) {{ __typename }} }}",
        f'mutation($i: ID! = "{gid}") {{ pauseSession(input: {by_id}) {{ __typename }} }}',
    )
    for text in texts:
        assert (await audited(api, text))[-1].session == session_id


async def test_a_created_session_is_known_though_nobody_asked_for_its_id(api: Api) -> None:
    given = {"idempotencyKey": "k", "path": "/a"}
    text = "mutation($input: CreateSessionInput!) { createSession(input: $input) { __typename } }"
    (deed,) = await audited(api, text, input=given)
    assert await api.app.store.head(SCOPE, deed.session or "") is not None


async def test_a_fault_is_written_with_its_code(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    session_id = await api.create()
    for error, code in ((GitFailed(what="x", exit_code=1, message="y"), "git_failed"), (OSError(), "internal_error")):

        async def fail(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        monkeypatch.setattr(api.app.sessions, "pause", fail)
        deed = (await audited(api, PAUSE % "__typename", input=pausing(session_id)))[-1]
        assert (deed.detail["outcome"], deed.detail["code"]) == ("fault", code)


async def test_of_what_ran_out_of_time_the_outcome_is_unknown(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    session_id = await api.create()
    monkeypatch.setattr(api.app.sessions, "pause", hang)
    (deed,) = await audited(api, PAUSE % "__typename", Limits(seconds=0.01), input=pausing(session_id))
    assert (deed.session, deed.detail["outcome"]) == (session_id, "unknown")


@pytest.mark.parametrize("given", [{}, {"input": 5}, {"input": {"idempotencyKey": "k"}}])
async def test_what_is_refused_before_it_begins_is_one_row_that_names_what_was_asked(
    api: Api, given: dict[str, Any]
) -> None:
    text = "mutation($input: PauseSessionInput!) { __typename a: pauseSession(input: $input) { __typename } "
    text += 'b: pauseSession(input: $input) { __typename } resumeSession(input: {idempotencyKey: "k", sessionId: "x"}) '
    text += "{ __typename } }"
    (deed,) = await audited(api, text, **given)
    assert (deed.action, deed.session) == ("pauseSession, resumeSession", None)
    assert deed.detail == {"request": "request", "role": "operator", "outcome": "refused"}


async def test_a_call_whose_own_argument_cannot_be_is_written_as_refused(api: Api) -> None:
    text = 'mutation($i: ID = "x") { pauseSession(input: {idempotencyKey: "k", sessionId: $i}) { __typename } }'
    (deed,) = await audited(api, text, i=None)
    assert (deed.action, deed.detail["outcome"]) == ("pauseSession", "refused")
