"""What can be asked, and what is answered."""

from dataclasses import replace

import pytest
from api_world import Api
from factories import SCOPE, Clock, Echo

from proctor import Usage
from proctor.api.ids import interaction_gid, number_cursor, session_gid
from proctor.contracts.store import Change
from proctor.domain.event import News
from proctor.domain.session import Limits
from proctor.domain.workflow import Workflow
from proctor.registry import Registry
from proctor.sessions import Draft

NEXT = """
query($id: ID!) {
  nextInteraction(sessionId: $id) {
    __typename
    ... on Error { code message }
    ... on NextInteraction { step reason }
    ... on InteractionPending { parked leaseExpiresAt interaction { id status step sequence } }
    ... on SessionComplete { reason }
    ... on SessionClosed { status why }
    ... on InvalidInteraction { step }
    ... on InvalidState { step stepStatus }
  }
}
"""


async def next_of(api: Api, session_id: str) -> dict[str, object]:
    return await api.ask(NEXT, id=session_gid(session_id))


async def test_a_session_tells_what_its_tree_may_spend_and_has_spent(api: Api) -> None:
    draft = Draft("line", {"name": "x"}, limits=Limits(money=2.0, tokens=7))
    session_id = (await api.app.sessions.create(SCOPE, draft)).id
    await api.turn(session_id, usage=Usage(3, 4, 0.5))
    fields = "limits { seconds tokens money sessions } spent { seconds tokens money sessions usedUp }"
    session = await api.ask(f"query($id: ID!) {{ session(id: $id) {{ {fields} }} }}", id=session_gid(session_id))
    assert session["limits"] == {"seconds": None, "tokens": 7, "money": 2.0, "sessions": 2000}
    used_up = "limits.tokens: the 7 tokens of this run are spent (`[limits] tokens = …` allows more)"
    assert session["spent"] == {"seconds": 0, "tokens": 7, "money": 0.5, "sessions": 1, "usedUp": used_up}


async def test_a_session_tells_where_it_stands(api: Api) -> None:
    session_id = await api.create()
    await api.turn(session_id, usage=Usage(3, 4, 0.5))
    fields = """
    id workflow status isPaused blocked waitsFor executionMode key attempt priority createdAt outcome product lastError
    openChildren subject state agent { name isDeterministic } limits { repeats sameFailure fixes attempts abandoned
    interactions } remaining { fixes interactions } lastCompleted { sequence step status } parent { id } root { id }
    usage { inputTokens outputTokens costUsd } steps { name onMainLine transitions { status rule step } }
    """
    session = await api.ask(f"query($id: ID!) {{ session(id: $id) {{ {fields} }} }}", id=session_gid(session_id))
    assert session["id"] == session["root"]["id"] == session_gid(session_id)
    assert session["parent"] is None
    assert session["status"] == "ACTIVE"
    assert session["createdAt"] == "1970-01-12T13:46:40+00:00"
    assert session["lastCompleted"] == {"sequence": 1, "step": "first", "status": "ok"}
    assert session["remaining"] == {"fixes": 3, "interactions": 59}
    assert session["usage"] == {"inputTokens": 3, "outputTokens": 4, "costUsd": 0.5}
    assert session["subject"] == {"name": "x"}
    assert [step["name"] for step in session["steps"]] == ["first", "second"]
    assert session["steps"][1]["transitions"] == [
        {"status": "ok", "rule": "NEXT", "step": None},
        {"status": "*", "rule": "SELF", "step": "second"},
    ]


async def test_the_next_step_is_told_with_its_reason(api: Api) -> None:
    answer = await next_of(api, await api.create())
    assert answer["__typename"] == "NextInteraction"
    assert answer["step"] == "first"
    assert "the first step" in str(answer["reason"])


async def test_what_is_pending_comes_before_anything_else(api: Api) -> None:
    session_id = await api.create()
    await api.start(session_id)
    answer = await next_of(api, session_id)
    gid = interaction_gid(session_id, 1)
    assert answer["interaction"] == {"id": gid, "status": "PENDING", "step": "first", "sequence": 1}
    assert answer["parked"] is None
    assert answer["leaseExpiresAt"] == "1970-01-12T13:47:40+00:00"


