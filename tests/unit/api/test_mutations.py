"""What can be done: every mutation, and every member of its answer's union."""

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import strawberry
from api_world import Api
from factories import SCOPE, Clock

from proctor.api.caller import Caller
from proctor.api.ids import interaction_gid, session_gid
from proctor.errors import (
    BlobMissing,
    Conflict,
    DuplicateStep,
    GitFailed,
    IdempotencyConflict,
    NotARepository,
    PluginBroken,
    SessionClosed,
    SessionPaused,
    TreeOwned,
)

STARTED = "started { fence leaseExpiresAt isFresh interaction { sequence step status } }"
SUCCESS = {
    "createSession": "isContinued session { id workflow }",
    "startInteraction": f"session {{ id }} {STARTED}",
    "renewLease": "leaseExpiresAt",
    "submitResult": f"session {{ id status }} sequence stepStatus sessionStatus {STARTED}",
}
ERRORS = "... on Error { message code }"
SERVICE = {"createSession": "create", "startInteraction": "start", "renewLease": "renew"}

Case = Callable[[Api], Awaitable[dict[str, Any]]]
CASES: dict[tuple[str, str], Case] = {}


def case(mutation: str, member: str) -> Callable[[Case], Case]:
    def noted(story: Case) -> Case:
        CASES[mutation, member] = story
        return story

    return noted


def document(mutation: str) -> str:
    kind = mutation[0].upper() + mutation[1:]
    fields = f"__typename {ERRORS} ... on {kind}Success {{ {SUCCESS.get(mutation, 'session { id status isPaused }')} }}"
    return f"mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ {fields} }} }}"


async def do(api: Api, mutation: str, session_id: str = "", **given: Any) -> dict[str, Any]:
    if mutation != "createSession":
        given = {"sessionId": session_gid(session_id), **given}
    if mutation in ("renewLease", "submitResult"):
        given = {"fence": 1, **given}
    if mutation == "submitResult":
        given = {"result": {"status": "ok"}, **given}
    if mutation == "createSession":
        given = {"path": "/repository/package", **given}
    answer: dict[str, Any] = await api.ask(document(mutation), input={"idempotencyKey": "key", **given})
    return answer


ALL = (
    "createSession", "startInteraction", "renewLease", "submitResult", "runSession", "cancelSession", "pauseSession",
    "resumeSession", "retrySession",
)  # fmt: skip


def failing(error: Exception) -> Callable[..., Awaitable[Any]]:
    async def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def break_service(api: Api, mutation: str, error: Exception) -> None:
    """Let whatever serves a mutation raise that error."""
    if mutation == "createSession":
        api.app.orders.create = failing(error)
    elif mutation == "runSession":
        api.app.run_session = failing(error)
    else:
        word = mutation.removesuffix("Session").removesuffix("Interaction").removesuffix("Lease").removesuffix("Result")
        setattr(api.app.sessions, word, failing(error))


for each in ALL:

    @case(each, "Forbidden")
    async def a_viewer(api: Api, each: str = each) -> dict[str, Any]:
        return await do(api.by(role="viewer"), each, await api.create())

    @case(each, "InvalidInput")
    async def an_empty_key(api: Api, each: str = each) -> dict[str, Any]:
        return await do(api, each, await api.create(), idempotencyKey="")

    @case(each, "Conflict")
    async def others_at_the_same_moment(api: Api, each: str = each) -> dict[str, Any]:
        session_id = await api.create()
        break_service(api, each, Conflict(session_id=session_id))
        return await do(api, each, session_id)

    if each != "createSession":

        @case(each, "NotFound")
        async def an_unknown_id(api: Api, each: str = each) -> dict[str, Any]:
            return await do(api, each, "unknown")

    if each in ("startInteraction", "pauseSession", "resumeSession", "retrySession"):

        @case(each, "SessionClosed")
        async def a_session_that_has_ended(api: Api, each: str = each) -> dict[str, Any]:
            session_id = await api.create()
            await api.finish(session_id)
            return await do(api, each, session_id)

    if each not in ("createSession", "startInteraction", "renewLease", "submitResult", "retrySession"):

        @case(each, f"{each[0].upper()}{each[1:]}Success")
        async def done(api: Api, each: str = each) -> dict[str, Any]:
            session_id = await api.create()
            answer = await do(api, each, session_id)
            assert answer["session"]["id"] == session_gid(session_id)
            return answer


