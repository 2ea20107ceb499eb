"""What is written down of a mutation."""

import pytest
from graphql import ExecutionResult, GraphQLError

from proctor.api.audit import LONGEST, audit
from proctor.api.caller import Caller
from proctor.api.execution import Execution
from proctor.api.ids import interaction_gid, session_gid
from proctor.api.operation import Operation
from proctor.contracts.access import Deed

SESSION = "6ccd176cea2b4081b47b8641e12db4f2"
SHOUT = 'mutation ($id: String) { said: shout(word: "a", sessionId: $id) }'


async def written(
    execution: Execution, caller: Caller, result: ExecutionResult | None, session_id: str | None = None
) -> Deed:
    ready = execution.ready(Operation(SHOUT, variables={"id": session_id}))
    await audit(caller.app.store, ready, caller, result)
    (deed,) = await caller.app.store.deeds(caller.scope)
    return deed


async def test_a_session_is_named_as_its_operator_knows_it(execution: Execution, caller: Caller) -> None:
    deed = await written(execution, caller, ExecutionResult({"said": "A"}), session_gid(SESSION))
    assert (deed.action, deed.session) == ("shout", SESSION)


@pytest.mark.parametrize("gid", [None, "", "nonsense", SESSION, interaction_gid(SESSION, 1), "é", "\ud800"])
async def test_what_names_no_session_is_not_written(execution: Execution, caller: Caller, gid: str | None) -> None:
    assert (await written(execution, caller, ExecutionResult({"said": "A"}), gid)).session is None


async def test_nobody_fills_the_audit_with_made_up_ids(execution: Execution, caller: Caller) -> None:
    deed = await written(execution, caller, ExecutionResult({"said": "A"}), session_gid("x" * 100_000))
    assert deed.session == "x" * LONGEST


async def test_a_session_that_was_created_is_taken_from_the_answer(execution: Execution, caller: Caller) -> None:
    answer = {"__typename": "CreateSessionSuccess", "session": {"id": session_gid(SESSION)}}
    deed = await written(execution, caller, ExecutionResult({"said": answer}))
    assert (deed.session, deed.detail["outcome"]) == (SESSION, "CreateSessionSuccess")


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (None, "unknown"),
        (ExecutionResult({"said": "A"}), "answered"),
        (ExecutionResult({"said": {"session": None}}), "answered"),
        (ExecutionResult(None, [GraphQLError("late", extensions={"code": "timeout"})]), "timeout"),
        (ExecutionResult({"said": None}, [GraphQLError("broken", path=["said"])]), "error"),
        (ExecutionResult({"said": "A"}, [GraphQLError("another's", path=["other"])]), "answered"),
    ],
)
async def test_the_outcome_is_written(
    execution: Execution, caller: Caller, result: ExecutionResult | None, outcome: str
) -> None:
    assert (await written(execution, caller, result)).detail["outcome"] == outcome
