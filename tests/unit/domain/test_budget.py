from dataclasses import replace

import pytest

from proctor.domain.budget import NOTHING, Spent, amount, held_to, is_bounded, narrowed, too_many, used_up
from proctor.domain.interaction import Usage
from proctor.domain.session import Limits

LIMITS = Limits(seconds=60, tokens=1000, money=2.0, sessions=10)
MORE = "(`[limits] {} = …` allows more)"


@pytest.mark.parametrize(
    ("spent", "reason"),
    [
        (Spent(money=2.0), f"limits.money: the 2.00 USD of this run are spent {MORE.format('money')}"),
        (Spent(tokens=1000), f"limits.tokens: the 1,000 tokens of this run are spent {MORE.format('tokens')}"),
        (Spent(seconds=60.5), f"limits.seconds: the 60 s of this run are over {MORE.format('seconds')}"),
        (Spent(59.9, 999, 1.99, 10), None),
    ],
)
def test_what_is_used_up_is_named_with_what_allows_more(spent: Spent, reason: str | None) -> None:
    assert used_up(LIMITS, spent) == reason


def test_without_a_limit_nothing_is_used_up() -> None:
    assert used_up(Limits(), Spent(1e9, 10**15, 1e9, 10**6)) is None
    assert [is_bounded(each) for each in (Limits(), Limits(sessions=1), Limits(tokens=1))] == [False, False, True]


def test_what_a_result_reports_is_added() -> None:
    assert Spent(1.0, 5, 0.5, 2).plus(Usage(10, 20, 0.25)) == Spent(1.0, 35, 0.75, 2)
    assert NOTHING.plus(None) == NOTHING


def test_no_fix_and_no_further_attempt_is_left_of_a_used_up_budget() -> None:
    assert narrowed(LIMITS, NOTHING) == LIMITS
    assert narrowed(LIMITS, Spent(money=3)) == replace(LIMITS, fixes=0, attempts=1)


def test_without_room_for_more_sessions_there_is_no_further_attempt() -> None:
    assert narrowed(LIMITS, Spent(sessions=10)) == replace(LIMITS, attempts=1)
    assert (too_many(LIMITS, 10), str(too_many(LIMITS, 11))[:70]) == (
        None,
        "limits.sessions: 11 sessions are wanted and 10 are allowed (`[limits] ",
    )


@pytest.mark.parametrize(
    ("spends", "spawns", "held"),
    [
        (True, False, LIMITS),
        (True, True, LIMITS),
        (False, False, replace(LIMITS, tokens=None, money=None)),
        (False, True, replace(LIMITS, tokens=None, money=None, seconds=None)),
    ],
)
def test_what_spends_nothing_goes_on_and_what_has_children_lands_them(spends: bool, spawns: bool, held: Limits) -> None:
    assert held_to(LIMITS, spends=spends, spawns=spawns) == held


def test_small_amounts_are_told_too() -> None:
    assert [amount(each) for each in (0.0, 0.0125, 0.5, 12.0)] == ["0.00", "0.0125", "0.50", "12.00"]