@case("createSession", "CreateSessionSuccess")
async def created(api: Api) -> dict[str, Any]:
    given = {"only": ["a*"], "exclude": ["b"], "branch": "tests", "agent": "mine", "executionMode": "MANUAL"}
    given |= {"carry": ["/repository/package/./_version.py"], "requireTests": True}
    answer = await do(api, "createSession", path="/repository/./package/", **given)
    (order,) = api.app.orders.taken
    assert (order.path, order.only, order.exclude) == (Path("/repository/package"), ("a*",), ("b",))
    assert (order.branch, order.new, order.agent, order.execution_mode) == ("tests", False, "mine", "manual")
    assert (order.carry, order.require_tests) == ((Path("/repository/package/_version.py"),), True)
    assert (answer["isContinued"], answer["session"]["workflow"]) == (False, "line")
    return answer


@case("createSession", "PluginMissing")
async def broken(api: Api) -> dict[str, Any]:
    error = PluginBroken(name="finalize", distribution="d", version="1", cause="ImportError")
    break_service(api, "createSession", error)
    return await do(api, "createSession")


@case("createSession", "SessionOwned")
async def owned(api: Api) -> dict[str, Any]:
    break_service(api, "createSession", TreeOwned(session_id="x", owner="process 1"))
    return await do(api, "createSession")


@case("startInteraction", "StartInteractionSuccess")
async def started(api: Api) -> dict[str, Any]:
    session_id = await api.create()
    answer = await do(api, "startInteraction", session_id)
    assert answer["started"] == {
        "fence": 1,
        "leaseExpiresAt": "1970-01-12T13:47:40+00:00",
        "isFresh": True,
        "interaction": {"sequence": 1, "step": "first", "status": "PENDING"},
    }
    again = await do(api, "startInteraction", session_id)
    assert again["started"] == answer["started"]
    other = await do(api, "startInteraction", session_id, idempotencyKey="other")
    assert other["started"] == {**answer["started"], "isFresh": False}
    node = "query($id: ID!) { node(id: $id) { ... on Interaction { executedBy } } }"
    assert await api.ask(node, id=interaction_gid(session_id, 1)) == {"executedBy": "client:local"}
    return answer


@case("startInteraction", "StaleFence")
async def start_repeated_too_late(api: Api) -> dict[str, Any]:
    session_id = await api.create()
    await do(api, "startInteraction", session_id)
    await do(api, "submitResult", session_id)
    return await do(api, "startInteraction", session_id)


@case("startInteraction", "IdempotencyConflict")
async def start_under_the_key_of_another_user(api: Api) -> dict[str, Any]:
    session_id = await api.create()
    await api.app.sessions.start(SCOPE, session_id, owner="client:other", key="key")
    return await do(api, "startInteraction", session_id)


@case("startInteraction", "SessionPaused")
async def start_paused(api: Api) -> dict[str, Any]:
    session_id = await api.create()
    assert (await do(api, "pauseSession", session_id))["session"]["isPaused"]
    return await do(api, "startInteraction", session_id)


@case("startInteraction", "PluginMissing")
async def start_without_plugin(api: Api) -> dict[str, Any]:
    session_id = await api.create()
    del api.app.registry.steps["line", "first"]
    return await do(api, "startInteraction", session_id)


@case("renewLease", "RenewLeaseSuccess")
async def renewed(api: Api) -> dict[str, Any]:
    session_id = await api.create()
    fence = await api.start(session_id)
    answer = await do(api, "renewLease", session_id, fence=fence)
    assert answer["leaseExpiresAt"] == "1970-01-12T13:47:40+00:00"
    return answer


@case("renewLease", "StaleFence")
async def renew_late(api: Api) -> dict[str, Any]:
    session_id = await api.create()
    await api.start(session_id)
    return await do(api, "renewLease", session_id, fence=7)


@case("renewLease", "NothingPending")
async def renew_nothing(api: Api) -> dict[str, Any]:
    return await do(api, "renewLease", await api.create(), fence=0)


