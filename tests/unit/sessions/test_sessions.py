"""What the session service promises its callers."""

import asyncio
from unittest.mock import AsyncMock

import pytest
from factories import SCOPE, Clock, Echo, Pair, Plugins

from proctor import Command, Outcome, Result, Scope, Session
from proctor.contracts.store import Owner, Store
from proctor.domain.orchestrator import NextStep
from proctor.domain.session import Limits
from proctor.errors import (
    Conflict,
    DatabaseBusy,
    IdempotencyConflict,
    NoLease,
    NothingToRetry,
    SessionBlocked,
    SessionClosed,
    SessionNotFound,
    SessionPaused,
    StaleFence,
    TreeOwned,
)
from proctor.sessions import LEASE_S, Draft, Sessions

OK = Result("ok")


async def created(sessions: Sessions, workflow: str = "line", **draft: object) -> str:
    return (await sessions.create(SCOPE, Draft(workflow, {"name": "x"}, **draft))).id


async def finish(sessions: Sessions, session_id: str, status: str = "ok") -> None:
    """Do every step of a session with the same result until it has ended."""
    while (await sessions.head(SCOPE, session_id)).status == "active":
        try:
            started = await sessions.start(SCOPE, session_id, owner="me")
        except SessionClosed:  # its steps could not even make their commands
            return
        await sessions.submit(SCOPE, session_id, started.fence, Result(status), key=str(started.fence))


async def test_a_session_goes_through_its_steps_and_completes(sessions: Sessions) -> None:
    session_id = await created(sessions)
    assert await sessions.next(SCOPE, session_id) == NextStep("first", "nothing was completed yet: the first step")
    await finish(sessions, session_id)
    assert await sessions.is_complete(SCOPE, session_id)
    with pytest.raises(SessionClosed):
        await sessions.start(SCOPE, session_id)


async def test_starting_while_one_is_pending_shows_that_one(sessions: Sessions) -> None:
    session_id = await created(sessions)
    first, again = [await sessions.start(SCOPE, session_id) for _ in range(2)]
    assert (first.fresh, again.fresh) == (True, False)
    assert first.fence == again.fence
    assert first.interaction == again.interaction


async def test_many_callers_at_once_start_only_one(sessions: Sessions) -> None:
    session_id = await created(sessions)
    started = await asyncio.gather(*(sessions.start(SCOPE, session_id) for _ in range(8)))
    assert sum(each.fresh for each in started) == 1
    assert {each.fence for each in started} == {1}


