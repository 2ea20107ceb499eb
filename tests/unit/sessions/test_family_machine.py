"""A whole tree against a crowd: whatever callers do at the same time, the tree stays sound and ends."""

import asyncio
import math
import sys
import tempfile
from collections import Counter
from collections.abc import Collection, Coroutine
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import TypeVar

from factories import PARKING, SCOPE, Clock, Echo, Plugins
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from proctor import ChildSpec, Command, Outcome, Result, Scope, Session, Usage, Workflow
from proctor.contracts.store import Owner
from proctor.domain.budget import Spent
from proctor.domain.head import Head
from proctor.domain.interaction import Interaction
from proctor.domain.session import TERMINAL, Limits
from proctor.errors import (
    Conflict,
    IdempotencyConflict,
    NothingPending,
    ProctorError,
    SessionBlocked,
    StaleFence,
    TreeOwned,
)
from proctor.executors.none import NoneExecutor
from proctor.sessions import LEASE_S, Draft, Sessions
from proctor.store import open_store

FAMILY = Workflow("family", ("spawn", "approve", "close"), spawns=("child",))
CHILD = Workflow("child", ("work", "approve"))
KEYS = ("a", "b")
ATTEMPTS = 2
TURNS = 80
"""In how many rounds a tree that nobody disturbs has to come to its end."""


class Asking(NoneExecutor):
    """An agent, as far as a session knows."""

    spends = True


KINDS = {**PARKING, "agent": Asking}
T = TypeVar("T")
Call = tuple[str, int, str, str]
"""What is called, how far from the rule's session, with which status, under which key."""

OPERATIONS = (
    *("start", "submit", "submit", "submit_on", "submit_stale", "submit_and_die", "turn", "turn", "turn", "finish"),
    *("one", "two", "one", "two", "renew", "cancel", "pause", "resume", "retry"),
)
STATUSES = st.sampled_from(["ok", "ok", "ok", "error", "dead"])
CALLS = st.tuples(st.sampled_from(OPERATIONS), st.sampled_from([0, 0, 0, 1]), STATUSES, st.sampled_from("kkl"))


class Pace:
    """How many turns of the loop a verdict takes: many, and the raw result is stored first."""

    turns = 0


class Slow(Echo):
    """Judges in its own time; the status `dead` ends the session at once."""

    def __init__(self, name: str, pace: Pace, kind: str = "none") -> None:
        super().__init__(name, kind)
        self.pace = pace

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: object) -> Outcome:
        for _ in range(self.pace.turns):
            await asyncio.sleep(0)
        return Outcome(result, session_status="failed" if result.status == "dead" else None)


class Spawn(Slow):
    """Wants two children, a new attempt of whichever ended badly, and is content with one that is complete."""

    async def get_command(self, scope: Scope, session: Session, options: object) -> Command:
        newest = {child.key: child for child in session.children}
        specs = []
        for key in KEYS:
            child = newest.get(key)
            attempt = child.attempt if child else 1
            if child and child.status in ("failed", "cancelled") and attempt < min(ATTEMPTS, session.limits.attempts):
                attempt += 1
            specs.append(ChildSpec(key, "child", {"name": key}, attempt))
        return Command(self.kind, children=tuple(specs))

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: object) -> Outcome:
        await super().handle_result(scope, session, result, options)
        newest = {child.key: child for child in session.children}
        bad = [child for child in newest.values() if child.status != "complete"]
        if any(child.attempt < min(ATTEMPTS, session.limits.attempts) for child in bad):
            return Outcome(replace(result, status="error", error_message="not all have ended well"))
        return Outcome(replace(result, status="ok"), session_status="failed" if len(bad) == len(KEYS) else None)