@case("submitResult", "SubmitResultSuccess")
async def submitted(api: Api) -> dict[str, Any]:
    session_id = await api.create()
    fence = await api.start(session_id)
    files = [{"path": "a.py", "content": {"text": "tëxt"}}, {"path": "b.bin", "content": {"base64": "AAE="}}]
    usage = {"inputTokens": 1, "outputTokens": 2, "costUsd": 0.25}
    result = {"status": "ok", "data": {"n": [1]}, "exitCode": 0, "stdout": "out", "stderr": "err", "files": files}
    result |= {"usage": usage, "durationSeconds": 2.5}
    answer = await do(api, "submitResult", session_id, fence=fence, result=result)
    assert (answer["sequence"], answer["stepStatus"], answer["sessionStatus"]) == (1, "ok", "ACTIVE")
    assert answer["started"] is None
    (entry,) = await api.app.store.interactions(SCOPE, session_id)
    kept = entry.result
    assert kept
    assert entry.executed_by == "client:local"
    assert (kept.data, kept.exit_code, kept.stdout, kept.duration_s) == ({"n": [1]}, 0, "out", 2.5)
    assert [await api.app.store.get(kept.files[path]) for path in ("a.py", "b.bin")] == ["tëxt".encode(), b"\0\1"]
    assert await do(api, "submitResult", session_id, fence=fence, result=result) == answer
    return answer


@case("submitResult", "StaleFence")
async def submit_late(api: Api) -> dict[str, Any]:
    session_id = await api.create()
    await api.turn(session_id)
    await api.start(session_id)
    return await do(api, "submitResult", session_id, fence=1)


@case("submitResult", "NothingPending")
async def submit_unasked(api: Api) -> dict[str, Any]:
    return await do(api, "submitResult", await api.create(), fence=0)


@case("submitResult", "IdempotencyConflict")
async def submit_twice_with_other_content(api: Api) -> dict[str, Any]:
    session_id = await api.create()
    await api.start(session_id)
    await do(api, "submitResult", session_id)
    return await do(api, "submitResult", session_id, result={"status": "error"})


for each in ("cancelSession", "pauseSession", "resumeSession", "retrySession"):

    @case(each, "IdempotencyConflict")
    async def other_content(api: Api, each: str = each) -> dict[str, Any]:
        session_id = await api.create()
        break_service(api, each, IdempotencyConflict(key="key", session_id=session_id, operation=each))
        return await do(api, each, session_id)


@case("createSession", "IdempotencyConflict")
async def create_something_else(api: Api) -> dict[str, Any]:
    first = await do(api, "createSession")
    assert (await do(api, "createSession"))["session"] == first["session"]
    for other in ({"carry": ["/x/_version.py"]}, {"requireTests": True}):
        assert (await do(api, "createSession", **other))["__typename"] == "IdempotencyConflict"
    return await do(api, "createSession", branch="another")


@case("submitResult", "PluginMissing")
async def submit_without_plugin(api: Api) -> dict[str, Any]:
    session_id = await api.create()
    await api.start(session_id)
    break_service(api, "submitResult", PluginBroken(name="first", distribution="d", version="1", cause="x"))
    return await do(api, "submitResult", session_id)


@case("runSession", "SessionClosed")
async def run_closed(api: Api) -> dict[str, Any]:
    session_id = await api.create()
    break_service(api, "runSession", SessionClosed(session_id=session_id, status="complete"))
    return await do(api, "runSession", session_id)


@case("runSession", "SessionPaused")
async def run_paused(api: Api) -> dict[str, Any]:
    session_id = await api.create()
    break_service(api, "runSession", SessionPaused(session_id=session_id))
    return await do(api, "runSession", session_id)


@case("runSession", "SessionOwned")
async def run_owned(api: Api) -> dict[str, Any]:
    session_id = await api.create()
    break_service(api, "runSession", TreeOwned(session_id=session_id, owner="process 1"))
    return await do(api, "runSession", session_id)


@case("retrySession", "RetrySessionSuccess")
async def a_failed_child_is_tried_again(api: Api) -> dict[str, Any]:
    parent, (child, _) = await api.family()
    await api.app.sessions.cancel(SCOPE, child)
    return await do(api, "retrySession", parent)


@case("retrySession", "NothingToRetry")
async def nothing_failed(api: Api) -> dict[str, Any]:
    return await do(api, "retrySession", await api.create())


