"""What a budget of a whole tree promises: it is kept, and what was proven is not lost."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from factories import PARKING, SCOPE, Clock, Echo, Plugins
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proctor import ChildSpec, Command, Outcome, Result, Scope, Session, Usage, Workflow
from proctor.contracts.store import Store
from proctor.domain.budget import Spent
from proctor.domain.orchestrator import NextStep
from proctor.domain.session import Limits
from proctor.errors import SessionClosed
from proctor.executors.none import NoneExecutor
from proctor.sessions import Draft, Sessions
from proctor.store import open_store

FAMILY = Workflow("family", ("spawn", "close"), spawns=("child",))
CHILD = Workflow("child", ("look", "write", "check"))
KEYS = ("a", "b", "c")
MONEY = "limits.money: the 1.00 USD of this run are spent (`[limits] money = …` allows more)"


class Asking(NoneExecutor):
    spends = True


class Spawn(Echo):
    """Wants a child for each key, and new attempts as long as the limits allow them; one good child is enough."""

    async def get_command(self, scope: Scope, session: Session, options: object) -> Command:
        newest = {child.key: child for child in session.children}
        again = {key for key, child in newest.items() if _is_tried_again(session, child.status, child.attempt)}
        attempts = {key: (newest[key].attempt if key in newest else 1) + (key in again) for key in KEYS}
        return Command(self.kind, children=tuple(ChildSpec(key, "child", {}, attempts[key]) for key in KEYS))

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: object) -> Outcome:
        newest = {child.key: child for child in session.children}.values()
        if any(_is_tried_again(session, child.status, child.attempt) for child in newest):
            return Outcome(replace(result, status="error", error_message="not all are complete"))
        reasons = "; ".join(child.last_error or "" for child in newest)
        failed = all(child.status == "failed" for child in newest)
        said = replace(result, status="error", error_message=reasons) if failed else result
        return Outcome(said, session_status="failed" if failed else None)


class Check(Echo):
    """Tells what is left to whoever looks."""

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: object) -> Outcome:
        return Outcome(result, {"fixes_left": session.remaining.fixes})


class Forgetful(Echo):
    """Forgets what its agent reported."""

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: object) -> Outcome:
        return Outcome(Result(result.status), {"fixes_left": session.remaining.fixes})


def _is_tried_again(session: Session, status: str, attempt: int) -> bool:
    return status != "complete" and attempt < session.limits.attempts


@pytest.fixture
def plugins() -> Plugins:
    steps = {
        "family": [Spawn("spawn", "spawn_sessions"), Echo("close")],
        "child": [Echo("look"), Forgetful("write", "agent"), Check("check")],
    }
    return Plugins([FAMILY, CHILD], steps, {**PARKING, "agent": Asking})


@pytest.fixture
def sessions(store: Store, plugins: Plugins, clock: Clock, new_id: Callable[[], str]) -> Sessions:
    return Sessions(store, plugins, clock=clock, new_id=new_id)


async def planted(sessions: Sessions, limits: Limits) -> str:
    """Create a tree and have its children spawned."""
    root = (await sessions.create(SCOPE, Draft("family", {}, limits=limits))).id
    await sessions.proceed(SCOPE, root, owner="me")
    return root


async def turn(sessions: Sessions, session_id: str, usage: Usage | None = None, status: str = "ok") -> bool:
    """Do one turn of a session, and tell whether it could be begun; an agent consumes so much in it."""
    try:
        started = await sessions.start(SCOPE, session_id, owner="me")
    except SessionClosed:
        return False
    asked = started.interaction.command.kind == "agent"
    result = Result(status if asked else "ok", usage=usage if asked else None)
    await sessions.submit(SCOPE, session_id, started.fence, result)
    return True


async def to_the_end(store: Store, sessions: Sessions, root: str, usage: Usage | None = None) -> str:
    """Do whatever is due until nothing is."""
    while due := await store.due(root, 0.0):
        for session_id in due:
            if await sessions.proceed(SCOPE, session_id, owner="me") is not None:
                await turn(sessions, session_id, usage)
    return (await sessions.head(SCOPE, root)).status


async def told(store: Store, root: str) -> list[tuple[str, str, str | None]]:
    return [(head.birth.key, head.status, head.last_error) for head in (await store.descendants(SCOPE, root))[1:]]


async def test_when_the_money_is_spent_nobody_is_asked_any_more_and_what_is_there_lands(
    store: Store, sessions: Sessions
) -> None:
    root = await planted(sessions, Limits(money=1.0))
    first, second, _ = [head.id for head in (await store.descendants(SCOPE, root))[1:]]
    await turn(sessions, second)
    assert await turn(sessions, first)
    await turn(sessions, first, Usage(10, 20, 1.2))
    assert await to_the_end(store, sessions, root, Usage(1, 1, 9.0)) == "complete"
    assert await told(store, root) == [("a", "complete", None), ("b", "failed", MONEY), ("c", "failed", MONEY)]
    assert await store.spent(root) == Spent(0.0, 30, 1.2, 4)
    never_began = (await store.descendants(SCOPE, root))[3]
    assert never_began.sequence == 0


async def test_what_was_paid_for_is_judged_as_ever_and_later_checks_see_no_fix_left(
    store: Store, sessions: Sessions
) -> None:
    root = await planted(sessions, Limits(tokens=5, fixes=3))
    child = (await store.descendants(SCOPE, root))[1].id
    await turn(sessions, child)
    await turn(sessions, child, Usage(5))
    assert (await sessions.head(SCOPE, child)).state["fixes_left"] == 3
    await turn(sessions, child)
    assert (await sessions.head(SCOPE, child)).state["fixes_left"] == 0
    assert (await sessions.get(SCOPE, root)).limits.attempts == 1


async def test_a_tree_in_which_nothing_was_proven_fails_with_the_budget_as_the_reason(
    store: Store, sessions: Sessions
) -> None:
    root = await planted(sessions, Limits(money=1.0))
    for head in (await store.descendants(SCOPE, root))[1:]:
        await turn(sessions, head.id)
    await turn(sessions, head.id, Usage(cost_usd=1.0), "error")
    assert await to_the_end(store, sessions, root) == "failed"
    assert MONEY in str((await sessions.head(SCOPE, root)).last_error)


async def test_a_tree_that_is_opened_again_has_its_budgets_anew(store: Store, sessions: Sessions) -> None:
    root = await planted(sessions, Limits(money=1.0))
    for head in (await store.descendants(SCOPE, root))[1:]:
        await turn(sessions, head.id)
    await turn(sessions, head.id, Usage(cost_usd=1.0), "error")
    assert await to_the_end(store, sessions, root) == "failed"
    await sessions.retry(SCOPE, root)
    assert (await store.spent(root)).money == 0.0
    assert await to_the_end(store, sessions, root, Usage(cost_usd=0.1)) == "complete"
    tree = await store.tree(SCOPE, root)
    assert tree is not None
    assert tree.spent.cost_usd == pytest.approx(1.3)


async def test_what_is_over_ends_where_it_stands_and_the_parent_goes_on(
    store: Store, sessions: Sessions, clock: Clock
) -> None:
    root = await planted(sessions, Limits(seconds=10.0))
    first, second, _ = [head.id for head in (await store.descendants(SCOPE, root))[1:]]
    while await turn(sessions, first):
        pass
    fence = (await sessions.start(SCOPE, second, owner="me")).fence
    await sessions.count_time(SCOPE, root, 9.0)
    assert (await sessions.head(SCOPE, second)).status == "active"
    clock.now += 1
    await sessions.count_time(SCOPE, root, 1.0)
    over = "limits.seconds: the 10 s of this run are over (`[limits] seconds = …` allows more)"
    assert await told(store, root) == [("a", "complete", None), ("b", "failed", over), ("c", "failed", over)]
    assert (await sessions.head(SCOPE, second)).fence > fence
    assert await to_the_end(store, sessions, root) == "complete"


async def test_time_counts_once_however_many_count_it(store: Store, sessions: Sessions, clock: Clock) -> None:
    root = await planted(sessions, Limits())
    for _ in range(3):
        clock.now += 2.0
        await sessions.count_time(SCOPE, root, 2.0)
        await sessions.count_time(SCOPE, root, 2.0)
    assert (await store.spent(root)).seconds == 6.0


async def test_the_time_of_clients_counts_while_they_execute(store: Store, sessions: Sessions, clock: Clock) -> None:
    root = await planted(sessions, Limits())
    first, second, _ = [head.id for head in (await store.descendants(SCOPE, root))[1:]]
    started = [await sessions.start(SCOPE, each, owner="client:1") for each in (first, second)]
    clock.now += 5.0
    for each in started:
        await sessions.submit(SCOPE, each.head.id, each.fence, Result("ok"))
    clock.now += 100.0
    await turn(sessions, first)
    assert (await store.spent(root)).seconds == 5.0


async def test_too_many_sessions_fail_their_parent_before_any_is_made(store: Store, sessions: Sessions) -> None:
    root = await planted(sessions, Limits(sessions=3))
    head = await sessions.head(SCOPE, root)
    assert (head.status, head.sequence) == ("failed", 0)
    assert str(head.last_error).startswith("limits.sessions: 4 sessions are wanted and 3 are allowed (`[limits]")
    assert len(await store.descendants(SCOPE, root)) == 1


async def test_new_attempts_are_made_while_there_is_room(store: Store, sessions: Sessions) -> None:
    root = await planted(sessions, Limits(sessions=5, attempts=3, same_failure=2))
    first, *others = [head.id for head in (await store.descendants(SCOPE, root))[1:]]
    for each in others:
        for _ in range(3):
            await turn(sessions, each, status="error")
    assert await to_the_end(store, sessions, root) == "complete"
    attempts = [(head.birth.key, head.birth.attempt) for head in (await store.descendants(SCOPE, root))[1:]]
    assert sorted(attempts) == [("a", 1), ("b", 1), ("b", 2), ("c", 1)]
    assert (await sessions.head(SCOPE, first)).status == "complete"


USAGES = st.none() | st.builds(Usage, st.integers(0, 40), st.integers(0, 40), st.sampled_from([0.0, 0.25, 0.5]))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 5), USAGES, st.sampled_from(["ok", "error"])), max_size=25))
async def test_what_is_spent_is_what_was_reported_and_nothing_begins_behind_it(
    tmp_path_factory: pytest.TempPathFactory, plugins: Plugins, turns: list[tuple[int, Usage | None, str]]
) -> None:
    store = await open_store(str(tmp_path_factory.mktemp("spent") / "p.db"))
    ids = iter(range(10_000))
    sessions = Sessions(store, plugins, clock=Clock(), new_id=lambda: f"{next(ids):032x}")
    try:
        root, before = await planted(sessions, Limits(tokens=100, money=1.0)), Spent()
        for which, usage, status in turns:
            heads = (await store.descendants(SCOPE, root))[1:]
            head = heads[which % len(heads)]
            over = before.tokens >= 100 or before.money >= 1.0
            following = await sessions.next(SCOPE, head.id)
            costs = not head.sequence or (isinstance(following, NextStep) and following.step == "write")
            could = await turn(sessions, head.id, usage, status)
            assert not (could and over and costs)
            spent = await store.spent(root)
            logs = [entry for each in heads for entry in await store.interactions(SCOPE, each.id)]
            reported = [entry.result.usage for entry in logs if entry.result and entry.result.usage]
            total = sum(reported, Usage())
            assert (spent.tokens, spent.money) == (total.input_tokens + total.output_tokens, total.cost_usd)
            assert (spent.tokens, spent.money) >= (before.tokens, before.money)
            before = spent
    finally:
        await store.close()