async def test_what_is_parked_says_for_what(api: Api) -> None:
    parent, _ = await api.family()
    asking = await api.create("asking")
    await api.start(asking)
    assert [(await next_of(api, each))["parked"] for each in (parent, asking)] == ["CHILDREN", "EXTERNAL"]
    assert (await next_of(api, parent))["leaseExpiresAt"] is None


async def test_a_complete_session_says_so(api: Api) -> None:
    session_id = await api.create()
    await api.finish(session_id)
    assert (await next_of(api, session_id))["__typename"] == "SessionComplete"


async def test_a_session_that_ended_otherwise_says_how_and_why(api: Api) -> None:
    cancelled, failed = await api.create(), await api.create()
    await api.app.sessions.cancel(SCOPE, cancelled)
    for _ in range(3):
        await api.turn(failed, "error", error_message="again and again")
    first, second = await next_of(api, cancelled), await next_of(api, failed)
    assert (first["__typename"], first["status"], first["why"]) == ("SessionClosed", "CANCELLED", None)
    assert (second["__typename"], second["status"]) == ("SessionClosed", "FAILED")
    assert "again and again" in str(second["why"])


async def test_a_paused_session_says_so(api: Api) -> None:
    session_id = await api.create()
    await api.app.sessions.pause(SCOPE, session_id)
    assert (await next_of(api, session_id))["__typename"] == "SessionPaused"
    await api.app.sessions.cancel(SCOPE, session_id)
    assert (await next_of(api, session_id))["__typename"] == "SessionClosed"


async def test_a_missing_plugin_is_named(api: Api) -> None:
    session_id = await api.create()
    del api.app.registry.steps["line", "first"]
    start = "mutation($input: StartInteractionInput!) { startInteraction(input: $input) { __typename } }"
    given = {"sessionId": session_gid(session_id), "idempotencyKey": "k"}
    assert await api.ask(start, input=given) == {"__typename": "PluginMissing"}
    answer = await next_of(api, session_id)
    assert answer["__typename"] == "PluginMissing"
    assert "line.first" in str(answer["message"])


async def test_a_status_that_the_table_does_not_list_is_an_invalid_state(api: Api) -> None:
    closed = Workflow("closed", ("only",))
    api.app.registry.workflows["closed"] = closed
    api.app.registry.steps["closed", "only"] = Echo("only", transitions={"ok": "@next", "error": "@self"})
    session_id = await api.create("closed")
    await api.turn(session_id, "strange")
    answer = await next_of(api, session_id)
    assert (answer["__typename"], answer["step"], answer["stepStatus"]) == ("InvalidState", "only", "strange")


async def test_a_step_that_the_workflow_does_not_have_is_an_invalid_interaction(api: Api) -> None:
    session_id = await api.create()
    await api.turn(session_id)
    head = await api.app.sessions.head(SCOPE, session_id)
    assert head.last_completed
    last = replace(head.last_completed, step="gone")
    await api.app.store.commit(Change(replace(head, last_completed=last, version=head.version + 1)))
    answer = await next_of(api, session_id)
    assert (answer["__typename"], answer["step"]) == ("InvalidInteraction", "gone")


@pytest.mark.parametrize("gid", ["", "nonsense", session_gid("unknown"), interaction_gid("unknown", 1)])
async def test_an_id_that_leads_nowhere(api: Api, gid: str) -> None:
    assert (await api.ask(NEXT, id=gid))["code"] == "not_found"
    assert await api.ask("query($id: ID!) { session(id: $id) { id } }", id=gid) is None
    assert await api.ask("query($id: ID!) { node(id: $id) { id } }", id=gid) is None
    for by in ("sessionId", "interactionId"):
        answer = await api.ask(COMPLETE, by={by: gid})
        assert answer["__typename"] == "NotFound"