@pytest.mark.parametrize(("mutation", "member"), CASES)
async def test_every_member_is_reached(api: Api, mutation: str, member: str) -> None:
    answer = await CASES[mutation, member](api)
    assert answer["__typename"] == member
    if not member.endswith("Success"):
        assert answer["code"]
        assert answer["message"].endswith((".", "x", "ImportError"))


def test_every_member_has_a_case(schema: strawberry.Schema) -> None:
    fields = schema._schema.mutation_type.fields.items()
    members = {(name, member.name) for name, field in fields for member in field.type.of_type.types}
    assert members == CASES.keys()


async def test_the_files_of_a_refused_result_are_not_stored(api: Api) -> None:
    session_id = await api.create()
    await api.start(session_id)
    result = {"status": "ok", "files": [{"path": "a.py", "content": {"text": "late"}}]}
    assert (await do(api, "submitResult", session_id, fence=99, result=result))["__typename"] == "StaleFence"
    with pytest.raises(BlobMissing):
        await api.app.store.get(hashlib.sha256(b"late").hexdigest())


async def test_a_client_goes_on_in_one_call(api: Api) -> None:
    session_id = await api.create()
    await api.start(session_id)
    first = await do(api, "submitResult", session_id, goOn=True)
    assert first["started"]["interaction"] == {"sequence": 2, "step": "second", "status": "PENDING"}
    last = await do(api, "submitResult", session_id, fence=first["started"]["fence"], goOn=True, idempotencyKey="2")
    assert (last["sessionStatus"], last["started"]) == ("COMPLETE", None)


async def test_a_parked_interaction_is_started_without_a_lease_and_answered_by_anybody(api: Api) -> None:
    session_id = await api.create("asking")
    started = (await do(api, "startInteraction", session_id))["started"]
    assert started["leaseExpiresAt"] is None
    answer = await do(api, "submitResult", session_id, fence=started["fence"])
    assert answer["sessionStatus"] == "COMPLETE"


async def test_a_submit_for_another_session_changes_nothing(api: Api) -> None:
    mine, other = await api.create(), await api.create()
    await api.start(mine)
    assert (await do(api, "submitResult", other))["__typename"] in ("StaleFence", "NothingPending")
    assert await api.app.store.interactions(SCOPE, mine) == await api.app.store.interactions(SCOPE, other) == []


async def test_a_late_submit_after_a_cancel_changes_nothing(api: Api) -> None:
    session_id = await api.create()
    fence = await api.start(session_id)
    assert (await do(api, "cancelSession", session_id))["session"]["status"] == "CANCELLED"
    before = await api.app.sessions.head(SCOPE, session_id)
    assert (await do(api, "submitResult", session_id, fence=fence))["__typename"] == "StaleFence"
    assert await api.app.sessions.head(SCOPE, session_id) == before


async def test_a_lease_is_renewed_from_now(api: Api, clock: Clock) -> None:
    session_id = await api.create()
    fence = await api.start(session_id)
    clock.now += 30
    answer = await do(api, "renewLease", session_id, fence=fence)
    assert answer["leaseExpiresAt"] == "1970-01-12T13:48:10+00:00"


@pytest.mark.parametrize(
    "result",
    [
        {"status": "ok", "data": [1]},
        {"status": "ok", "data": "text"},
        {"status": "ok", "data": {"deep": [2**70]}},
        {"status": "ok", "stdout": "\ud800"},
        {"status": "ok", "files": [{"path": "\ud800", "content": {"base64": "%%%"}}]},
        {"status": "ok", "files": [{"path": "a", "content": {"base64": "%%%"}}]},
        {"status": "ok", "files": [{"path": "a", "content": {"text": "1"}}, {"path": "a", "content": {"text": "2"}}]},
    ],
)
async def test_a_result_of_a_wrong_shape_is_refused(api: Api, result: dict[str, Any]) -> None:
    session_id = await api.create()
    await api.start(session_id)
    assert (await do(api, "submitResult", session_id, result=result))["__typename"] == "InvalidInput"
    assert await api.app.store.interactions(SCOPE, session_id) == []