@pytest.mark.parametrize("key", [None, "k"])
async def test_a_result_that_met_a_busy_database_can_be_submitted_again(
    sessions: Sessions, store: Store, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    session_id = await created(sessions)
    started = await sessions.start(SCOPE, session_id, owner="me")
    with monkeypatch.context() as busily:
        busily.setattr(store, "commit", AsyncMock(side_effect=DatabaseBusy(database="p.db", seconds=10)))
        with pytest.raises(DatabaseBusy):
            await sessions.submit(SCOPE, session_id, started.fence, OK, key=key)
    await sessions.submit(SCOPE, session_id, started.fence, OK, key=key)
    assert (await sessions.head(SCOPE, session_id)).sequence == 1


async def test_a_repeated_submit_gets_the_same_answer_whatever_happened_since(sessions: Sessions) -> None:
    session_id = await created(sessions)
    started = await sessions.start(SCOPE, session_id)
    first = await sessions.submit(SCOPE, session_id, started.fence, OK, key="k")
    await finish(sessions, session_id)
    again = await sessions.submit(SCOPE, session_id, started.fence, OK, key="k")
    assert (again.sequence, again.status, again.session_status) == (first.sequence, "ok", "active")


async def test_the_same_key_with_other_content_is_a_conflict(sessions: Sessions) -> None:
    session_id = await created(sessions)
    started = await sessions.start(SCOPE, session_id)
    await sessions.submit(SCOPE, session_id, started.fence, OK, key="k")
    with pytest.raises(IdempotencyConflict):
        await sessions.submit(SCOPE, session_id, started.fence, Result("error"), key="k")


async def test_a_result_that_comes_after_a_takeover_is_stale_and_changes_nothing(
    sessions: Sessions, clock: Clock
) -> None:
    session_id = await created(sessions)
    old = await sessions.start(SCOPE, session_id, owner="one")
    clock.now += LEASE_S + 1
    new = await sessions.proceed(SCOPE, session_id, owner="two")
    assert new is not None
    before = await sessions.head(SCOPE, session_id)
    with pytest.raises(StaleFence):
        await sessions.submit(SCOPE, session_id, old.fence, OK, key="late")
    assert await sessions.head(SCOPE, session_id) == before
    assert (await sessions.submit(SCOPE, session_id, new.fence, OK, key="new")).sequence == 2


async def test_a_renewed_lease_is_not_taken_over(sessions: Sessions, clock: Clock) -> None:
    session_id = await created(sessions)
    started = await sessions.start(SCOPE, session_id, owner="one")
    clock.now += LEASE_S - 1
    await sessions.renew(SCOPE, session_id, started.fence)
    clock.now += LEASE_S - 1
    assert await sessions.proceed(SCOPE, session_id, owner="one") is None
    await sessions.submit(SCOPE, session_id, started.fence, OK, key="k")


async def test_going_on_starts_the_next_step_in_the_same_change(sessions: Sessions) -> None:
    session_id = await created(sessions)
    started = await sessions.start(SCOPE, session_id, owner="me")
    before = (await sessions.head(SCOPE, session_id)).version
    submitted = await sessions.submit(SCOPE, session_id, started.fence, OK, key="k", go_on=True, owner="me")
    assert submitted.started is not None
    assert submitted.started.interaction.command.step == "second"
    assert (await sessions.head(SCOPE, session_id)).version == before + 1


class Slow(Echo):
    """Judges when it is told to, and says when it is asked."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.asked, self.told = asyncio.Event(), asyncio.Event()

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: object) -> Outcome:
        self.asked.set()
        await self.told.wait()
        return Outcome(result)


async def test_a_result_whose_judging_takes_time_is_stored_first_and_not_asked_for_again(
    sessions: Sessions, store: Store, plugins: Plugins
) -> None:
    plugins.steps["line", "first"] = slow = Slow("first")
    session_id = await created(sessions)
    started = await sessions.start(SCOPE, session_id, owner="one")
    submitting = asyncio.ensure_future(sessions.submit(SCOPE, session_id, started.fence, OK, key="k", owner="one"))
    async with asyncio.timeout(20):
        while not (await store.due(session_id, 0.0)):  # noqa: ASYNC110 # storing a result alone tells nobody
            await asyncio.sleep(0)
    submitting.cancel()  # and here the process dies
    await asyncio.wait((submitting,))
    slow.told.set()
    following = await sessions.proceed(SCOPE, session_id, owner="two")
    assert following is not None
    assert following.interaction.sequence == started.interaction.sequence + 1


async def test_a_slow_verdict_counts_though_its_result_was_stored_meanwhile(
    sessions: Sessions, plugins: Plugins
) -> None:
    plugins.steps["line", "first"] = slow = Slow("first")
    session_id = await created(sessions)
    started = await sessions.start(SCOPE, session_id, owner="me")
    submitting = asyncio.ensure_future(
        sessions.submit(SCOPE, session_id, started.fence, OK, key="k", go_on=True, owner="me")
    )
    await asyncio.wait_for(slow.asked.wait(), 20)
    await sessions.renew(SCOPE, session_id, started.fence)
    slow.told.set()
    submitted = await submitting
    assert (submitted.sequence, submitted.status) == (1, "ok")
    assert submitted.started is not None


async def test_a_result_whose_step_is_missing_is_stored_and_judged_once_the_step_is_back(
    sessions: Sessions, plugins: Plugins
) -> None:
    session_id = await created(sessions)
    started = await sessions.start(SCOPE, session_id, owner="me")
    step = plugins.steps.pop(("line", "first"))
    sessions._turns._steps._ready.clear()
    with pytest.raises(SessionBlocked):
        await sessions.submit(SCOPE, session_id, started.fence, OK, key="k")
    plugins.steps["line", "first"] = step
    following = await sessions.proceed(SCOPE, session_id, owner="me")
    assert following is not None
    assert following.interaction.command.step == "second"


async def test_a_result_counts_though_the_next_step_is_missing(sessions: Sessions, plugins: Plugins) -> None:
    session_id = await created(sessions)
    started = await sessions.start(SCOPE, session_id, owner="me")
    del plugins.steps["line", "second"]
    submitted = await sessions.submit(SCOPE, session_id, started.fence, OK, key="k", go_on=True, owner="me")
    assert (submitted.sequence, submitted.status, submitted.started) == (1, "ok", None)
    assert await sessions.proceed(SCOPE, session_id, owner="me") is None
    assert "line.second" in ((await sessions.head(SCOPE, session_id)).blocked or "")


async def test_repeats_are_bounded_and_the_reason_is_told(sessions: Sessions) -> None:
    session_id = await created(sessions, limits=Limits(repeats=2, same_failure=99))
    await finish(sessions, session_id, "error")
    head = await sessions.head(SCOPE, session_id)
    assert head.status == "failed"
    assert "repeated 2 times" in (head.last_error or "")
    assert head.sequence == 3


async def test_the_same_failure_again_and_again_ends_sooner(sessions: Sessions) -> None:
    session_id = await created(sessions)
    await finish(sessions, session_id, "fault")
    head = await sessions.head(SCOPE, session_id)
    assert head.sequence == 3
    assert "in the same way" in (head.last_error or "")


async def test_a_step_abandoned_too_often_fails_the_session(sessions: Sessions, clock: Clock) -> None:
    session_id = await created(sessions)
    for _ in range(10):
        await sessions.proceed(SCOPE, session_id, owner="me")
        clock.now += LEASE_S * 2
    head = await sessions.head(SCOPE, session_id)
    assert head.status == "failed"
    assert "abandoned 3 times" in (head.last_error or "")


async def test_a_parent_waits_for_its_children_and_goes_on_by_itself(sessions: Sessions, store: Store) -> None:
    ready: list[str] = []
    sessions._records.on_ready = lambda _birth, session_ids: ready.extend(session_ids)
    root = await created(sessions, "family")
    assert await sessions.proceed(SCOPE, root, owner="me") is None
    head = await sessions.head(SCOPE, root)
    assert (head.parked, head.open_children, head.lease_until) == ("children", 2, None)
    children = [child.id for child in await store.children(SCOPE, root)]
    assert head.pending is not None
    assert head.pending.command.metadata["child_session_ids"] == children
    assert ready == children
    await finish(sessions, children[0])
    assert await sessions.proceed(SCOPE, root, owner="me") is None
    await finish(sessions, children[1])
    assert ready[-1] == root
    following = await sessions.proceed(SCOPE, root, owner="me")
    assert following is not None
    assert following.interaction.command.step == "close"


async def test_a_failed_child_is_replaced_and_a_complete_one_is_kept(sessions: Sessions, store: Store) -> None:
    root = await created(sessions, "family")
    await sessions.proceed(SCOPE, root, owner="me")
    first = {child.birth.key: child.id for child in await store.children(SCOPE, root)}
    await finish(sessions, first["a"])
    await finish(sessions, first["b"], "error")
    assert await sessions.proceed(SCOPE, root, owner="me") is None
    children = {(child.birth.key, child.birth.attempt): child for child in await store.children(SCOPE, root)}
    assert sorted(children) == [("a", 1), ("b", 1), ("b", 2)]
    assert (await sessions.head(SCOPE, root)).open_children == 1
    await finish(sessions, children["b", 2].id)
    following = await sessions.proceed(SCOPE, root, owner="me")
    assert following is not None
    assert following.interaction.command.step == "close"


async def test_cancel_closes_the_whole_tree_and_late_results_are_stale(sessions: Sessions, store: Store) -> None:
    root = await created(sessions, "family")
    await sessions.proceed(SCOPE, root, owner="me")
    child = (await store.children(SCOPE, root))[0]
    started = await sessions.start(SCOPE, child.id, owner="me")
    await sessions.cancel(SCOPE, root)
    assert {head.status for head in await store.descendants(SCOPE, root)} == {"cancelled"}
    with pytest.raises(StaleFence):
        await sessions.submit(SCOPE, child.id, started.fence, OK, key="late")
    assert await sessions.proceed(SCOPE, root, owner="me") is None


async def test_a_missing_plugin_blocks_and_heals(sessions: Sessions, plugins: Plugins) -> None:
    session_id = await created(sessions)
    step = plugins.steps.pop(("line", "first"))
    with pytest.raises(SessionBlocked, match=r"line\.first"):
        await sessions.start(SCOPE, session_id)
    assert "line.first" in ((await sessions.head(SCOPE, session_id)).blocked or "")
    plugins.steps["line", "first"] = step
    assert (await sessions.start(SCOPE, session_id)).fresh
    assert (await sessions.head(SCOPE, session_id)).blocked is None


class Bad(Echo):
    """A plugin at its worst."""

    def __init__(self, name: str, command: object = None, outcome: object = None) -> None:
        super().__init__(name)
        self.command, self.outcome = command, outcome

    async def get_command(self, scope: Scope, session: Session, options: object) -> Command:
        if isinstance(self.command, BaseException):
            raise self.command
        return self.command or Command("none")  # type: ignore[return-value]

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: object) -> Outcome:
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome or Outcome(result)  # type: ignore[return-value]


@pytest.mark.parametrize(
    "bad",
    [
        {"command": ValueError("no")},
        {"command": SystemExit(3)},
        {"command": "nonsense"},
        {"outcome": ValueError("no")},
        {"outcome": SystemExit(3)},
        {"outcome": 42},
        {"outcome": Outcome(OK, product={"text": "x" * 100_000})},
    ],
)
async def test_a_bad_plugin_is_a_fault_that_names_it_and_ends_in_the_budget(
    sessions: Sessions, plugins: Plugins, bad: dict[str, object]
) -> None:
    plugins.steps["line", "first"] = Bad("first", **bad)
    session_id = await created(sessions)
    await finish(sessions, session_id)
    head = await sessions.head(SCOPE, session_id)
    assert head.status == "failed"
    assert "step first" in (head.last_error or "")
    assert head.last_completed is not None
    assert head.last_completed.status == "fault"


async def test_a_plugin_that_hangs_is_a_fault(sessions: Sessions, plugins: Plugins) -> None:
    class Hanging(Echo):
        async def get_command(self, scope: Scope, session: Session, options: object) -> Command:
            await asyncio.Event().wait()
            raise AssertionError

    plugins.steps["line", "first"] = Hanging("first")
    sessions._turns._steps._seconds = 0.01
    session_id = await created(sessions)
    await finish(sessions, session_id)
    assert "did not answer" in ((await sessions.head(SCOPE, session_id)).last_error or "")


async def test_only_one_active_tree_may_be_about_the_same(sessions: Sessions) -> None:
    root = await created(sessions, fingerprint="f")
    with pytest.raises(Conflict):
        await created(sessions, fingerprint="f")
    tree = await sessions.find(SCOPE, "f")
    assert tree is not None
    assert tree.root == root
    await finish(sessions, root)
    assert await sessions.find(SCOPE, "f") is None
    await created(sessions, fingerprint="f")


async def test_a_tree_is_taken_only_from_a_dead_owner(sessions: Sessions) -> None:
    one, two = Owner("here", "boot", 1, 1.0), Owner("here", "boot", 2, 2.0)
    root = (await sessions.create(SCOPE, Draft("line", {}), owner=one)).id
    with pytest.raises(TreeOwned):
        await sessions.adopt(SCOPE, root, two, lambda _: True)
    await sessions.adopt(SCOPE, root, two, lambda _: False)
    with pytest.raises(TreeOwned):
        await sessions.adopt(SCOPE, root, one, lambda _: True)


async def test_what_lies_outside_the_scope_does_not_exist(sessions: Sessions) -> None:
    session_id = await created(sessions)
    stranger = Scope("another", "project")
    for call in (
        sessions.head(stranger, session_id),
        sessions.start(stranger, session_id),
        sessions.next(stranger, session_id),
        sessions.cancel(stranger, session_id),
        sessions.renew(stranger, session_id, 1),
        sessions.submit(stranger, session_id, 1, OK, key="k"),
    ):
        with pytest.raises(SessionNotFound):
            await call


async def test_the_stream_tells_every_turn_in_order(sessions: Sessions) -> None:
    session_id = await created(sessions)
    await finish(sessions, session_id)
    kinds = [event.kind for event in await sessions.events(SCOPE, session_id)]
    turn = ["interaction_started", "interaction_completed"]
    assert kinds == ["session_created", *turn, *turn, "session_changed"]


async def test_who_takes_a_tree_over_counts_abandoned_interactions_anew(sessions: Sessions, clock: Clock) -> None:
    session_id = await created(sessions)
    for number in range(6):
        await sessions.adopt(SCOPE, session_id, Owner("here", "boot", number, 1.0), lambda _: False)
        await sessions.proceed(SCOPE, session_id, owner="me")
        clock.now += LEASE_S * 2
    assert (await sessions.head(SCOPE, session_id)).status == "active"


async def test_a_pause_lets_running_commands_finish_and_nothing_new_start(sessions: Sessions, store: Store) -> None:
    root = await created(sessions, "family")
    await sessions.proceed(SCOPE, root, owner="me")
    child = (await store.children(SCOPE, root))[0]
    started = await sessions.start(SCOPE, child.id, owner="me")
    assert (await sessions.pause(SCOPE, root)).paused
    submitted = await sessions.submit(SCOPE, child.id, started.fence, OK, key="k", go_on=True, owner="me")
    assert (submitted.status, submitted.started) == ("ok", None)
    for session_id in (root, child.id):
        assert await sessions.proceed(SCOPE, session_id, owner="me") is None
    with pytest.raises(SessionPaused):
        await sessions.start(SCOPE, child.id)
    assert not (await sessions.resume(SCOPE, root)).paused
    assert (await sessions.start(SCOPE, child.id)).interaction.command.step == "second"


async def test_a_retry_opens_a_failed_tree_again_and_replaces_what_failed_in_it(
    sessions: Sessions, store: Store
) -> None:
    root = await created(sessions, "family", limits=Limits(same_failure=1), fingerprint="f")
    await sessions.proceed(SCOPE, root, owner="me")
    first = await store.children(SCOPE, root)
    await finish(sessions, first[0].id)
    await finish(sessions, first[1].id, "error")
    await sessions.proceed(SCOPE, root, owner="me")
    assert (await sessions.head(SCOPE, root)).status == "failed"
    assert await sessions.find(SCOPE, "f") is None
    assert (await sessions.retry(SCOPE, root)).status == "active"
    assert await sessions.find(SCOPE, "f") is not None
    replaced = (await store.children(SCOPE, root))[-1]
    assert (replaced.birth.key, replaced.birth.attempt, replaced.status) == ("b", 2, "active")
    assert replaced.state == {"replaces": first[1].id}
    await sessions.proceed(SCOPE, root, owner="me")
    await finish(sessions, replaced.id)
    following = await sessions.proceed(SCOPE, root, owner="me")
    assert following is not None
    assert following.interaction.command.step == "close"


async def test_a_failed_child_is_retried_while_its_parent_waits_for_others(sessions: Sessions, store: Store) -> None:
    root = await created(sessions, "family", limits=Limits(same_failure=1))
    await sessions.proceed(SCOPE, root, owner="me")
    first = await store.children(SCOPE, root)
    await finish(sessions, first[1].id, "error")
    again = await sessions.retry(SCOPE, first[1].id)
    assert (again.birth.key, again.birth.attempt) == ("b", 2)
    assert (await sessions.head(SCOPE, root)).open_children == 2


async def test_a_retry_of_a_tree_whose_place_was_taken_changes_nothing(sessions: Sessions) -> None:
    root = await created(sessions, limits=Limits(same_failure=1), fingerprint="f")
    await finish(sessions, root, "error")
    await created(sessions, fingerprint="f")
    with pytest.raises(Conflict):
        await sessions.retry(SCOPE, root)
    assert (await sessions.head(SCOPE, root)).status == "failed"


async def test_what_is_complete_is_neither_retried_nor_paused(sessions: Sessions) -> None:
    session_id = await created(sessions)
    await finish(sessions, session_id)
    for call in (sessions.retry, sessions.pause, sessions.resume):
        with pytest.raises(SessionClosed):
            await call(SCOPE, session_id)


async def test_what_a_client_executes_is_not_taken_from_it_before_its_lease_has_run_out(
    sessions: Sessions, clock: Clock
) -> None:
    session_id = await created(sessions)
    await sessions.start(SCOPE, session_id, owner="client:frontend")
    assert await sessions.proceed(SCOPE, session_id, owner="me") is None
    clock.now += LEASE_S + 1
    assert await sessions.proceed(SCOPE, session_id, owner="me") is not None


async def kept(sessions: Sessions, plugins: Plugins, key: str = "k") -> tuple[str, int]:
    """Give a session with a stored result that nobody could judge yet, and its fence."""
    session_id = await created(sessions)
    started = await sessions.start(SCOPE, session_id, owner="me")
    step = plugins.steps.pop(("line", "first"))
    sessions._turns._steps._ready.clear()
    with pytest.raises(SessionBlocked):
        await sessions.submit(SCOPE, session_id, started.fence, OK, key=key)
    plugins.steps["line", "first"] = step
    return session_id, started.fence


async def test_a_stored_result_that_somebody_else_judged_still_gets_its_answer(
    sessions: Sessions, plugins: Plugins
) -> None:
    session_id, fence = await kept(sessions, plugins)
    await sessions.proceed(SCOPE, session_id, owner="another")
    answer = await sessions.submit(SCOPE, session_id, fence, OK, key="k")
    assert (answer.sequence, answer.status) == (1, "ok")


async def test_a_stored_result_gives_way_to_no_other(sessions: Sessions, plugins: Plugins) -> None:
    session_id, fence = await kept(sessions, plugins)
    with pytest.raises(IdempotencyConflict):
        await sessions.submit(SCOPE, session_id, fence, Result("error"), key="k")
    with pytest.raises(StaleFence):
        await sessions.submit(SCOPE, session_id, fence, Result("error"), key="another")
    assert (await sessions.submit(SCOPE, session_id, fence, OK, key="k")).status == "ok"


async def test_what_is_parked_has_no_lease_to_renew(sessions: Sessions) -> None:
    root = await created(sessions, "family")
    await sessions.proceed(SCOPE, root, owner="me")
    head = await sessions.head(SCOPE, root)
    with pytest.raises(NoLease):
        await sessions.renew(SCOPE, root, head.fence)
    assert await sessions.head(SCOPE, root) == head


async def test_a_child_is_not_retried_once_its_parent_has_gone_on(
    sessions: Sessions, store: Store, plugins: Plugins
) -> None:
    plugins.steps["family", "spawn"] = TolerantSpawn("spawn", "spawn_sessions")
    root = await created(sessions, "family", limits=Limits(same_failure=1))
    await sessions.proceed(SCOPE, root, owner="me")
    for child in await store.children(SCOPE, root):
        await finish(sessions, child.id, "error")
    await sessions.proceed(SCOPE, root, owner="me")
    with pytest.raises(NothingToRetry, match="gone on"):
        await sessions.retry(SCOPE, child.id)
    assert len(await store.children(SCOPE, root)) == 2


class TolerantSpawn(Pair):
    """Is content whatever became of the children."""

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: object) -> Outcome:
        return Outcome(result)


async def test_a_session_whose_workflow_knows_no_next_step_is_not_opened_again(
    sessions: Sessions, plugins: Plugins
) -> None:
    plugins.steps["line", "first"] = Echo("first", transitions={"ok": "@next", "error": "@self"})
    session_id = await created(sessions)
    await finish(sessions, session_id, "odd")
    with pytest.raises(NothingToRetry, match="invalid state"):
        await sessions.retry(SCOPE, session_id)
    assert (await sessions.head(SCOPE, session_id)).status == "failed"


async def test_a_retry_counts_interactions_anew(sessions: Sessions) -> None:
    limits = Limits(interactions=2, repeats=99, same_failure=99)
    session_id = await created(sessions, limits=limits)
    await finish(sessions, session_id, "error")
    assert "2 interactions" in ((await sessions.head(SCOPE, session_id)).last_error or "")
    await sessions.retry(SCOPE, session_id)
    await finish(sessions, session_id)
    assert (await sessions.head(SCOPE, session_id)).status == "complete"