COMPLETE = "query($by: CompletionInput!) { isComplete(by: $by) { __typename ... on Completion { isComplete } } }"


async def test_completion_of_a_session_and_of_its_interactions(api: Api) -> None:
    session_id = await api.create()
    found = []
    for _ in range(2):
        await api.start(session_id)
        found.append(await api.ask(COMPLETE, by={"interactionId": interaction_gid(session_id, 1)}))
        found.append(await api.ask(COMPLETE, by={"sessionId": session_gid(session_id)}))
        await api.turn(session_id)
    assert [each["isComplete"] for each in found] == [False] * 4
    last = {"interactionId": interaction_gid(session_id, 2)}, {"sessionId": session_gid(session_id)}
    assert [(await api.ask(COMPLETE, by=by))["isComplete"] for by in last] == [True, True]
    beyond = await api.ask(COMPLETE, by={"interactionId": interaction_gid(session_id, 3)})
    assert beyond["__typename"] == "NotFound"


async def test_completion_is_asked_of_exactly_one_thing(api: Api) -> None:
    for by in ({}, {"sessionId": "a", "interactionId": "b"}):
        assert (await api.execute(COMPLETE, by=by)).errors


NODE = """
query($id: ID!) {
  node(id: $id) {
    __typename id
    ... on Interaction {
      status executedBy waitsFor startedAt closedAt session { id } result { status stdout durationSeconds }
      command { kind arguments at childSessionIds workspace { repository base files { path } } }
    }
  }
}
"""


async def test_a_node_is_found_by_its_id_alone(api: Api) -> None:
    session_id = await api.create(blob="00")
    await api.turn(session_id, stdout="hello", duration_s=1.5)
    await api.start(session_id)
    assert await api.ask(NODE, id=session_gid(session_id)) == {"__typename": "Session", "id": session_gid(session_id)}
    closed = await api.ask(NODE, id=interaction_gid(session_id, 1))
    assert (closed["__typename"], closed["status"]) == ("Interaction", "COMPLETED")
    assert closed["result"] == {"status": "ok", "stdout": "hello", "durationSeconds": 1.5}
    assert closed["command"]["arguments"] == {"n": 1}
    assert closed["command"]["workspace"]["files"] == [{"path": "laid.py"}]
    pending = await api.ask(NODE, id=interaction_gid(session_id, 2))
    assert (pending["status"], pending["result"], pending["closedAt"]) == ("PENDING", None, None)
    assert pending["session"] == {"id": session_gid(session_id)}
    for number in (3, 0, -1):
        assert await api.ask(NODE, id=interaction_gid(session_id, number)) is None


async def test_a_spawning_command_names_its_children(api: Api) -> None:
    parent, children = await api.family()
    node = await api.ask(NODE, id=interaction_gid(parent, 1))
    assert node["command"]["childSessionIds"] == [session_gid(child) for child in children]
    assert node["waitsFor"] == "CHILDREN"


