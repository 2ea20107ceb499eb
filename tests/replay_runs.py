"""Runs of every kind: the real session service and the real steps over a store, with made-up results of commands.

Clock and ids are counted, and no path is of any machine, so that each run gives the same history wherever it is made.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import component_world
from component_world import World, broken_file
from context_world import SHOP, surveyed
from factories import SCOPE, Clock

from proctor import Result, Usage
from proctor.contracts.store import Store
from proctor.domain.interaction import Command
from proctor.domain.json import JsonObject
from proctor.domain.session import AgentChoice, Limits
from proctor.registry import Registry
from proctor.sessions import Draft, Sessions, Started

OPTIONS: Mapping[str, JsonObject] = {
    "context_testing.initialize": {"python": "python3"},
    "context_testing.finalize": {"author_name": "Somebody", "author_email": "somebody@example.org"},
}
ME, ANOTHER = "runner one", "runner two"
BUG = {"test": "test_rounding", "message": "gross(0.1) is 0.12000000000000001, and the example says 0.12"}
FAULT = Result("fault", error_message="the agent could not be started: no such program", exit_code=127)


@dataclass
class Run:
    """A tree on its way. `scripts` tells by component, one script for each attempt, what its commands come to."""

    store: Store
    components: Sequence[str] = ("shop.prices", "shop.stock")
    scripts: Mapping[str, Sequence[Mapping[str, Sequence[Any]]]] = field(default_factory=dict)
    results: Mapping[str, Result] = field(default_factory=dict)
    limits: Limits = Limits()
    agent: AgentChoice = AgentChoice("someone")
    usage: Usage | None = None
    """What an agent reports of each of its turns."""

    def __post_init__(self) -> None:
        self.clock, self._ids = Clock(1_750_000_000.0), count(1)
        self.sessions = Sessions(self.store, Registry(), clock=self._tick, new_id=lambda: f"{next(self._ids):08x}" * 4)
        self._worlds: dict[str, World] = {}
        self.root = ""

    def _tick(self) -> float:
        self.clock.now += 0.25
        return self.clock.now

    async def begin(self) -> str:
        """Create the root session."""
        draft = Draft("context_testing", SHOP.to_json(), self.agent, self.limits, options=OPTIONS)
        self.root = (await self.sessions.create(SCOPE, draft)).id
        return self.root

    async def go_on(self, *, until: Callable[[Started], bool] = lambda _started: False) -> Started | None:
        """Do whatever is due, session after session, up to the command that `until` names: that is left undone."""
        while due := await self.store.due(self.root, self.clock.now):
            started = await self.sessions.proceed(SCOPE, due[0], owner=ME)
            while started is not None:
                if until(started):
                    return started
                started = await self.submit(started, self.executed(started))
        return None

    async def submit(self, started: Started, result: Result) -> Started | None:
        """Submit a result, and give what comes next."""
        submitted = await self.sessions.submit(
            SCOPE, started.head.id, started.fence, result, go_on=True, owner=ME, executed_by="host:1:2.00"
        )
        return submitted.started if submitted.started and submitted.started.fresh else None

    def executed(self, started: Started) -> Result:
        """Give the made-up result of a command."""
        birth, command = started.head.birth, started.interaction.command
        if birth.parent is None:
            return self.results.get(command.step) or self._of_context(command)
        world = self._worlds.get(birth.id)
        if world is None:
            scripts = self.scripts.get(birth.key, ())
            script = scripts[min(birth.attempt, len(scripts)) - 1] if scripts else {}
            world = self._worlds[birth.id] = World({})
            world.script = {step: list(results) for step, results in script.items()}
        told = world(command, None)  # type: ignore[arg-type] # it looks at the command only
        result = told(world) if callable(told) else told
        told = _about(result, str(started.head.state["target"]))
        return replace(told, usage=self.usage) if command.kind == "agent" else told

    def _of_context(self, command: Command) -> Result:
        if command.step == "initialize":
            return surveyed(*self.components)
        if command.kind != "land" or command.workspace is None:
            return Result("ok")
        files = sorted(command.workspace.overlay)
        tests = [{"test": f"{file}::{test}", "outcome": "passed"} for file in files for test in ("test_a", "test_b")]
        report: Any = {"tests": tests, "files": files, "suite": {"ran": 1, "passed": 1}}
        data = {"branch": command.arguments["branch"], "commit": "d" * 40, "files": files, "report": report}
        return Result("ok", data, exit_code=0, duration_s=2.5)


def _about(result: Result, target: str) -> Result:
    """Let a made-up result be about the test file of this component."""
    text = json.dumps([result.data, result.files]).replace(component_world.TARGET, target)
    data, files = json.loads(text)
    return Result(
        result.status, data, result.exit_code, result.error_message, result.stdout, result.stderr, files,
        result.usage, result.duration_s,
    )  # fmt: skip


def failing(*tests: str) -> Callable[[World], Result]:
    """Give a check in which these tests fail, of whatever is in the file by then."""
    return lambda world: world.ran(bad=[test for test in tests if test in world.tests])


# -- the kinds of runs -------------------------------------------------------------------------------------------------


async def complete(store: Store) -> Run:
    """Everything goes well at the first go."""
    return await _to_the_end(Run(store))


async def partial(store: Store) -> Run:
    """A test that is never right: three rounds of the fix loop, then it is dropped, and the rest is proven."""
    bad = failing("test_b")
    return await _to_the_end(Run(store, scripts={"shop.prices": [{"run_tests": [bad] * 4}]}))


async def unstable(store: Store) -> Run:
    """A test file that cannot be collected is mended, then a flaky test, then one that executes nothing."""
    script = {
        "run_tests": [broken_file()],
        "check_stability": [lambda world: world.ran(bad=["test_a"], runs=5)],
        "check_coverage": [lambda world: world.ran(coverage=component_world.FULL, idle=["test_b"])],
    }
    return await _to_the_end(Run(store, ("shop.prices",), {"shop.prices": [script]}))


async def out_of_money(store: Store) -> Run:
    """The first two take all the money: one has a bad test that nobody mends any more, and the third never begins."""
    components = ("shop.orders", "shop.prices", "shop.stock")
    bad = {"run_tests": [failing("test_b")]}
    limits = Limits(money=0.5)
    run = Run(store, components, {"shop.prices": [bad]}, limits=limits, usage=Usage(900, 100, 0.25))
    return await _to_the_end(run)


async def out_of_time(store: Store) -> Run:
    """The time is up while the second component is under way."""
    run = Run(store, limits=Limits(seconds=60.0))
    await run.begin()
    await run.go_on(until=lambda started: started.head.birth.key == "shop.stock" and started.head.sequence == 2)
    await run.sessions.count_time(SCOPE, run.root, 60.0)
    await run.go_on()
    return run


async def suspected_bug(store: Store) -> Run:
    """The agent leaves a test out because the code looks wrong."""
    script = {"generate_tests": [lambda world: world.written(suspected_bugs=[BUG])]}
    return await _to_the_end(Run(store, scripts={"shop.prices": [script]}))


async def retried(store: Store) -> Run:
    """A component fails three times in the same way, gets a new session, and that one makes it."""
    return await _to_the_end(Run(store, scripts={"shop.stock": [{"generate_tests": [FAULT] * 3}, {}]}))


async def retried_by_a_user(store: Store) -> Run:
    """The user has a failed component tried again while another one is still being tested."""
    failed = {"generate_tests": [FAULT] * 3}
    run = Run(store, scripts={"shop.prices": [failed, {}]}, limits=Limits(attempts=1))
    await run.begin()
    left = await run.go_on(until=lambda started: started.interaction.command.step == "run_tests")
    assert left is not None
    bad = next(child for child in await store.children(SCOPE, run.root) if child.status == "failed")
    await run.sessions.retry(SCOPE, bad.id)
    await run.submit(left, run.executed(left))
    await run.go_on()
    return run


async def reopened(store: Store) -> Run:
    """Every attempt fails, so the run does; the user opens it again, and it fails again, its budgets counted anew."""
    failed = {"generate_tests": [FAULT] * 3}
    run = await _to_the_end(Run(store, ("shop.prices",), {"shop.prices": [failed, failed]}))
    await run.sessions.retry(SCOPE, run.root)
    await run.go_on()
    return run


async def cancelled(store: Store) -> Run:
    """The user has enough while tests are being generated."""
    run = Run(store)
    await run.begin()
    await run.go_on(until=lambda started: started.interaction.command.step == "generate_tests")
    await run.sessions.cancel(SCOPE, run.root)
    return run


async def taken_over(store: Store) -> Run:
    """Whoever ran the tests is gone; another closes the interaction as abandoned and does it again."""
    run = Run(store, ("shop.prices",))
    await run.begin()
    left = await run.go_on(until=lambda started: started.interaction.command.step == "run_tests")
    assert left is not None
    run.clock.now += 3600
    again = await run.sessions.proceed(SCOPE, left.head.id, owner=ANOTHER)
    while again is not None:
        again = await run.submit(again, run.executed(again))
    await run.go_on()
    return run


async def lost(store: Store) -> Run:
    """Whoever runs the tests is gone every time, until that limit ends the component's only session."""
    run = Run(store, ("shop.prices",), limits=Limits(attempts=1, abandoned=2))
    await run.begin()
    for _ in range(2):
        await run.go_on(until=lambda started: started.interaction.command.step == "run_tests")
        run.clock.now += 3600
        child = (await store.children(SCOPE, run.root))[0]
        await run.sessions.proceed(SCOPE, child.id, owner=ANOTHER)
        run.clock.now += 3600
    await run.go_on()
    return run


