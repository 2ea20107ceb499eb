"""Whatever belongs to others answers as if it did not exist."""

from hashlib import sha256
from typing import Any

import pytest
import strawberry
from api_world import Api

from proctor import Scope
from proctor.api.ids import interaction_gid, session_gid
from proctor.errors import BlobMissing

OTHERS = [Scope("acme", "local"), Scope("local", "secret")]

QUERIES = {
    "node": "query($id: ID!) { node(id: $id) { id } }",
    "session": "query($id: ID!) { session(id: $id) { id } }",
    "sessions": "{ sessions { nodes { id } } }",
    "nextInteraction": "query($id: ID!) { nextInteraction(sessionId: $id) { __typename ... on Error { message } } }",
    "isComplete": """
        query($id: ID!) { isComplete(by: {sessionId: $id}) { __typename ... on Error { message } } }
    """,
    "blob": "query($id: ID!, $digest: String!) { blob(sessionId: $id, digest: $digest) { size } }",
    "workflows": "{ workflows { name } }",
    "commandKinds": "{ commandKinds { name } }",
    "plugins": "{ plugins { name } }",
}
INPUTS: dict[str, dict[str, Any]] = {
    "startInteraction": {},
    "renewLease": {"fence": 1},
    "submitResult": {"fence": 1, "result": {"status": "ok", "files": [{"path": "a", "content": {"text": "a"}}]}},
    "runSession": {},
    "cancelSession": {},
    "pauseSession": {},
    "resumeSession": {},
    "retrySession": {},
}
PUBLIC = {"workflows", "commandKinds", "plugins"}
"""What is installed belongs to nobody."""


async def asked(api: Api, session_id: str, digest: str) -> dict[str, Any]:
    gid = session_gid(session_id)
    answers = {}
    for name, document in QUERIES.items():
        variables = {"id": gid, "digest": digest}
        answers[name] = await api.ask(
            document, **{key: value for key, value in variables.items() if f"${key}" in document}
        )
    return answers


@pytest.mark.parametrize("scope", OTHERS)
async def test_every_query_answers_as_for_something_that_does_not_exist(api: Api, scope: Scope) -> None:
    digest = await api.app.store.put(b"mine")
    session_id = await api.create(blob=digest)
    await api.start(session_id)
    unknown = "0" * len(session_id)
    foreign, missing = await asked(api.by(scope), session_id, digest), await asked(api.by(scope), unknown, digest)
    swap = session_gid(session_id), session_gid(unknown)
    assert str(foreign).replace(*swap) == str(missing)
    mine = await asked(api, session_id, digest)
    assert {name for name in QUERIES if mine[name] == foreign[name]} == PUBLIC


@pytest.mark.parametrize("scope", OTHERS)
async def test_every_mutation_answers_so_too_and_changes_nothing(api: Api, scope: Scope) -> None:
    session_id = await api.create()
    await api.start(session_id)
    before = await api.app.store.head(api.scope, session_id)
    for name, given in INPUTS.items():
        kind = name[0].upper() + name[1:]
        document = f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ __typename }} }}"
        named = {"sessionId": session_gid(session_id), "idempotencyKey": "k", **given}
        assert await api.by(scope).ask(document, input=named) == {"__typename": "NotFound"}
    assert await api.app.store.head(api.scope, session_id) == before
    with pytest.raises(BlobMissing):
        await api.app.store.get(sha256(b"a").hexdigest())


@pytest.mark.parametrize("scope", OTHERS)
async def test_an_interaction_of_others_is_not_found(api: Api, scope: Scope) -> None:
    session_id = await api.create()
    await api.turn(session_id)
    await api.start(session_id)
    for sequence in (1, 2):
        gid = interaction_gid(session_id, sequence)
        assert await api.by(scope).ask(QUERIES["node"], id=gid) is None
        by = "query($id: ID!) { isComplete(by: {interactionId: $id}) { __typename } }"
        assert await api.by(scope).ask(by, id=gid) == {"__typename": "NotFound"}


@pytest.mark.parametrize("scope", OTHERS)
@pytest.mark.parametrize("field", ["sessionEvents", "childSessionChanges"])
async def test_nobody_watches_others(api: Api, scope: Scope, field: str) -> None:
    session_id = await api.create()
    stream = await api.schema.subscribe(
        f"subscription($id: ID!) {{ {field}(sessionId: $id) {{ cursor }} }}",
        variable_values={"id": session_gid(session_id)},
        context_value=api.by(scope).caller,
    )
    result = await anext(stream) if hasattr(stream, "__aiter__") else stream
    assert [error.extensions["code"] for error in result.errors] == ["not_found"]


def test_no_root_field_is_forgotten(schema: strawberry.Schema) -> None:
    root = schema._schema
    assert root.query_type.fields.keys() == QUERIES.keys()
    assert root.mutation_type.fields.keys() == {"createSession", *INPUTS}
    assert root.subscription_type.fields.keys() == {"sessionEvents", "childSessionChanges"}
