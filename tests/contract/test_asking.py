"""`ask` and `around` put questions as the framework does, wherever they are called."""

from dataclasses import replace

import pytest
from contract.broken import Breaks
from pydantic import BaseModel

from proctor import Command, Outcome, Result, Scope, Session, Step, Wrapper
from proctor.contracts.wrapper import Inner
from proctor.errors import PluginMissing
from proctor.testing import StepContract, WrapperContract, a_result, a_session, around, ask


class Alone(Step):
    """A step that is not installed."""

    name, workflow, after = "alone", "component_testing", "run_tests"

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        return Command("none")

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        return Outcome(result, {"seen": True})


class NiceOptions(BaseModel):
    level: int = 10


class Nice(Wrapper):
    """Runs the tests with a lower priority."""

    name, workflow, wraps = "nice", "component_testing", "run_tests"
    Options = NiceOptions

    async def get_command(self, inner: Inner, scope: Scope, session: Session, options: BaseModel) -> Command:
        assert isinstance(options, NiceOptions)
        command = await inner.get_command(scope, session)
        argv = command.arguments.get("argv", [])
        assert isinstance(argv, list)
        return replace(command, arguments={**command.arguments, "argv": ["nice", f"-n{options.level}", *argv]})


class Lost(Nice):
    wraps = "run_nothing"


def test_a_wrapper_is_asked_together_with_the_installed_step_that_it_wraps() -> None:
    command = ask(Nice, a_session(), options={"level": 5})
    argv = command.arguments["argv"]
    assert isinstance(argv, list)
    assert argv[:2] == ["nice", "-n5"]
    assert len(argv) > 2
    assert (command.kind, command.step) == ("process", "run_tests")


def test_a_wrapper_is_asked_together_with_any_other_step() -> None:
    assert ask(around(Nice, Alone), a_session()).arguments == {"argv": ["nice", "-n10"]}
    assert ask(around(Nice, Alone), a_session(), a_result()).state == {"seen": True}


def test_a_wrapper_of_nothing_is_told_so() -> None:
    with pytest.raises(PluginMissing, match="run_nothing"):
        ask(Lost, a_session())


def test_the_kit_for_wrappers_finds_the_step_inside() -> None:
    assert Breaks(WrapperContract, wrapper=Nice).rules == []
    assert "run_nothing" in Breaks(WrapperContract, wrapper=Lost, has_session=False)["it_finds_its_place"]


async def test_a_step_can_be_asked_where_an_event_loop_runs() -> None:
    assert ask(Alone, a_session()).kind == "none"


def test_a_kits_session_may_come_from_another_answer() -> None:
    def session(_: object) -> Session:
        return a_session(state={**a_session().state, **ask(Alone, a_session(), a_result()).state})

    assert Breaks(StepContract, step=Alone, session=session).rules == []
