"""Proctor's own plugins under the full kits: what `check` cannot know of them, their good results, stands here."""

from component_world import FULL, TARGET, World
from context_world import child, surveyed

from proctor import Command, Result, Session, Workspace
from proctor.contracts.agent import Agent
from proctor.contracts.engine import Due
from proctor.engines.local import LocalEngine
from proctor.executors.agent import AgentExecutor
from proctor.executors.land import LandExecutor
from proctor.executors.none import NoneExecutor
from proctor.executors.process import ProcessExecutor
from proctor.testing import (
    AgentContract,
    EngineContract,
    ExecutorContract,
    ScriptedAgent,
    StepContract,
    Turn,
    a_session,
)
from proctor_agents.builtin import BuiltinAgent
from proctor_agents.command import CommandAgent
from proctor_component_testing.check_coverage import CheckCoverage
from proctor_component_testing.check_stability import CheckStability
from proctor_component_testing.drop_tests import DropTests
from proctor_component_testing.fix_tests import FixTests
from proctor_component_testing.generate_tests import GenerateTests
from proctor_component_testing.initialize import Initialize as InitializeComponent
from proctor_component_testing.run_tests import RunTests
from proctor_context_testing.finalize import Finalize as FinalizeContext
from proctor_context_testing.initialize import Initialize as InitializeContext
from proctor_context_testing.spawn_component_testing_sessions import SpawnComponentTestingSessions


def world() -> World:
    return World({})


class TestInitializeComponent(StepContract):
    step = InitializeComponent

    def result(self) -> Result:
        return world().initialize(Command("process"))


class TestGenerateTests(StepContract):
    step = GenerateTests

    def result(self) -> Result:
        return world().written(changed=[TARGET], message="done")


class TestRunTests(StepContract):
    step = RunTests

    def result(self) -> Result:
        return world().ran(bad=["test_a"])


class TestCheckStability(StepContract):
    step = CheckStability

    def result(self) -> Result:
        return world().ran(runs=5)


class TestCheckCoverage(StepContract):
    step = CheckCoverage

    def result(self) -> Result:
        return world().ran(coverage=FULL)


class TestFixTests(StepContract):
    step = FixTests

    def result(self) -> Result:
        return world().written(changed=[TARGET])


class TestDropTests(StepContract):
    step = DropTests

    def result(self) -> Result:
        report = {"dropped": [f"{TARGET}::test_a"], "remaining": [f"{TARGET}::test_b"], "deleted": False}
        return Result("ok", {"report": report}, files={TARGET: "version 2"})


class TestInitializeContext(StepContract):
    step = InitializeContext

    def result(self) -> Result:
        return surveyed("shop.cart", "shop.prices")


class TestSpawning(StepContract):
    step = SpawnComponentTestingSessions


class TestFinalizeContext(StepContract):
    step = FinalizeContext

    def session(self) -> Session:
        return a_session("context_testing", children=(child("shop.cart"),))

    def result(self) -> Result:
        landed = {"branch": "tests", "commit": "d" * 40, "files": [TARGET], "code": None}
        return Result("ok", {**landed, "report": {"tests": [{"test": f"{TARGET}::test_a"}]}})


class TestBuiltin(AgentContract):
    agent = BuiltinAgent


class TestCommand(AgentContract):
    agent = CommandAgent
    options = {"argv": ["sh", "-c", 'echo begun; echo "pass" > "$PROCTOR_TARGET"']}
    cannot_start = {"argv": ["no-such-program"]}


class TestScripted(AgentContract):
    agent = ScriptedAgent
    options = {"turns": [{"writes": {"{target}": "pass\n"}, "says": ["writing"]}]}
    cannot_start = {"turns": [{"status": "fault", "message": "it is not there"}]}


class TestProcess(ExecutorContract):
    executor = ProcessExecutor
    kind = "process"

    def command(self, workspace: Workspace) -> Command:
        script = 'echo more >> notes.txt; echo 1 > "$PROCTOR_REPORT"'
        return Command("process", {"argv": ["sh", "-c", script], "collect": ["notes.txt"]}, workspace)


class TestAgent(ExecutorContract):
    executor = AgentExecutor
    kind = "agent"

    def agent(self, name: str) -> Agent:
        return ScriptedAgent(None, *[Turn(writes={"{target}": "pass\n"})] * 2)

    def command(self, workspace: Workspace) -> Command:
        component = {"name": "shop.cart", "path": "shop/cart.py"}
        said = {"agent": "scripted", "text": "Write tests.", "component": component}
        return Command("agent", {**said, "target": TARGET, "may_write": [TARGET]}, workspace)


class TestLand(ExecutorContract):
    executor = LandExecutor
    kind = "land"

    def command(self, workspace: Workspace) -> Command:
        somebody = {"author_name": "Ada Example", "author_email": "ada@example.org", "date": 1.0}
        verify = {"argv": ["true"]}
        return Command("land", {**somebody, "verify": verify, "title": "Tests", "branch": "tests"}, workspace)


class TestNone(ExecutorContract):
    executor = NoneExecutor
    kind = "none"


class TestLocal(EngineContract):
    engine = LocalEngine

    def open(self, due: Due) -> LocalEngine:
        return LocalEngine(due, poll_s=0.01)