class FamilyMachine(RuleBasedStateMachine):
    """A parent, its children, and callers that race; no draw depends on who wins, so every example can be replayed."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.clock, self.ids, self.pace = Clock(), count(1), Pace()
        self.steps = {
            "family": [Spawn("spawn", self.pace, "spawn_sessions"), Echo("approve", "external"), Echo("close")],
            "child": [Slow("work", self.pace, "agent"), Slow("approve", self.pace, "external")],
        }
        self.plugins = Plugins([FAMILY, CHILD], self.steps, KINDS)
        self.answers: dict[tuple[str, str], tuple[str, int, str, str]] = {}
        self.tried: dict[tuple[str, int, str, str], Result] = {}
        self.logs: dict[str, list[Interaction]] = {}
        self.asked: set[tuple[str, int]] = set()
        self.was_over = False
        self.fences: dict[tuple[str, int], int] = {}
        """Under which fence an interaction was seen pending."""

    @initialize(spawned=st.booleans(), budgets=st.sampled_from([{}, {"tokens": 4}, {"sessions": 3}, {"seconds": 99.0}]))
    def create(self, spawned: bool, budgets: dict[str, float]) -> None:
        self.open()
        limits = Limits(repeats=3, same_failure=2, abandoned=2)
        self.limits = replace(limits, **budgets)  # type: ignore[arg-type] # each is a limit
        self.root = self.run(self.sessions.create(SCOPE, Draft("family", {}, limits=self.limits))).id
        if spawned:
            self.run(self.sessions.proceed(SCOPE, self.root, owner="one"))

    def open(self) -> None:
        self.store = self.run(open_store(f"sqlite:///{self.folder.name}/p.db"))
        self.renewed()

    def renewed(self) -> None:
        """Another process: it has loaded no plugin yet."""
        self.sessions = Sessions(self.store, self.plugins, clock=self.clock, new_id=lambda: f"{next(self.ids):032x}")

    def run(self, work: Coroutine[object, object, T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(work, 60))

    # -- what callers do -------------------------------------------------------------------------------------------

    @rule(which=st.integers(0, 5), call=CALLS)
    def alone(self, which: int, call: Call) -> None:
        self.at_once(which, [call])

    @rule(which=st.integers(0, 5), calls=st.lists(CALLS, min_size=2, max_size=3))
    def at_once(self, which: int, calls: list[Call]) -> None:
        heads = self.heads()
        targets = [heads[(which + call[1]) % len(heads)] for call in calls]
        works = [self.call(head, *call) for head, call in zip(targets, calls, strict=True)]
        self.run(together(works))
        self.run(self.store.tell(self.root, ()))  # behind what callers who died had already sent

    async def call(self, head: Head, operation: str, _near: int, status: str, key: str) -> None:
        """Call one operation; what it may refuse, it refuses with an error of its own, and never with a Conflict."""
        try:
            if operation in ("submit", "submit_on"):
                await self.submit(head.id, head.fence, status, key, go_on=operation == "submit_on")
            elif operation == "submit_stale":
                await self.submit(head.id, head.fence - 1, status, key)
            elif operation == "submit_and_die":
                await self.dying(self.submit(head.id, head.fence, status, key))
            elif operation in ("turn", "finish"):
                await self.turns(head.id, status, 1 if operation == "turn" else 4)
            else:
                await self.command(head, operation, status)
        except Conflict:
            raise
        except ProctorError:
            assert operation not in ("one", "two", "cancel"), "this may not be refused"

    async def command(self, head: Head, operation: str, status: str) -> None:
        """Call what needs no result."""
        match operation:
            case "one" | "two":
                await self.advance(head.id, operation)
            case "start":
                await self.sessions.start(SCOPE, head.id, owner="client:1")
            case "renew":
                await self.sessions.renew(SCOPE, head.id, head.fence)
            case "cancel" if head.birth.parent is None and status != "dead":
                pass  # else most examples would be over soon
            case _:
                await getattr(self.sessions, operation)(SCOPE, head.id)

    async def submit(self, session_id: str, fence: int, status: str, key: str, *, go_on: bool = False) -> None:
        """Submit, and check that the answer is about this very content, and the one that was given before."""
        key = f"{fence}{key}"
        tag = f"{fence} {key} {status}"
        result = Result(status, stdout=tag, error_message=None if status == "ok" else status, usage=Usage(1))
        self.tried[session_id, fence, key, status] = result
        said = await self.sessions.submit(SCOPE, session_id, fence, result, key=key, go_on=go_on, owner="one")
        answer = (tag, said.sequence, said.status, said.session_status)
        assert self.answers.setdefault((session_id, key), answer) == answer
        (entry,) = await self.store.interactions(SCOPE, session_id, after=said.sequence - 1, limit=1)
        assert entry.result is not None
        assert (entry.result.stdout, entry.result.status) == (tag, said.status)

    async def dying(self, work: Coroutine[object, object, None]) -> None:
        """Let a caller go away in the middle of its call."""
        task = asyncio.ensure_future(work)
        for _ in range(self.pace.turns // 2 + 2):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait((task,))
        if not task.cancelled():
            task.result()

    async def turns(self, session_id: str, status: str, number: int) -> None:
        """Do so many turns of a session in one go."""
        for _ in range(number):
            started = await self.sessions.start(SCOPE, session_id, owner="one")
            await self.submit(session_id, started.fence, status, "k")

    async def advance(self, session_id: str, owner: str) -> None:
        """Do what is due; afterwards it is due no more, unless something has happened."""
        before = await self.sessions.head(SCOPE, session_id)
        await self.sessions.proceed(SCOPE, session_id, owner=owner)
        due = await self.store.due(self.root, self.clock.now)
        assert session_id not in due or (await self.sessions.head(SCOPE, session_id)) != before

    @rule(owner=st.sampled_from(["one", "two"]))
    def do_what_is_due(self, owner: str) -> None:
        for session_id in self.run(self.store.due(self.root, self.clock.now)):
            self.run(self.advance(session_id, owner))

    @rule(rounds=st.integers(1, 4))
    def all_goes_well(self, rounds: int) -> None:
        for _ in range(rounds):
            self.run(together([self.go_on(head.id) for head in self.heads()]))

    async def go_on(self, session_id: str) -> None:
        """Advance a session, and execute or approve what it then asks for, if it can."""
        started = await self.sessions.proceed(SCOPE, session_id, owner="last")
        head = await self.sessions.head(SCOPE, session_id)
        if started is not None or head.parked == "external":
            with suppress(StaleFence, NothingPending, SessionBlocked, IdempotencyConflict):
                await self.submit(session_id, head.fence, "ok", "last")

    @rule(pid=st.integers(1, 2), alive=st.booleans())
    def adopt(self, pid: int, alive: bool) -> None:
        try:
            self.run(self.sessions.adopt(SCOPE, self.root, Owner("here", "boot", pid, 1.0), lambda _: alive))
        except TreeOwned:
            assert alive

    # -- what else happens -----------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([-100.0, 1.0, LEASE_S * 2]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(seconds=st.sampled_from([1.0, 50.0]))
    def time_is_counted(self, seconds: float) -> None:
        self.clock.now += seconds
        self.run(self.sessions.count_time(SCOPE, self.root, seconds))
        leaves = [head for head in self.heads() if head.birth.parent is not None]
        if self.spent().seconds >= (self.limits.seconds or math.inf):
            assert all(head.status in TERMINAL for head in leaves)

    @rule(turns=st.sampled_from([0, 1, 5, 100]))
    def verdicts_take(self, turns: int) -> None:
        self.pace.turns = turns

    @rule(missing=st.sampled_from([(), (), ("spawn",), ("work",), ("approve",), ("spawn", "work")]))
    def plugins_go_and_come_back(self, missing: Collection[str]) -> None:
        complete = Plugins([FAMILY, CHILD], self.steps, KINDS).steps
        self.plugins.steps = {name: step for name, step in complete.items() if name[1] not in missing}
        self.renewed()

    @rule()
    def reopen(self) -> None:
        self.run(self.store.close())
        self.open()

    # -- what holds all the while ----------------------------------------------------------------------------------

    def heads(self) -> list[Head]:
        return list(self.run(self.store.descendants(SCOPE, self.root)))

    @invariant()
    def logs_only_grow_and_take_each_result_once(self) -> None:
        for head in self.heads():
            log = list(self.run(self.store.interactions(SCOPE, head.id, limit=1000)))
            assert [entry.sequence for entry in log] == list(range(1, head.sequence + 1))
            known = self.logs.get(head.id, [])
            assert log[: len(known)] == known
            tags = {entry.sequence: entry.result.stdout for entry in log if entry.result and entry.result.stdout}
            fences = {sequence: int(tag.split()[0]) for sequence, tag in tags.items()}
            assert [*fences.values()] == sorted(set(fences.values()))
            for sequence, fence in fences.items():
                assert self.fences.get((head.id, sequence), fence) == fence, "a stale result was taken"
            self.logs[head.id] = log
            if head.pending is not None:
                self.fences[head.id, head.pending.sequence] = head.fence

    def spent(self) -> Spent:
        return self.run(self.store.spent(self.root))

    @invariant()
    def what_is_spent_is_what_was_judged(self) -> None:
        tree = self.run(self.store.tree(SCOPE, self.root))
        logs = [
            entry for head in self.heads() for entry in self.run(self.store.interactions(SCOPE, head.id, limit=1000))
        ]
        assert tree is not None
        assert tree.spent.input_tokens == sum(bool(entry.result and entry.result.usage) for entry in logs)
        assert tree.sessions == len(self.heads())

    @invariant()
    def no_agent_is_asked_behind_the_budget(self) -> None:
        """Whoever was asked before may still be at it."""
        asked = {
            (head.id, head.pending.sequence)
            for head in self.heads()
            if head.pending is not None and head.pending.command.kind == "agent"
        }
        over = self.spent().tokens >= (self.limits.tokens or math.inf)
        assert not (over and self.was_over and asked - self.asked)
        self.asked, self.was_over = asked, over

    @invariant()
    def events_are_gap_free(self) -> None:
        events = self.run(self.store.events(SCOPE, self.root, limit=10_000))
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))

    @invariant()
    def parents_know_how_many_children_are_open(self) -> None:
        heads = self.heads()
        active = Counter(head.birth.parent for head in heads if head.status == "active")
        for head in heads:
            assert head.parked != "children" or head.open_children == active[head.id]
            assert head.status == "active" or not active[head.id], "an ended session has an active child"
            waits = head.pending is None or head.parked == "children"
            assert waits or not active[head.id], "a session is past its children, and one of them is active"

    @invariant()
    def nothing_is_pending_in_what_has_ended_and_nothing_parked_has_a_lease(self) -> None:
        for head in self.heads():
            assert head.status == "active" or (head.pending, head.parked) == (None, None)
            assert head.parked is None or (head.lease_until, head.owner) == (None, None)
            assert head.pending is not None or head.lease_until is None

    # -- what has to come of it ------------------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self.every_run_ends()
                self.every_accepted_result_is_answered()
        finally:
            self.run(self.store.close())
            self.loop.close()
            self.folder.cleanup()

    def every_run_ends(self) -> None:
        """With every plugin there and nobody in the way, whoever drives the tree brings it to its end."""
        self.plugins_go_and_come_back(())
        for head in self.heads():
            if head.status not in TERMINAL:
                self.run(self.sessions.resume(SCOPE, head.id))
        at_hand = [head.id for head in self.heads()]
        for _ in range(TURNS):
            for session_id in at_hand:
                self.run(self.go_on(session_id))
            if self.heads()[0].status in TERMINAL:
                break
            self.clock.now += LEASE_S + 1
            waiting = [head.id for head in self.heads() if head.parked == "external"]
            at_hand = [*self.run(self.store.due(self.root, self.clock.now)), *waiting]
        assert {head.status for head in self.heads()} <= TERMINAL, self.heads()
        self.parents_know_how_many_children_are_open()

    def every_accepted_result_is_answered(self) -> None:
        """Whoever asks again gets the answer, however his result came to be judged."""
        for (session_id, fence, key, status), result in self.tried.items():
            accepted = [entry for entry in self.logs_of(session_id) if entry.result.stdout == result.stdout]
            for entry in accepted:
                said = self.run(self.sessions.submit(SCOPE, session_id, fence, result, key=key))
                assert said.sequence == entry.sequence, (key, status)

    def logs_of(self, session_id: str) -> list[Interaction]:
        log = self.run(self.store.interactions(SCOPE, session_id, limit=1000))
        return [entry for entry in log if entry.result is not None]


async def together(works: list[Coroutine[object, object, None]]) -> None:
    """Do all of it at once, and raise what went wrong first when all are done."""
    for done in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(done, BaseException):
            raise done


FamilyMachine.TestCase.settings = settings(
    max_examples=45, stateful_step_count=30, deadline=None, derandomize=True, database=None
)
test_whoever_calls_the_tree_stays_sound_and_ends = FamilyMachine.TestCase