async def paused(store: Store) -> Run:
    """The user pauses the run and lets it go on."""
    run = Run(store, ("shop.prices",))
    await run.begin()
    await run.sessions.pause(SCOPE, run.root)
    await run.sessions.resume(SCOPE, run.root)
    await run.go_on()
    return run


async def under_way(store: Store) -> Run:
    """The history is written while a command is being executed."""
    run = Run(store, ("shop.prices",))
    await run.begin()
    await run.go_on(until=lambda started: started.interaction.command.step == "check_stability")
    return run


async def nothing_to_test(store: Store) -> Run:
    """The package has no module with code in it."""
    problem: Any = {"code": "no_components", "message": "There is no module with code in shop."}
    return await _to_the_end(Run(store, results={"initialize": Result("ok", {"report": {"error": problem}})}))


async def no_tests_given(store: Store) -> Run:
    """The agent has nothing to write for one module."""
    script = {"generate_tests": [Result("warning", {"message": "There is no example to be turned into a test."})]}
    return await _to_the_end(Run(store, scripts={"shop.stock": [script]}))


async def nothing_proven(store: Store) -> Run:
    """No component gets a test, so nothing can land."""
    script = {"generate_tests": [Result("warning", error_message="no example")]}
    return await _to_the_end(Run(store, scripts={key: [script] for key in ("shop.prices", "shop.stock")}))


async def with_a_strangers_step(store: Store) -> Run:
    """A step of another distribution stands in the line; `replay_stranger.install` makes it known."""
    return await _to_the_end(Run(store, ("shop.prices",)))


async def with_a_step_that_raises(store: Store) -> Run:
    """The stranger's step cannot even make its command: that is a fault each time, until the budget is used up."""
    return await _to_the_end(Run(store, ("shop.prices",), agent=AgentChoice("clumsy")))


async def with_a_verdict_that_raises(store: Store) -> Run:
    """The stranger's step raises when it is to judge."""
    return await _to_the_end(Run(store, ("shop.prices",), agent=AgentChoice("careless")))


async def _to_the_end(run: Run) -> Run:
    await run.begin()
    await run.go_on()
    return run


KINDS: Mapping[str, Callable[[Store], Awaitable[Run]]] = {
    kind.__name__: kind
    for kind in (
        complete, partial, unstable, suspected_bug, retried, retried_by_a_user, reopened, cancelled, taken_over, lost,
        paused, under_way, nothing_to_test, no_tests_given, nothing_proven, out_of_money, out_of_time,
        with_a_strangers_step, with_a_step_that_raises, with_a_verdict_that_raises,
    )
}  # fmt: skip
