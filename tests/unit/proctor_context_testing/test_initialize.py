import json

import pytest
from context_world import PYTHON, begin, surveyed

from proctor import Result

PROBLEM = {"code": "import_failed", "message": "shop cannot be imported.", "detail": "ImportError: no module named tax"}


def test_the_survey_runs_at_the_base_commit_with_nothing_laid_over_it() -> None:
    command = begin({}).turn().command
    told = json.loads(command.arguments["inputs"]["arguments.json"])
    assert (command.kind, command.workspace.base, command.workspace.overlay) == ("process", "c" * 40, {})
    assert (told["path"], told["only"], told["exclude"]) == ("shop", ["shop/*"], [])
    assert told["interpreters"]
    assert command.arguments["seconds"] > told["suite_seconds"]


def test_what_later_steps_need_is_kept() -> None:
    walk = begin({"initialize": surveyed("shop.a", "shop.b")})
    state = walk.turn().head.state
    assert [each["name"] for each in state["components"]] == ["shop.a", "shop.b"]
    assert state["components"][0]["baseline"]["missing_lines"] == [2]
    assert state["python"] == PYTHON
    assert state["test_files"] == ["tests/test_old.py"]
    assert state["suite"]["outcomes"] == {"tests/test_old.py::test_it": "passed"}
    assert state["branch"] == "test-context-testing-session-for-user-management-auth"


def test_what_is_told_of_it_is_short() -> None:
    data = begin({"initialize": surveyed("shop.a")}).turn().outcome.result.data
    assert (data["components"], data["python_version"], data["suite"]["tests"]) == (["shop.a"], "3.12.1", 1)


MISSING = """ImportError while importing test module '/w/t0.py'.
E   ImportError: cannot import name 'ice' from 'shop' (/w/shop.py)
"""


def test_what_is_missing_or_does_not_work_today_is_said_and_kept() -> None:
    survey = surveyed("shop.a", "shop.b").data["report"]
    survey = {
        **survey,
        "notices": ["Submodules are not fetched, so they are empty: x"],
        "components": [{**survey["components"][0], "import_error": "ImportError"}, *survey["components"][1:]],
        "suite": {
            "outcomes": {"t.py::a": "passed", "t.py::b": "failed"},
            "uncollected": {"t0.py": MISSING, **{f"t{number}.py": "SyntaxError" for number in (1, 2, 3)}},
            "unreached": 1,
        },
    }
    walk = begin({"initialize": Result("ok", {"report": survey})})
    turn = walk.turn()
    said = [
        "Submodules are not fetched, so they are empty: x",
        "1 module does not import: shop.a",
        "1 of 2 existing tests fail",
        "pytest cannot collect t0.py (ImportError: cannot import name 'ice' from 'shop'), t1.py, t2.py and 1 more",
        "1 existing test was not reached in the time there is",
    ]
    assert turn.head.state["notices"] == turn.outcome.result.data["notices"] == said
    assert turn.outcome.result.error_message == "; ".join(said)
    assert turn.outcome.result.status == "ok"


def test_what_the_user_has_to_put_right_ends_the_session_at_once() -> None:
    walk = begin({"initialize": Result("ok", {"report": {"error": PROBLEM}})}).to_the_end()
    assert walk.told == ["initialize: error"]
    assert walk.head.status == "failed"
    assert walk.head.last_error == "shop cannot be imported.\nImportError: no module named tax"
    assert walk.turns[0].outcome.result.data == {"code": "import_failed"}


@pytest.mark.parametrize(
    "lost",
    [
        Result("fault", {"report": None}, error_message="it was killed by signal 9"),
        Result("error", {}, stderr="Traceback\nKeyError: it was killed by signal 9"),
        Result("ok", {"report": {"components": "many"}}, stdout="it was killed by signal 9"),
    ],
)
def test_a_survey_that_cannot_be_carried_out_is_repeated_within_the_budget(lost: Result) -> None:
    walk = begin({"initialize": lost}).to_the_end()
    assert walk.told == ["initialize: fault"] * 3
    assert walk.head.status == "failed"
    assert "it was killed by signal 9" in walk.head.last_error
