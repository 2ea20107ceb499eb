"""Domain values come back from JSON as they went."""

from typing import Any

import orjson
import pytest

from proctor.domain.head import Birth, Head, Pending
from proctor.domain.interaction import ChildSpec, Command, Interaction, Result, Usage, Workspace
from proctor.domain.orchestrator import Completed
from proctor.domain.scope import Scope
from proctor.domain.session import AgentChoice, Limits
from proctor.domain.workflow import PinnedStep, PinnedWorkflow, PinnedWrapper
from proctor.history.values import from_json, to_json

COMMAND = Command(
    "spawn_sessions", {"a": [1, True, None]}, Workspace("/r", "c" * 40, {"f": "b"}),
    (ChildSpec("k", "w", {"name": "k"}, 2, 1, {"x": {}}),), {"m": ""}, "step", 1.5,
)  # fmt: skip
RESULT = Result("error", {"d": {}}, 1, "bad", "out", "err", {"f": "b"}, Usage(1, 2, 0.5), 3.0)
HEAD = Head(
    Birth("i", "r", "w", Scope(), 1.0, {"n": 1}, AgentChoice("a", True), Limits(repeats=9), parent="p", key="k"),
    "failed", True, last_error="e", last_completed=Completed(3, "s", "ok"), pending=Pending(4, COMMAND, 2.0, RESULT),
    product={}, state={"s": None},
)  # fmt: skip
WORKFLOW = PinnedWorkflow(
    "w", ("a",), {"a": PinnedStep("a", {"ok": "@next"}, wrappers=(PinnedWrapper("x", "a", {"o": 1}),))}, ("v",)
)
VALUES = [HEAD, WORKFLOW, Interaction(1, COMMAND, RESULT, "completed", 4.0, None, {}), Result("ok"), COMMAND]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_comes_back_as_it_went(value: Any) -> None:
    assert from_json(type(value), orjson.loads(orjson.dumps(to_json(value)))) == value


def test_defaults_are_left_out() -> None:
    assert to_json(Result("ok")) == {"status": "ok"}


def test_what_a_newer_version_added_is_passed_over() -> None:
    assert from_json(Result, {"status": "ok", "colour": "green"}) == Result("ok")


@pytest.mark.parametrize(
    "value",
    [{}, [], "ok", {"status": 1}, {"status": "ok", "data": []}, {"status": "ok", "usage": 3},
     {"status": "ok", "duration_s": "long"}],
    ids=str,
)  # fmt: skip
def test_what_is_no_such_value_is_refused(value: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        from_json(Result, value)