SESSIONS = """
query($first: Int, $after: String, $filter: SessionFilter) {
  sessions(first: $first, after: $after, filter: $filter) {
    nodes { id } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


async def test_sessions_come_newest_first_in_pages(api: Api, clock: Clock) -> None:
    made = []
    for _ in range(5):
        made.append(session_gid(await api.create()))
        clock.now += 1
    seen, after, pages = [], None, 0
    while True:
        page = await api.ask(SESSIONS, first=2, after=after)
        seen += [node["id"] for node in page["nodes"]]
        assert [edge["node"] for edge in page["edges"]] == page["nodes"]
        assert page["pageInfo"]["hasPreviousPage"] is (pages > 0)
        after, pages = page["pageInfo"]["endCursor"], pages + 1
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert (seen, pages) == (made[::-1], 3)


async def test_a_page_stays_where_it_is_when_sessions_are_created(api: Api, clock: Clock) -> None:
    await api.create()
    clock.now += 1
    await api.create()
    cursor = (await api.ask(SESSIONS, first=1))["pageInfo"]["endCursor"]
    before = await api.ask(SESSIONS, after=cursor)
    clock.now += 1
    await api.create()
    assert await api.ask(SESSIONS, after=cursor) == before


async def test_sessions_are_filtered(api: Api) -> None:
    done, other = await api.create(), await api.create("asking")
    await api.finish(done)
    for wanted, found in (
        ({"status": "COMPLETE"}, [done]),
        ({"workflow": "asking"}, [other]),
        ({"status": "ACTIVE", "workflow": "line"}, []),
        ({"workflow": "\ud800"}, []),
        ({}, [other, done]),
        (None, [other, done]),
    ):
        page = await api.ask(SESSIONS, filter=wanted)
        assert sorted(node["id"] for node in page["nodes"]) == sorted(session_gid(each) for each in found)


@pytest.mark.parametrize("first", [0, -1])
async def test_a_page_has_an_entry_at_least(api: Api, first: int) -> None:
    assert await api.refused(SESSIONS, first=first) == "invalid_first"


@pytest.mark.parametrize("after", ["", "x", "ÿ", number_cursor("event", "x", 1)])
async def test_a_cursor_of_something_else_is_refused(api: Api, after: str) -> None:
    assert await api.refused(SESSIONS, after=after) == "invalid_after"


CHILDREN = """
query($id: ID!, $first: Int, $after: String) {
  session(id: $id) { children(first: $first, after: $after) {
    nodes { key attempt parent { id } root { id } } pageInfo { hasNextPage endCursor }
  } }
}
"""


async def test_children_come_by_key_in_pages(api: Api) -> None:
    parent, _ = await api.family(5)
    keys, after, more = [], None, True
    while more:
        session = await api.ask(CHILDREN, id=session_gid(parent), first=2, after=after)
        for child in session["children"]["nodes"]:
            assert child["parent"] == child["root"] == {"id": session_gid(parent)}
            keys.append(child["key"])
        more, after = session["children"]["pageInfo"].values()
    assert keys == ["c0", "c1", "c2", "c3", "c4"]


TURNS = """
query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
  session(id: $id) { interactions(first: $first, after: $after, last: $last, before: $before) {
    nodes { sequence status } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  } }
}
"""


async def turns(api: Api, session_id: str, **page: object) -> tuple[list[int], dict[str, object]]:
    found = (await api.ask(TURNS, id=session_gid(session_id), **page))["interactions"]
    return [node["sequence"] for node in found["nodes"]], found["pageInfo"]


async def test_the_pending_interaction_is_the_newest(api: Api) -> None:
    session_id = await api.create()
    await api.turn(session_id, "warning", error_message="once")
    await api.turn(session_id)
    await api.start(session_id)
    page = (await api.ask(TURNS, id=session_gid(session_id)))["interactions"]
    statuses = [(node["sequence"], node["status"]) for node in page["nodes"]]
    assert statuses == [(1, "COMPLETED"), (2, "COMPLETED"), (3, "PENDING")]


async def test_interactions_are_read_forwards_and_backwards(api: Api) -> None:
    session_id = await api.create()
    for number in range(4):
        await api.turn(session_id, "warning", error_message=str(number))
    await api.start(session_id)
    cursor = {number: number_cursor("interaction", session_id, number) for number in range(7)}
    assert (await turns(api, session_id, first=2))[0] == [1, 2]
    assert (await turns(api, session_id, first=2, after=cursor[2]))[0] == [3, 4]
    assert (await turns(api, session_id, after=cursor[4]))[0] == [5]
    assert (await turns(api, session_id, after=cursor[5]))[0] == []
    assert (await turns(api, session_id, last=2))[0] == [4, 5]
    assert (await turns(api, session_id, last=2, before=cursor[4]))[0] == [2, 3]
    assert (await turns(api, session_id, last=9, after=cursor[1], before=cursor[6]))[0] == [2, 3, 4, 5]
    assert (await turns(api, session_id, before=cursor[1]))[0] == []
    _, info = await turns(api, session_id, last=1)
    assert (info["hasNextPage"], info["hasPreviousPage"]) == (False, True)
    assert info["startCursor"] == info["endCursor"] == cursor[5]


async def test_a_cursor_of_another_sessions_log_is_refused(api: Api) -> None:
    cursor = number_cursor("interaction", "other", 1)
    gid = session_gid(await api.create())
    assert await api.refused(TURNS, id=gid, after=cursor) == "invalid_after"
    assert await api.refused(TURNS, id=gid, before=cursor) == "invalid_before"
    assert await api.refused(TURNS, id=gid, last=0) == "invalid_last"


EVENTS = """
query($id: ID!, $first: Int, $after: String) {
  session(id: $id) { events(first: $first, after: $after) {
    nodes { kind sessionId step cursor session { id } } pageInfo { hasNextPage endCursor }
  } }
}
"""


async def test_events_are_read_in_pages(api: Api) -> None:
    parent, (child, other) = await api.family()
    await api.turn(child)
    await api.turn(other)
    seen, after, more = [], None, True
    while more:
        page = (await api.ask(EVENTS, id=session_gid(parent), first=3, after=after))["events"]
        seen += page["nodes"]
        more, after = page["pageInfo"].values()
    assert len(seen) == len(await api.app.store.events(SCOPE, parent))
    of_child = (await api.ask(EVENTS, id=session_gid(child)))["events"]["nodes"]
    assert of_child == [event for event in seen if event["sessionId"] == session_gid(child)]
    assert [event["kind"] for event in of_child] == ["SESSION_CREATED", "INTERACTION_STARTED", "INTERACTION_COMPLETED"]


async def test_a_long_stream_is_read_whole_in_pages(api: Api) -> None:
    parent, children = await api.family()
    await api.app.store.tell(parent, [News(children[n % 2], "output", 1.0, {"sequence": n}) for n in range(450)])
    for session_id in (parent, *children):
        seen, after, more = [], None, True
        while more:
            page = (await api.ask(EVENTS, id=session_gid(session_id), first=100, after=after))["events"]
            seen += [event["cursor"] for event in page["nodes"]]
            more, after = page["pageInfo"].values()
        log = await api.app.store.events(SCOPE, parent)
        wanted = [event for event in log if session_id in (parent, event.session_id)]
        assert seen == [number_cursor("event", parent, event.sequence) for event in wanted]


async def test_workflows_are_listed_with_their_steps(api: Api) -> None:
    fields = "name problem spawns steps { name onMainLine distribution version anchor options optionsSchema }"
    found = {each["name"]: each for each in await api.ask(f"{{ workflows {{ {fields} }} }}")}
    assert [step["name"] for step in found["line"]["steps"]] == ["first", "second"]
    assert found["line"]["steps"][0]["optionsSchema"]["additionalProperties"] is False
    assert found["family"]["spawns"] == ["line"]
    assert found["family"]["problem"] is None
    assert "lost is not installed" in found["lost"]["problem"]


async def test_the_schema_of_a_missing_steps_options_is_null(api: Api) -> None:
    session_id = await api.create()
    del api.app.registry.steps["line", "first"]
    session = await api.ask(
        "query($id: ID!) { session(id: $id) { steps { name optionsSchema } } }", id=session_gid(session_id)
    )
    assert [step["optionsSchema"] is None for step in session["steps"]] == [True, False]


async def test_command_kinds_say_what_they_take_and_wait_for(api: Api) -> None:
    found = await api.ask("{ commandKinds { name description waitsFor argumentsSchema dataSchema distribution } }")
    assert {each["name"]: each["waitsFor"] for each in found} == {
        "none": None,
        "external": "EXTERNAL",
        "spawn_sessions": "CHILDREN",
    }
    assert all(each["argumentsSchema"]["type"] == "object" and each["description"] for each in found)


async def test_what_is_really_installed_is_shown(api: Api) -> None:
    api.app.registry = Registry(["proctor"])
    found = await api.ask("{ workflows { name problem steps { name optionsSchema } } }")
    context = next(each for each in found if each["name"] == "context_testing")
    assert context["problem"] is None
    assert [step["name"] for step in context["steps"]] == ["initialize", "spawn_component_testing_sessions", "finalize"]
    assert "branch" in context["steps"][-1]["optionsSchema"]["properties"]
    kinds = {each["name"]: each for each in await api.ask("{ commandKinds { name argumentsSchema } }")}
    assert kinds["process"]["argumentsSchema"]["properties"]["argv"]
    assert not any(each["isBroken"] for each in await api.ask("{ plugins { isBroken } }"))


async def test_broken_plugins_are_listed_with_the_reason(api: Api) -> None:
    found = await api.ask("{ plugins { group name distribution version isBroken reason } }")
    assert [(each["name"], each["reason"]) for each in found if each["isBroken"]] == [("bad", "ImportError: no")]


BLOB = """
query($id: ID!, $digest: String!) {
  blob(sessionId: $id, digest: $digest) { digest size piece { text base64 offset nextOffset } }
}
"""


async def test_a_blob_is_given_to_whoever_may_see_a_session_that_names_it(api: Api) -> None:
    text, secret = await api.app.store.put(b"laid out"), await api.app.store.put(b"of somebody else")
    back = await api.app.store.put("zurück".encode())
    session_id = await api.create(blob=text, note=secret)
    await api.turn(session_id, files={"a.py": back}, data={"planted": secret})
    await api.start(session_id)
    gid = session_gid(session_id)
    assert (await api.ask(BLOB, id=gid, digest=text))["piece"]["text"] == "laid out"
    assert (await api.ask(BLOB, id=gid, digest=back))["size"] == 7
    assert await api.ask(BLOB, id=gid, digest=secret) is None
    assert await api.ask(BLOB, id=gid, digest="0" * 64) is None


async def test_what_a_tree_carries_along_is_given_by_each_of_its_sessions_and_only_its_root_says_what(api: Api) -> None:
    along, secret = await api.app.store.put(b"VERSION = 1"), await api.app.store.put(b"of somebody else")
    root = await api.create("family", carried={"shop/_version.py": along})
    await api.start(root)
    [child, _] = [head.id for head in await api.app.store.children(SCOPE, root)]
    await api.turn(child, data={"carried": {"x": secret}}, files={"carried": "0" * 64})
    document = "query($id: ID!) { session(id: $id) { carried { path digest blob { size } } } }"
    for session_id in (root, child):
        told = await api.ask(document, id=session_gid(session_id))
        assert told == {"carried": [{"path": "shop/_version.py", "digest": along, "blob": {"size": 11}}]}
        assert (await api.ask(BLOB, id=session_gid(session_id), digest=along))["piece"]["text"] == "VERSION = 1"
        assert await api.ask(BLOB, id=session_gid(session_id), digest=secret) is None
    assert await api.ask(document, id=session_gid(await api.create(carried="nonsense"))) == {"carried": []}


async def test_a_file_leads_to_its_content(api: Api) -> None:
    back = await api.app.store.put(b"content")
    session_id = await api.create()
    await api.turn(session_id, files={"a.py": back, "b.py": "0" * 64})
    files = "result { files { path digest blob { piece(offset: 3) { text nextOffset } } } }"
    node = await api.ask(
        f"query($id: ID!) {{ node(id: $id) {{ ... on Interaction {{ {files} }} }} }}", id=interaction_gid(session_id, 1)
    )
    there, gone = node["result"]["files"]
    assert there == {"path": "a.py", "digest": back, "blob": {"piece": {"text": "tent", "nextOffset": None}}}
    assert gone["blob"] is None


@pytest.mark.parametrize(("arguments", "code"), [("offset: 99", "invalid_offset"), ("length: 0", "invalid_length")])
async def test_a_piece_lies_within_the_file(api: Api, arguments: str, code: str) -> None:
    session_id = await api.create(blob=await api.app.store.put(b"12345"))
    await api.start(session_id)
    document = BLOB.replace("piece {", f"piece({arguments}) {{")
    digest = (await api.app.store.head(SCOPE, session_id)).birth.subject["blob"]
    assert await api.refused(document, id=session_gid(session_id), digest=digest) == code


DASHBOARD = """
query($id: ID!) {
  session(id: $id) {
    name endedAt
    pendingInteraction { sequence step }
    nextInteraction { __typename ... on NextInteraction { step reason } }
    progress { total active complete failed cancelled outcomes { outcome count } }
  }
}
"""


async def test_a_session_tells_what_a_dashboard_shows_of_it(api: Api) -> None:
    session_id = await api.create()
    gid = session_gid(session_id)
    fresh = await api.ask(DASHBOARD, id=gid)
    assert (fresh["name"], fresh["endedAt"], fresh["pendingInteraction"]) == ("x", None, None)
    assert fresh["nextInteraction"]["step"] == "first"
    await api.start(session_id)
    begun = await api.ask(DASHBOARD, id=gid)
    assert begun["pendingInteraction"] == {"sequence": 1, "step": "first"}
    assert begun["nextInteraction"] == {"__typename": "InteractionPending"}
    await api.finish(session_id)
    ended = await api.ask(DASHBOARD, id=gid)
    assert ended["endedAt"] == "1970-01-12T13:46:40+00:00"
    assert ended["nextInteraction"] == {"__typename": "SessionComplete"}


async def test_a_session_that_never_began_has_no_end(api: Api) -> None:
    session_id = await api.create()
    await api.app.sessions.cancel(SCOPE, session_id)
    assert (await api.ask(DASHBOARD, id=session_gid(session_id)))["endedAt"] is None


async def test_the_children_are_counted_by_their_newest_attempts(api: Api) -> None:
    parent, (done, lost, _) = await api.family(3)
    await api.finish(done)
    await api.app.sessions.cancel(SCOPE, lost)
    of_parent = {"id": session_gid(parent)}
    counts = {"total": 3, "active": 1, "complete": 1, "failed": 0, "cancelled": 1, "outcomes": []}
    assert (await api.ask(DASHBOARD, **of_parent))["progress"] == counts
    await api.app.sessions.retry(SCOPE, parent)
    assert (await api.ask(DASHBOARD, **of_parent))["progress"] == {**counts, "active": 2, "cancelled": 0}


async def test_outcomes_are_counted(api: Api) -> None:
    parent, children = await api.family(3)
    for child, outcome in zip(children, ("proven", "none", "proven"), strict=True):
        await api.finish(child)
        head = await api.app.sessions.head(SCOPE, child)
        await api.app.store.commit(Change(replace(head, outcome=outcome, version=head.version + 1)))
    progress = (await api.ask(DASHBOARD, id=session_gid(parent)))["progress"]
    assert progress["outcomes"] == [{"outcome": "none", "count": 1}, {"outcome": "proven", "count": 2}]


async def test_a_step_is_described_in_its_authors_words(api: Api) -> None:
    session_id = await api.create()
    described = "query($id: ID!) { session(id: $id) { steps { name description } } }"
    del api.app.registry.steps["line", "second"]
    first, second = (await api.ask(described, id=session_gid(session_id)))["steps"]
    assert first["description"] == "Asks for something in a workspace."
    assert second["description"] is None


async def test_no_reason_names_the_servers_folders(api: Api) -> None:
    session_id = await api.create()
    head = await api.app.sessions.head(SCOPE, session_id)
    blocked = replace(head, blocked="no (/srv/venv/lib/x.py)", version=head.version + 1)
    await api.app.store.commit(Change(blocked))
    told = await api.ask("query($id: ID!) { session(id: $id) { blocked } }", id=session_gid(session_id))
    assert told["blocked"] == "no (…/x.py)"
    assert (await next_of(api, session_id))["message"] == "no (…/x.py)"
