"""Whatever a step's plugin does becomes a command, a verdict or a fault that names it."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from factories import SCOPE, Echo, Plugins
from pydantic import BaseModel, create_model

from proctor import ChildSpec, Command, Inner, Outcome, Result, Scope, Session, Usage, Workflow, Wrapper, patience
from proctor.blame import Blamed
from proctor.domain.head import Birth, Head, snapshot
from proctor.domain.workflow import FAULT, PinnedStep, PinnedWorkflow, PinnedWrapper
from proctor.errors import PluginBroken
from proctor.executors.none import NoneExecutor
from proctor.steps import Fault, Steps

FLOW = Workflow("flow", ("work",), spawns=("part",))
NESTED: Any = []
for _ in range(400):
    NESTED = [NESTED]
NESTED_A_LITTLE: Any = []
for _ in range(199):
    NESTED_A_LITTLE = [NESTED_A_LITTLE]


class Odd(Echo):
    """Does at each call what it is told to."""

    def __init__(self, act: Callable[..., Any]) -> None:
        super().__init__()
        self.get_command = self.handle_result = act  # type: ignore[method-assign] # that is the point


def session() -> Session:
    birth = Birth(id="s", root="s", workflow="flow", scope=SCOPE, created_at=0.0, subject={})
    return snapshot(Head(birth))


def pinned(options: Any = None) -> PinnedWorkflow:
    step = PinnedStep("work", options=options or {}, distribution="someones-steps", version="1.2")
    return PinnedWorkflow("flow", ("work",), {"work": step}, FLOW.spawns)


def steps(plugin: Echo, seconds: float = 5.0) -> Steps:
    registry: Any = Plugins([FLOW], {"flow": [plugin]})
    return Steps(registry, seconds=seconds)


async def commanded(act: Callable[..., Any]) -> Command | Fault:
    return await steps(Odd(act)).command(SCOPE, pinned(), "work", session())


async def judged(act: Callable[..., Any]) -> Result:
    return (await steps(Odd(act)).outcome(SCOPE, pinned(), "work", session(), Result("ok"))).result


async def test_a_step_that_changes_for_whom_it_is_asked_is_a_fault_and_changes_nothing() -> None:
    async def spoil(scope: Scope, *_: object) -> Command:
        object.__setattr__(scope, "account", "another")
        return Command("none")

    fault = await commanded(spoil)
    assert isinstance(fault, Fault)
    assert "get_command changed what it was given" in fault.message
    assert Scope() == SCOPE


async def test_arguments_that_no_executor_takes_are_the_fault_of_the_step_that_wrote_them() -> None:
    class Narrow(NoneExecutor):
        class Arguments(BaseModel):
            argv: list[str]

    plugins = Plugins([FLOW], {"flow": [Echo("work")]})
    plugins.executors = {"none": Narrow}
    registry: Any = plugins
    fault = await Steps(registry).command(SCOPE, pinned(), "work", session())
    assert isinstance(fault, Fault)
    said = "its command of the kind none cannot be carried out: argv: Field required"
    assert fault.message == f"step work of someones-steps 1.2: {said}"


class Around(Wrapper):
    """Writes its name around what the step inside says."""

    name, workflow, wraps = "around", "flow", "work"

    class Options(BaseModel):
        word: str = "wrapped"

    async def get_command(self, inner: Inner, scope: Scope, session: Session, options: "Around.Options") -> Command:
        command = await inner.get_command(scope, session)
        return replace(command, metadata={options.word: command.kind})


async def test_a_wrapper_stands_between_the_framework_and_the_step() -> None:
    wrappers = (PinnedWrapper("around", "work", {"word": "one"}), PinnedWrapper("around", "work", {"word": "two"}))
    plugins: Any = Plugins([FLOW], {"flow": [Echo("work"), Around()]})  # type: ignore[list-item] # a wrapper is listed there too
    workflow = pinned()
    step = replace(workflow.steps["work"], wrappers=wrappers)
    asked = Steps(plugins)
    command = await asked.command(SCOPE, replace(workflow, steps={"work": step}), "work", session())
    assert isinstance(command, Command)
    assert command.metadata == {"two": "none"}
    outcome = await asked.outcome(SCOPE, replace(workflow, steps={"work": step}), "work", session(), Result("error"))
    assert outcome.result.status == "error"


async def test_a_step_that_changes_what_it_is_given_is_a_fault_and_changes_nothing() -> None:
    mine = replace(session(), state={"list": [1]})

    async def spoil(_scope: object, given: Session, result: Result, _options: object) -> Outcome:
        given.state["list"].append(2)  # type: ignore[union-attr]
        return Outcome(result)

    verdict = await steps(Odd(spoil)).outcome(SCOPE, pinned(), "work", mine, Result("ok"))
    assert verdict.result.status == FAULT
    assert "work of someones-steps 1.2: handle_result changed what it was given" in (verdict.result.error_message or "")
    assert mine.state == {"list": [1]}


async def test_a_state_that_cannot_be_copied_is_a_fault() -> None:
    mine = replace(session(), state={"lock": threading.Lock()})  # type: ignore[dict-item] # that is the point
    verdict = await steps(Echo()).outcome(SCOPE, pinned(), "work", mine, Result("ok"))
    assert "handle_result raised TypeError: cannot pickle" in (verdict.result.error_message or "")


async def test_what_a_stranger_says_is_at_once_as_it_is_stored() -> None:
    act = answering(Outcome(Result("ok", {"d": (1, 2)}), {"x": (1, 2)}))
    outcome = await steps(Odd(act)).outcome(SCOPE, pinned(), "work", session(), Result("ok"))
    assert (outcome.state, outcome.result.data) == ({"x": [1, 2]}, {"d": [1, 2]})


def answering(value: object) -> Callable[..., Awaitable[object]]:
    async def act(*_: object) -> object:
        return value

    return act


async def cancels_itself(*_: object) -> None:
    raise asyncio.CancelledError


async def exits(*_: object) -> None:
    raise SystemExit(3)


async def interrupts(*_: object) -> None:
    raise KeyboardInterrupt


async def loses_patience_with_others(*_: object) -> None:
    raise TimeoutError("the printer did not answer")


async def gives_up(*_: object) -> None:
    raise BaseException("worse than any Exception")  # noqa: TRY002 # that is the point


def raises_at_once(*_: object) -> None:
    raise ValueError("out of paper")


def takes_nothing() -> None:
    raise AssertionError


async def disagrees(*_: object) -> None:
    create_model("Memory", a=(int, ...)).model_validate({"a": "x"})


BAD_CALLS = [
    (lambda *_: Command("none"), "raised TypeError: "),
    (takes_nothing, "raised TypeError: "),
    (raises_at_once, "raised ValueError: out of paper"),
    (cancels_itself, "raised CancelledError"),
    (exits, "raised SystemExit: 3"),
    (loses_patience_with_others, "raised TimeoutError: the printer did not answer"),
    (interrupts, "raised KeyboardInterrupt"),
    (gives_up, "raised BaseException: worse than any Exception"),
    (answering(None), "gave NoneType where"),
    (disagrees, "raised ValidationError: a: Input should be a valid integer"),
]


@pytest.mark.parametrize(("act", "says"), BAD_CALLS)
async def test_a_bad_call_is_a_fault_that_names_the_step_its_distribution_and_what_happened(
    act: Callable[..., Any], says: str
) -> None:
    fault = await commanded(act)
    assert isinstance(fault, Fault)
    assert fault.message.startswith(f"step work of someones-steps 1.2: get_command {says}")
    result = await judged(act)
    assert result.status == FAULT
    assert (result.error_message or "").startswith(f"step work of someones-steps 1.2: handle_result {says}")


async def test_a_step_that_hangs_is_a_fault() -> None:
    async def act(*_: object) -> None:
        await asyncio.Event().wait()

    fault = await steps(Odd(act), seconds=0.01).command(SCOPE, pinned(), "work", session())
    assert isinstance(fault, Fault)
    assert "did not answer within 0.01 s" in fault.message


async def test_a_step_that_does_not_end_when_it_is_cancelled_is_a_fault_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "GRACE_S", 0.01)
    free, over = asyncio.Event(), asyncio.Event()

    async def act(*_: object) -> None:
        while not free.is_set():
            with suppress(asyncio.CancelledError):
                await free.wait()
        over.set()

    fault = await asyncio.wait_for(steps(Odd(act), seconds=0.01).command(SCOPE, pinned(), "work", session()), 10)
    free.set()
    await over.wait()
    assert isinstance(fault, Fault)
    assert "did not answer within 0.01 s, and does not end when it is cancelled" in fault.message


async def test_that_we_are_cancelled_ourselves_is_no_fault() -> None:
    begun = asyncio.Event()

    async def act(*_: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.ensure_future(commanded(act))
    await asyncio.wait_for(begun.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


BAD: Any = Path("x")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (Command(BAD), "Command.kind is of type PosixPath"),
        (Command("none", {"p": BAD}), "Command.arguments is not JSON"),
        (Command("none", {"p": NESTED}), "Command.arguments is not JSON"),
        (Command("none", BAD), "Command.arguments is of type PosixPath"),
        (Command("none", metadata={"p": BAD}), "Command.metadata is not JSON"),
        (Command("none", workspace=BAD), "Command.workspace is of type PosixPath"),
        (Command("none", children=BAD), "Command.children is of type PosixPath"),
        (Command("none", children=(BAD,)), "Command.children has one of type PosixPath"),
        (Command("none", children=(ChildSpec("a", "part", {}, state={"p": BAD}),)), "ChildSpec.state is not JSON"),
        (Command("none", children=(ChildSpec("a", "part", BAD),)), "ChildSpec.subject is of type PosixPath"),
        (Command("none", children=(ChildSpec("a", "part", {}, attempt=-1),)), "ChildSpec.attempt is -1"),
    ],
)
async def test_a_command_that_could_not_be_stored_is_a_fault(command: Command, says: str) -> None:
    fault = await commanded(answering(command))
    assert isinstance(fault, Fault)
    assert f"get_command gave what cannot be used: {says}" in fault.message


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        (Outcome(None), "Outcome.result is of type NoneType"),  # type: ignore[arg-type] # that is the point
        (Outcome(Result("ok"), BAD), "Outcome.state is of type PosixPath"),
        (Outcome(Result("ok"), {"p": BAD}), "Outcome.state is not JSON"),
        (Outcome(Result("ok"), product=BAD), "Outcome.product is of type PosixPath"),
        (Outcome(Result("ok"), product={"p": "x" * 70_000}), "its product is larger than 64 KiB"),
        (Outcome(Result("ok"), session_status=BAD), "Outcome.session_status is of type PosixPath"),
        (Outcome(Result("ok", {"p": BAD})), "Result.data is not JSON"),
        (Outcome(Result("ok"), {"p": NESTED}), "Outcome.state is not JSON: it is nested deeper than 200 levels"),
        (
            Outcome(Result("ok"), {"p": NESTED_A_LITTLE}),
            "Outcome.state is not JSON: it is nested deeper than 200 levels",
        ),
        (
            Outcome(Result("ok", {"p": [NESTED_A_LITTLE, "\ud800"]})),
            "Result.data is not JSON: it is nested deeper than",
        ),
        (Outcome(Result(BAD)), "Result.status is of type PosixPath"),
        (Outcome(Result("WeiRD!")), "Result.status is 'WeiRD!'"),
        (Outcome(Result("")), "Result.status is ''"),
        (Outcome(Result("ok", files={"a.py": BAD})), "Result.files does not map text to text"),
        (Outcome(Result("ok", duration_s=float("nan"))), "Result.duration_s is nan"),
        (Outcome(Result("ok", exit_code=2**70)), "Result.exit_code is"),
        (Outcome(Result("ok", usage=Usage(-1))), "Usage.input_tokens is -1"),
        (Outcome(Result("ok", usage=BAD)), "Result.usage is of type PosixPath"),
    ],
)
async def test_a_verdict_that_could_not_be_stored_is_a_fault(outcome: Outcome, says: str) -> None:
    result = await judged(answering(outcome))
    assert result.status == FAULT
    assert f"handle_result gave what cannot be used: {says}" in (result.error_message or "")


async def test_text_and_numbers_that_are_mended_when_stored_are_no_fault() -> None:
    assert (await judged(answering(Outcome(Result("ok", {"t": "\ud800", "n": 2**70}))))).status == "ok"


async def test_children_may_only_have_workflows_that_were_pinned_for_them() -> None:
    good = Command("spawn_sessions", children=(ChildSpec("a", "part", {}),))
    assert await commanded(answering(good)) == good
    fault = await commanded(answering(Command("spawn_sessions", children=(ChildSpec("a", "mystery", {}),))))
    assert isinstance(fault, Fault)
    assert "a child of the workflow mystery, which flow does not spawn" in fault.message


async def test_only_strangers_steps_are_asked_elsewhere() -> None:
    isolated: list[str] = []

    def isolate(_workflow: str, step: PinnedStep) -> Inner:
        isolated.append(step.name)
        return Elsewhere()

    flow = Workflow("flow", ("ours", "theirs", "wrapped"))
    registry: Any = Plugins([flow], {"flow": [Echo(name) for name in flow.main]})
    around = PinnedWrapper("around", "wrapped", distribution="someones-steps")
    found = (
        PinnedStep("ours", distribution="proctor"),
        PinnedStep("theirs", distribution="someones-steps"),
        PinnedStep("wrapped", distribution="proctor", wrappers=(around,)),
    )
    asked = Steps(registry, isolate=isolate)
    for step in found:
        await asked.command(SCOPE, PinnedWorkflow("flow", flow.main, {step.name: step}), step.name, session())
    assert isolated == ["theirs", "wrapped"]


async def test_what_is_blamed_elsewhere_is_a_fault_here() -> None:
    registry: Any = Plugins([FLOW], {"flow": [Echo("work")]})
    asked = Steps(registry, isolate=lambda _workflow, _step: Elsewhere())
    verdict = await asked.outcome(SCOPE, pinned(), "work", session(), Result("ok"))
    assert verdict.result == Result(FAULT, error_message="step work of someones-steps 1.2: handle_result fell over")


class Elsewhere:
    """Stands for a step in another process."""

    async def get_command(self, scope: Scope, session: Session) -> Command:
        return Command("none")

    async def handle_result(self, scope: Scope, session: Session, result: Result) -> Outcome:
        raise Blamed("fell over")


class Strict(BaseModel, extra="forbid"):
    size: int = 1


class Choosy(Echo):
    """Tells which options it got."""

    Options = Strict

    async def get_command(self, scope: object, session: Session, options: Any) -> Command:
        return Command("none", {"size": options.size})


async def test_options_that_a_newer_plugin_refuses_are_told_like_a_plugin_that_cannot_be_loaded() -> None:
    with pytest.raises(PluginBroken) as caught:
        await steps(Choosy()).command(SCOPE, pinned({"colour": "red"}), "work", session())
    assert caught.value.facts["name"] == "flow.work"
    assert "colour" in str(caught.value)


async def test_every_session_gets_the_options_that_it_was_pinned_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proctor.steps.READY", 3)
    asked = steps(Choosy())
    for size in range(50):  # each pinned step is gone before the next one comes, and may lie where it lay
        command = await asked.command(SCOPE, pinned({"size": size}), "work", session())
        assert isinstance(command, Command)
        assert command.arguments == {"size": size}
    assert len(asked._ready) == 3
