"""What a dry run makes of a survey, and how often an agent would be asked."""

from dataclasses import replace

import pytest

from proctor import Scope
from proctor.cli.runs.rehearsal import Found, asked, budgets
from proctor.domain.head import Birth, Head
from proctor.domain.session import AgentChoice, Limits

HEAD = Head(Birth("s" * 32, "s" * 32, "context_testing", Scope(), 1.0, {}, AgentChoice("mine"), Limits(), "auto"))


def head(agent: AgentChoice, limits: Limits) -> Head:
    return replace(HEAD, birth=replace(HEAD.birth, agent=agent, limits=limits))


def test_open_lines_are_counted_and_what_was_not_measured_is_no_zero() -> None:
    value = {"name": "a.b", "path": "a/b.py", "test_file": "tests/test_a_b.py"}
    measured = {**value, "baseline": {"missing_lines": [2, 3], "executed_lines": [1]}}
    assert Found.read(measured) == Found("a.b", "a/b.py", "tests/test_a_b.py", 3, 2)
    unmeasured = Found.read({**value, "baseline": None})
    assert (unmeasured.lines, unmeasured.open_lines) == (None, None)


@pytest.mark.parametrize(
    ("agent", "fixes", "times", "said"),
    [
        (AgentChoice("mine"), 3, 24, "repair them, in at most 2 attempts. Only"),
        (AgentChoice("mine"), 0, 6, "once to write tests, in at most 2 attempts. Only"),
        (AgentChoice("builtin", deterministic=True), 1, 6, "at most 1 time to repair them. Only"),
    ],
)
def test_an_agent_is_asked_once_to_write_and_for_every_fix_in_every_attempt(
    agent: AgentChoice, fixes: int, times: int, said: str
) -> None:
    found = asked(head(agent, Limits(fixes=fixes, attempts=2)), components=3)
    assert found.times == times
    assert f"The agent {agent.name} would be asked at most {times} times: for each component once" in found.told()
    assert said in found.told()
    assert ("may cost money" in found.told()) == (agent.name == "mine")


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(), []),
        (Limits(money=2.0), ["The whole run may spend at most 2.00 USD."]),
        (
            Limits(money=0.5, tokens=10_000, seconds=900),
            ["The whole run may spend at most 0.50 USD, 10,000 tokens, 15:00 of time."],
        ),
    ],
)
def test_budgets_of_the_whole_run_are_told_where_there_are_any(limits: Limits, said: list[str]) -> None:
    assert [*budgets(limits)] == said
