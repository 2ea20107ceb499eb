"""The session service against a model: whatever callers do, in whatever order, the log stays true."""

import asyncio
import tempfile
from itertools import count

from factories import PARKING, SCOPE, Clock, Echo, Plugins
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from proctor import Result, Workflow
from proctor.domain.orchestrator import NextStep, Orchestrator
from proctor.domain.session import TERMINAL
from proctor.errors import IdempotencyConflict, NothingPending, SessionClosed, StaleFence
from proctor.sessions import LEASE_S, Draft, Sessions
from proctor.store import open_store

LINE = Workflow("line", ("first", "second", "third"))
STATUSES = st.sampled_from(["ok", "ok", "ok", "warning", "error", "fault", "odd"])


class SessionMachine(RuleBasedStateMachine):
    """One session, a careless crowd of callers, a clock that jumps, and a store that is closed and opened again."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.ids = count(1)
        self.fences: list[int] = []
        self.accepted: dict[str, tuple[int, str, object]] = {}
        self.completed: list[tuple[int, str]] = []
        self.cancelled = False

    @initialize()
    def create(self) -> None:
        self.open()
        draft = Draft("line", {"name": "x"})
        self.id = self.run(self.sessions.create(SCOPE, draft)).id

    def open(self) -> None:
        plugins = Plugins([LINE], {"line": [Echo(name) for name in LINE.main]}, PARKING)
        self.store = self.run(open_store(f"sqlite:///{self.folder.name}/p.db"))
        self.sessions = Sessions(self.store, plugins, clock=self.clock, new_id=lambda: f"{next(self.ids):032x}")

    def run(self, work):
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.store.close())
        self.loop.close()
        self.folder.cleanup()

    @rule()
    def start(self) -> None:
        try:
            started = self.run(self.sessions.start(SCOPE, self.id, owner="one"))
        except SessionClosed:
            assert self.head().status in TERMINAL
            return
        self.fences.append(started.fence)

    @precondition(lambda self: self.fences)
    @rule(status=STATUSES, go_on=st.booleans(), age=st.integers(0, 3))
    def submit(self, status: str, go_on: bool, age: int) -> None:
        fence = self.fences[max(0, len(self.fences) - 1 - age)]
        key, before = f"key-{fence}", self.head()
        result = Result(status, error_message=None if status == "ok" else f"{fence} failed")
        call = self.sessions.submit(SCOPE, self.id, fence, result, key=key, go_on=go_on, owner="one")
        try:
            submitted = self.run(call)
        except (StaleFence, NothingPending):
            assert before.fence != fence or before.pending is None
            assert self.head() == before
            return
        except IdempotencyConflict:
            assert self.accepted[key][1] != status
            assert self.head() == before
            return
        if key in self.accepted:
            assert (submitted.sequence, submitted.status) == self.accepted[key][:2]
            assert self.head() == before
            return
        assert before.fence == fence
        self.accepted[key] = (submitted.sequence, submitted.status, result)
        self.completed.append((submitted.sequence, status))
        if submitted.started is not None:
            self.fences.append(submitted.started.fence)

    @rule(seconds=st.sampled_from([-100.0, 1.0, LEASE_S * 2, 1e6]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(owner=st.sampled_from(["one", "two"]))
    def proceed(self, owner: str) -> None:
        started = self.run(self.sessions.proceed(SCOPE, self.id, owner=owner))
        if started is not None:
            self.fences.append(started.fence)

    @rule()
    def reopen(self) -> None:
        self.run(self.store.close())
        self.open()

    @precondition(lambda self: len(self.completed) > 2)
    @rule()
    def cancel(self) -> None:
        self.run(self.sessions.cancel(SCOPE, self.id))
        assert self.head().status in TERMINAL

    def head(self):
        return self.run(self.sessions.head(SCOPE, self.id))

    @invariant()
    def the_log_is_gap_free_and_tells_what_was_accepted(self) -> None:
        log = self.run(self.store.interactions(SCOPE, self.id, limit=1000))
        assert [entry.sequence for entry in log] == list(range(1, len(log) + 1))
        assert [(e.sequence, e.result.status) for e in log if e.status == "completed"] == self.completed

    @invariant()
    def the_head_agrees_with_the_log(self) -> None:
        head = self.head()
        log = self.run(self.store.interactions(SCOPE, self.id, limit=1000))
        assert head.sequence == len(log)
        done = [entry for entry in log if entry.status == "completed"]
        assert (head.last_completed.sequence if head.last_completed else 0) == (done[-1].sequence if done else 0)
        if head.pending is not None and head.status == "active":
            following = Orchestrator(self.sessions._registry.pin("line")[0]).get_next_interaction(head)
            assert following == NextStep(head.pending.command.step, following.reason)

    @invariant()
    def events_are_gap_free(self) -> None:
        events = self.run(self.store.events(SCOPE, self.id, limit=10_000))
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))

    @invariant()
    def nothing_is_pending_in_what_has_ended(self) -> None:
        head = self.head()
        assert head.status == "active" or head.pending is None


SessionMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
test_whatever_callers_do_the_log_stays_true = SessionMachine.TestCase
