"""What is written down of a session's id and of an idempotency key."""

import pytest

from proctor.api.audit import LONGEST, LONGEST_KEY, audit, begin
from proctor.api.caller import Caller
from proctor.api.ids import interaction_gid, session_gid
from proctor.contracts.access import Deed

SESSION = "6ccd176cea2b4081b47b8641e12db4f2"


async def written(caller: Caller, gid: str | None, key: str = "k") -> Deed:
    begin(caller, "shout", key, gid)
    await audit(caller.app.store, caller)
    (deed,) = await caller.app.store.deeds(caller.scope)
    return deed


async def test_a_session_is_named_as_its_operator_knows_it(caller: Caller) -> None:
    deed = await written(caller, session_gid(SESSION))
    assert (deed.action, deed.session) == ("shout", SESSION)


@pytest.mark.parametrize("gid", [None, "", "nonsense", SESSION, interaction_gid(SESSION, 1), "é", "\ud800"])
async def test_what_names_no_session_is_not_written(caller: Caller, gid: str | None) -> None:
    assert (await written(caller, gid)).session is None


async def test_nobody_fills_the_audit_with_made_up_ids_and_keys(caller: Caller) -> None:
    deed = await written(caller, session_gid("x" * 100_000), "\ud800" * 100_000)
    assert (deed.session, deed.detail["key"]) == ("x" * LONGEST, "?" * LONGEST_KEY)


async def test_what_was_cut_off_is_written_as_unknown(caller: Caller) -> None:
    deed = await written(caller, None)
    assert deed.detail == {"request": "request", "role": "admin", "outcome": "unknown", "key": "k"}