@pytest.mark.parametrize("path", ["package", "", "/a\0b", "/a\ud800"])
async def test_a_path_that_cannot_be_is_refused(api: Api, path: str) -> None:
    for given in ({"path": path}, {"carry": ["/a", path]}):
        assert (await do(api, "createSession", **given))["__typename"] == "InvalidInput"
    assert api.app.orders.taken == []


async def test_a_repository_that_is_not_on_the_list_is_forbidden(api: Api) -> None:
    class Choosy(Caller):
        def may_create(self, repository: str) -> bool:
            return repository.startswith("/allowed/")

    def create(path: str, *carry: str) -> Awaitable[Any]:
        given = {"idempotencyKey": " ".join([path, *carry]), "path": path, "carry": carry}
        caller = Choosy(api.app, api.scope, "operator", "request")
        return api.schema.execute(document("createSession"), {"input": given}, context_value=caller)

    for path, kind in (("/allowed/a", "CreateSessionSuccess"), ("/other", "Forbidden"), ("/allowed/../x", "Forbidden")):
        assert (await create(path)).data["createSession"]["__typename"] == kind
        assert (await create("/allowed/b", "/allowed/c", path)).data["createSession"]["__typename"] == kind


async def test_an_order_that_cannot_be_carried_out_is_invalid_with_its_own_code(api: Api) -> None:
    break_service(api, "createSession", NotARepository(path="/x"))
    answer = await do(api, "createSession")
    assert (answer["__typename"], answer["code"]) == ("InvalidInput", "not_a_repository")


async def test_a_plugin_that_cannot_be_placed_is_told_as_one_that_is_missing(api: Api) -> None:
    break_service(api, "createSession", DuplicateStep(step="first", workflow="line", distributions="a, b"))
    answer = await do(api, "createSession")
    assert (answer["__typename"], answer["code"]) == ("PluginMissing", "duplicate_step")


async def test_what_nobody_can_expect_stays_an_error(api: Api) -> None:
    error = GitFailed(what="clone", exit_code=128, message="no")
    break_service(api, "createSession", error)
    result = await api.execute(document("createSession"), input={"path": "/x", "idempotencyKey": "k"})
    assert result.errors[0].original_error is error


async def test_malformed_unknown_and_overlong_ids_are_told_in_the_same_words(api: Api) -> None:
    for gid in ("nonsense", session_gid("unknown"), session_gid("x" * 999)):
        answer = await api.ask(document("cancelSession"), input={"sessionId": gid, "idempotencyKey": "k"})
        assert answer["message"] == f"There is nothing with the id {gid[:100]} here. Check the id."


@pytest.mark.parametrize("key", ["k" * 201, "a\0b", "\ud800", "a\nb"])
async def test_a_key_is_short_and_printable(api: Api, key: str) -> None:
    assert (await do(api, "cancelSession", await api.create(), idempotencyKey=key))["__typename"] == "InvalidInput"


async def test_an_answer_repeats_nothing_that_cannot_be_sent(api: Api) -> None:
    answer = await api.ask(document("cancelSession"), input={"sessionId": "\ud800" * 999, "idempotencyKey": "k"})
    assert answer["__typename"] == "NotFound"
    assert len(answer["message"].encode()) < 200


async def test_a_failed_child_is_tried_again_by_its_id(api: Api) -> None:
    parent, (child, _) = await api.family()
    await api.app.sessions.cancel(SCOPE, child)
    assert (await do(api, "retrySession", parent, childIds=[session_gid(child)]))["__typename"] == "RetrySessionSuccess"
    attempts = [(head.birth.key, head.birth.attempt) for head in await api.app.store.children(SCOPE, parent)]
    assert attempts == [("c0", 1), ("c0", 2), ("c1", 1)]
    assert (await do(api, "retrySession", parent, childIds=[child]))["__typename"] == "NotFound"


async def test_a_paused_tree_goes_on_when_it_is_resumed(api: Api) -> None:
    parent, (child, _) = await api.family()
    assert (await do(api, "pauseSession", parent))["session"]["isPaused"]
    assert (await do(api, "startInteraction", child))["__typename"] == "SessionPaused"
    assert not (await do(api, "resumeSession", parent))["session"]["isPaused"]
    assert (await do(api, "startInteraction", child))["__typename"] == "StartInteractionSuccess"
