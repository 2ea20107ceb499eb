"""Workflows are listed as they would be pinned, and walked in thought."""

import json

import pytest
from click.testing import CliRunner, Result

from proctor.cli.group import proctor as group

pytestmark = pytest.mark.usefixtures("clean")


def proctor(*arguments: str) -> Result:
    return CliRunner().invoke(group, ("workflows", *arguments))


def test_workflows_are_listed_with_their_steps_in_order() -> None:
    lines = proctor("list").output.splitlines()
    at = lines.index("context_testing, spawns component_testing")
    assert lines[at + 1] == "  1. initialize: ok goes on, anything else again"
    assert lines[at + 3] == "  3. finalize: ok completes the session, anything else again"


def test_where_each_status_leads_is_said_in_words_that_are_never_cut() -> None:
    told = proctor("list").output
    assert "aside fix_tests: ok leads to run_tests, warning leads to drop_tests, error or fault again" in words(told)
    assert "@" not in told
    assert max(map(len, told.splitlines())) <= 80


def words(text: str) -> str:
    return " ".join(text.split())


def test_machines_read_a_line_of_json_for_each_workflow() -> None:
    found = {told["name"]: told for told in map(json.loads, proctor("list", "--json").output.splitlines())}
    assert found["context_testing"]["spawns"] == ["component_testing"]
    fix = next(step for step in found["component_testing"]["steps"] if step["step"] == "fix_tests")
    assert (fix["main"], fix["transitions"]["ok"], fix["distribution"]) == (False, "run_tests", "proctor")


def test_a_walk_says_why_each_step_came_next() -> None:
    done = proctor("simulate", "context_testing", "--plain", "--result", "initialize=fault,ok")
    assert (done.exit_code, done.output.splitlines()) == (
        0,
        [
            "  1 initialize: fault; nothing was completed yet: the first step",
            "  2 initialize: ok; interaction 1, initialize, ended fault: repeat",
            "  3 spawn_component_testing_sessions: ok; interaction 2, initialize, ended ok: go on",
            "  4 finalize: ok; interaction 3, spawn_component_testing_sessions, ended ok: go on",
            "complete: interaction 4, finalize, ended ok: it was the last step",
        ],
    )


def test_the_budgets_of_the_settings_count(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("PROCTOR_LIMITS__FIXES", "1")
    done = proctor("simulate", "component_testing", "--json", "--result", "run_tests=error")
    told = json.loads(done.output)
    assert (told["kind"], told["workflow"], told["status"]) == ("simulation", "component_testing", "failed")
    assert [turn["status"] for turn in told["turns"][2:5]] == ["error", "ok", "warning"]
    assert told["turns"][4]["remark"] == "error was chosen, and all 1 fixes are used up"


def test_on_a_terminal_it_is_a_table() -> None:
    done = proctor("simulate", "context_testing")
    assert "because" in done.output
    assert "complete  interaction 3, finalize, ended ok: it was the last step" in done.output


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ("nonsense=ok", "context_testing has no step 'nonsense'; it has initialize, spawn_component_testing_sessions,"),
        ("initialize", "'initialize' is not of the form STEP=STATUS[,STATUS…]."),
        ("initialize=ok,", "'initialize=ok,' is not of the form STEP=STATUS[,STATUS…]."),
    ],
)
def test_a_wrong_choice_is_refused(result: str, message: str) -> None:
    done = proctor("simulate", "context_testing", "--result", result)
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())


def test_a_workflow_that_is_not_there_is_named() -> None:
    done = proctor("simulate", "nothing")
    assert (done.exit_code, "nothing is not installed" in done.output) == (1, True)
