"""The kits for steps, wrappers and workflows catch each a plugin that breaks a rule, and say which."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from contract.broken import Breaks
from pydantic import BaseModel, field_validator

from proctor import (
    CHECK,
    NEXT,
    OK,
    SELF,
    ChildSpec,
    Command,
    Outcome,
    Result,
    Scope,
    Session,
    Step,
    Workflow,
    Wrapper,
    patience,
)
from proctor.contracts.wrapper import Inner
from proctor.domain.workflow import ERROR
from proctor.testing import StepContract, WorkflowContract, WrapperContract, question
from proctor_component_testing.run_tests import RunTests


class Sound(Step):
    """Keeps every rule."""

    name = "sound"
    workflow = "component_testing"
    after = "run_tests"
    transitions = CHECK

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        return Command("none")

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        return Outcome(result)


def broken_by(step: type[Step], **attributes: object) -> Breaks:
    return Breaks(StepContract, step=step, **attributes)


def test_a_sound_step_breaks_no_rule() -> None:
    assert broken_by(Sound).rules == []


# -- what it is ------------------------------------------------------------------------------------------------------


def test_a_name_has_small_letters() -> None:
    class Loud(Sound):
        name = "LOUD"

    assert "small letters" in broken_by(Loud)["it_is_what_the_entry_point_asks_for"]


class Required(BaseModel):
    lines: int


class Growing(BaseModel):
    lines: int = 1

    @field_validator("lines")
    @classmethod
    def _grow(cls, lines: int) -> int:
        return lines + 1


@pytest.mark.parametrize(
    ("model", "words"), [(Required, "refuses {}, because of: lines"), (Growing, "once it was kept as JSON")]
)
def test_options_have_defaults_and_can_be_kept(model: type[BaseModel], words: str) -> None:
    class Optioned(Sound):
        Options = model

    assert words in broken_by(Optioned, has_session=False)["its_options_have_defaults"]


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"after": "finalize"}, "after finalize, the last step"),
        ({"after": "run_test"}, "Known steps"),
        ({"after": None}, "names no anchor"),
        ({"transitions": {OK: NEXT}}, "does not list error"),
        ({"transitions": {OK: NEXT, ERROR: "mend"}}, "error leads to mend"),
    ],
)
def test_a_step_finds_its_place(attributes: Mapping[str, object], words: str) -> None:
    misplaced = type("Misplaced", (Sound,), dict(attributes))
    assert words in broken_by(misplaced, has_session=False)["it_finds_its_place"]


# -- get_command -----------------------------------------------------------------------------------------------------


class Asking(Sound):
    """Answers what `say` says."""

    def say(self, session: Session) -> object:
        return Command("none")

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        return self.say(session)  # type: ignore[return-value] # that is what is tried


def test_it_answers_for_any_session() -> None:
    class Picky(Asking):
        def say(self, session: Session) -> object:
            return [Command("none")][session.attempt - 1]

    told = broken_by(Picky)
    words = "for a second attempt, raised IndexError: list index out of range (test_step_kit.py:"
    assert told.rules == ["get_command_answers_for_any_session"]
    assert words in told["get_command_answers_for_any_session"]


@pytest.mark.parametrize("answer", ["sh -c true", Command("none", {"x": {1, 2}})], ids=["text", "no JSON"])
def test_it_answers_with_a_command(answer: object) -> None:
    class Wordy(Asking):
        def say(self, session: Session) -> object:
            return answer

    assert "get_command, for the session as given" in broken_by(Wordy)["get_command_answers_for_any_session"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (Command("docker"), "docker"),
        (Command("process", {"argv": "true"}), "valid list"),
        (Command("spawn_sessions", children=(ChildSpec("a", "component_testing", {}),)), "does not spawn"),
    ],
)
def test_its_command_can_be_executed(command: Command, words: str) -> None:
    class Odd(Asking):
        def say(self, session: Session) -> object:
            return command

    assert words in broken_by(Odd)["its_command_can_be_executed"]


def test_it_says_the_same_twice() -> None:
    class Counting(Asking):
        calls = 0

        def say(self, session: Session) -> object:
            Counting.calls += 1
            return Command("none", {"call": Counting.calls})

    assert "and then" in broken_by(Counting)["get_command_says_the_same_twice"]


DEEDS = {
    "write": lambda: Path(os.devnull).write_text("x"),
    "started": lambda: subprocess.run(["true"], check=True),
    "print": lambda: sys.stdout.write("hello"),
    "connect": lambda: socket.socket().connect_ex(("127.0.0.1", 9)),
    "environment variable": lambda: os.environ.update(MADE_UP="1"),
    "slept": lambda: time.sleep(0),
    "went to": lambda: os.chdir("."),
    "cut off": lambda: _tried(os.truncate, "/nowhere/at/all", 0),
    "made a link": lambda: _tried(os.link, "/nowhere/at/all", "/nowhere/at/another"),
    "sent signal": lambda: os.kill(os.getpid(), 0),
    "changed the owner": lambda: _tried(os.chown, "/nowhere/at/all", -1, -1),
    "removed '/nowhere": lambda: _in_a_thread(lambda: _tried(os.remove, "/nowhere/at/all")),
    "left the task": lambda: asyncio.ensure_future(asyncio.sleep(3600)),
    "set a handler": lambda: signal.signal(signal.SIGUSR2, lambda *_: None),
}


def _tried(act: Callable[..., object], *arguments: object) -> None:
    with suppress(OSError):
        act(*arguments)


def _in_a_thread(act: Callable[[], object]) -> None:
    thread = threading.Thread(target=act)
    thread.start()
    thread.join()


@pytest.fixture
def _signals() -> Iterator[None]:
    before = signal.getsignal(signal.SIGUSR2)
    yield
    signal.signal(signal.SIGUSR2, before)


@pytest.mark.usefixtures("_signals")
@pytest.mark.filterwarnings("ignore:unclosed")
@pytest.mark.parametrize("deed", DEEDS)
def test_it_only_decides(deed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADE_UP", "0")

    class Busy(Asking):
        def say(self, session: Session) -> object:
            DEEDS[deed]()
            return Command("none")

    words = {"write": "for writing", "print": "printed 'hello'"}.get(deed, deed)
    assert words in broken_by(Busy)["get_command_only_decides"]


def test_it_leaves_the_session_as_it_is() -> None:
    class Meddling(Asking):
        def say(self, session: Session) -> object:
            session.state["mine"] = True  # type: ignore[index] # that is what is tried
            return Command("none")

    assert "changed the Session" in broken_by(Meddling)["get_command_only_decides"]


# -- handle_result ---------------------------------------------------------------------------------------------------


class Judging(Sound):
    """Judges as `say` says."""

    def say(self, result: Result) -> object:
        return Outcome(result)

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        return self.say(result)  # type: ignore[return-value] # that is what is tried


def test_it_answers_for_any_result() -> None:
    class Trusting(Judging):
        def say(self, result: Result) -> object:
            return Outcome(result, {"report": result.data["report"]})

    told = broken_by(Trusting, result=lambda _: Result("ok", {"report": 1}))
    words = "for status warning without data, raised KeyError: 'report'"
    assert told.rules == ["handle_result_answers_for_any_result"]
    assert words in told["handle_result_answers_for_any_result"]


def test_any_text_may_come() -> None:
    class Western(Judging):
        def say(self, result: Result) -> object:
            return Outcome(result, {"digest": hash(result.stderr.encode())})

    assert "a lone surrogate" in broken_by(Western)["handle_result_answers_for_any_result"]


def test_an_outcome_can_be_stored() -> None:
    class Heavy(Judging):
        def say(self, result: Result) -> object:
            return Outcome(result, product={"all": "x" * 70_000})

    assert "larger than 64 KiB" in broken_by(Heavy)["handle_result_answers_for_any_result"]


def test_its_verdict_is_in_its_table() -> None:
    class Creative(Judging):
        def say(self, result: Result) -> object:
            return Outcome(replace(result, status="splendid"))

    assert "'splendid'; its table lists ok, error, warning, fault" in broken_by(Creative)["its_verdict_is_in_its_table"]


def test_it_judges_the_same_twice() -> None:
    class Moody(Judging):
        def say(self, result: Result) -> object:
            return Outcome(result, {"at": time.monotonic_ns()})

    assert "and then" in broken_by(Moody)["handle_result_says_the_same_twice"]


def test_it_only_judges() -> None:
    class Greedy(Judging):
        def say(self, result: Result) -> object:
            result.data["seen"] = True  # type: ignore[index] # that is what is tried
            return Outcome(Result("ok"))

    told = broken_by(Greedy, result=lambda _: Result("ok", {}))
    assert "changed the Result" in told["handle_result_only_judges"]


# -- in the event loop -----------------------------------------------------------------------------------------------


def test_it_does_not_hold_up_others() -> None:
    class Slow(Judging):
        def say(self, result: Result) -> object:
            until = time.thread_time() + 0.12
            while time.thread_time() < until:
                pass
            return Outcome(Result("ok"))

    assert "took 0." in broken_by(Slow)["it_does_not_hold_up_others"]


class Ends(BaseException):
    """More than an Exception."""


def test_it_may_raise_anything() -> None:
    class Rude(Asking):
        def say(self, session: Session) -> object:
            raise Ends

    assert "raised Ends" in broken_by(Rude)["get_command_answers_for_any_session"]


def test_it_does_not_end_the_process_wherever_it_is_called() -> None:
    class Final(Asking):
        def say(self, session: Session) -> object:
            os._exit(7)

    told = broken_by(Final)
    said = told["get_command_answers_for_any_session"]
    assert "raised MayNotAct" in said
    assert "(test_step_kit.py:" in said
    assert told["it_can_be_cancelled"] == ""


@pytest.mark.parametrize("stubborn", [False, True], ids=["waits", "swallows its cancellation"])
def test_one_that_hangs_is_told_soon_and_asked_no_more(monkeypatch: pytest.MonkeyPatch, *, stubborn: bool) -> None:
    monkeypatch.setattr(question, "CALL_S", 0.01)
    monkeypatch.setattr(patience, "GRACE_S", 0.01)

    class Waiting(Sound):
        async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
            while True:
                try:
                    await asyncio.sleep(3600)
                except asyncio.CancelledError:
                    if not stubborn:
                        raise

    class Asked(StepContract):
        step = Waiting

    [broken] = Asked.broken()
    words = "get_command, for the session as given, did not answer within 0.01 s"
    assert broken.reason == words + (", and does not end when it is cancelled." if stubborn else ".")


def test_it_can_be_cancelled() -> None:
    class Stubborn(Sound):
        async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0)
            return Command("none")

    assert "wait number 1" in broken_by(Stubborn)["it_can_be_cancelled"]


# -- wrappers and workflows ------------------------------------------------------------------------------------------


class Patience(Wrapper):
    name = "patience"
    workflow = "component_testing"
    wraps = "run_tests"


class Impatience(Patience):
    async def handle_result(
        self, inner: Inner, scope: Scope, session: Session, result: Result, options: BaseModel
    ) -> Outcome:
        return Outcome(replace(result, status="late"))


def test_a_wrapper_and_its_step_are_judged_together() -> None:
    assert Breaks(WrapperContract, wrapper=Patience, step=RunTests).rules == []
    assert "'late'" in Breaks(WrapperContract, wrapper=Impatience, step=RunTests)["its_verdict_is_in_its_table"]
    assert "the step here is" in Breaks(WrapperContract, wrapper=Patience, step=Sound)["it_finds_its_place"]


def steps_of(**tables: Mapping[str, str]) -> list[type[Step]]:
    return [
        type(name.title(), (Sound,), {"name": name, "workflow": "line", "after": None, "transitions": table})
        for name, table in tables.items()
    ]


PLAIN = {OK: NEXT, "*": SELF}


@pytest.mark.parametrize(
    ("workflow", "steps", "rule", "words"),
    [
        (Workflow("line", ("a",)), steps_of(b=PLAIN), "its_steps_are_there", "not installed"),
        (
            Workflow("line", ("a", "b", "c")), steps_of(a={OK: "c", "*": SELF}, b=PLAIN, c=PLAIN),
            "ok_leads_from_the_first_step_to_the_last", "a -> c",
        ),
        (Workflow("line", ("a",), ("b",)), steps_of(a=PLAIN, b={"*": "a"}), "every_step_can_be_reached_and_left", "b"),
        (
            Workflow("line", ("a", "c"), ("b",)), steps_of(a={OK: NEXT, "*": "b"}, b={"*": SELF}, c=PLAIN),
            "every_step_can_be_reached_and_left", "From b no way leads to c",
        ),
        (Workflow("line", ("a",), spawns=("gone",)), steps_of(a=PLAIN), "what_it_spawns_is_there", "gone"),
        (Workflow("line", ("a",), spawns=("line",)), steps_of(a=PLAIN), "what_it_spawns_is_there", "spawns itself"),
        (Workflow("line", ("a",), contract=99), steps_of(a=PLAIN), "it_is_what_the_entry_point_asks_for", "version 99"),
    ],
)  # fmt: skip
def test_a_workflow_comes_to_its_end(workflow: Workflow, steps: list[type[Step]], rule: str, words: str) -> None:
    assert words in Breaks(WorkflowContract, workflow=workflow, steps=steps)[rule]


def test_a_sound_workflow_breaks_no_rule() -> None:
    assert Breaks(WorkflowContract, workflow=Workflow("line", ("a", "b")), steps=steps_of(a=PLAIN, b=PLAIN)).rules == []
