"""The kinds of commands that nothing has to be executed for."""

from collections.abc import Callable

import pytest
from factories import SCOPE, Clock, Echo, Plugins

from proctor import Command, Result, Workflow
from proctor.contracts.executor import Executor
from proctor.contracts.store import Store
from proctor.executors.none import ExternalExecutor, NoneExecutor, SpawnSessionsExecutor
from proctor.runner import Runner
from proctor.sessions import LEASE_S, Draft, Sessions


@pytest.mark.parametrize(
    ("kind", "waits_for"), [(NoneExecutor, None), (ExternalExecutor, "external"), (SpawnSessionsExecutor, "children")]
)
def test_each_kind_says_what_it_waits_for(kind: type[Executor], waits_for: str | None) -> None:
    assert kind.parks == waits_for


async def test_nothing_to_do_is_done_at_once_whatever_the_arguments_say() -> None:
    command = Command("none", {"note": "for the reader"})
    NoneExecutor.Arguments.model_validate(command.arguments)
    assert await NoneExecutor().execute(command, None) == Result("ok")  # type: ignore[arg-type] # it uses nothing


async def test_an_approval_waits_for_somebody_for_as_long_as_it_takes(
    store: Store, clock: Clock, new_id: Callable[[], str]
) -> None:
    plugins = Plugins([Workflow("line", ("approve", "work"))], {"line": [Echo("approve", "external"), Echo("work")]})
    sessions = Sessions(store, plugins, clock=clock, new_id=new_id)
    runner = Runner(sessions, plugins, lambda _started, _emit: None, scope=SCOPE, owner="me")
    session_id = (await sessions.create(SCOPE, Draft("line", {}))).id
    for _ in range(2):
        await runner.advance(session_id)
        head = await sessions.head(SCOPE, session_id)
        assert (head.parked, head.lease_until, head.sequence) == ("external", None, 0)
        clock.now += LEASE_S * 1000
        assert session_id not in await store.due(session_id, clock.now)
    await sessions.submit(SCOPE, session_id, head.fence, Result("ok"), key="approved", executed_by="Ada")
    await runner.advance(session_id)
    assert (await sessions.head(SCOPE, session_id)).status == "complete"
    log = await store.interactions(SCOPE, session_id)
    assert [(each.command.step, each.executed_by) for each in log] == [("approve", "Ada"), ("work", "me")]
