"""Checks are asked all at once, and none can keep or harm the others."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from proctor.cli.doctor.diagnosis import Diagnosis, Setup, examine
from proctor.config import Settings


@pytest.fixture
def setup() -> Setup:
    return Setup(Settings.model_construct(), Path.cwd())


def good(_: Setup) -> Iterator[Diagnosis]:
    yield Diagnosis("good", "ok", "fine")


def test_what_is_found_is_told_in_the_order_of_the_checks(setup: Setup) -> None:
    met = threading.Barrier(2)

    def first(_: Setup) -> Iterator[Diagnosis]:
        met.wait(20)  # both are under way together
        yield Diagnosis("first", "ok", "one")
        yield Diagnosis("first", "warning", "two", "do this")

    def second(_: Setup) -> Iterator[Diagnosis]:
        met.wait(20)
        yield Diagnosis("second", "ok", "three")

    assert [each.told for each in examine(setup, (first, second, good))] == ["one", "two", "three", "fine"]


@pytest.mark.parametrize("error", [RuntimeError("two\nlines"), SystemExit(3), KeyboardInterrupt()])
def test_a_check_that_raises_is_a_problem_and_the_others_go_on(setup: Setup, error: BaseException) -> None:
    def bad_one(_: Setup) -> Iterator[Diagnosis]:
        yield Diagnosis("bad", "ok", "so far")
        raise error

    so_far, problem, fine = examine(setup, (bad_one, good))
    assert (so_far.told, problem.check, problem.status, fine.told) == ("so far", "bad one", "problem", "fine")
    assert type(error).__name__ in problem.told
    assert "\n" not in problem.told


def test_a_check_that_does_not_end_is_a_problem_and_the_others_are_told(setup: Setup) -> None:
    over = threading.Event()

    def endless(_: Setup) -> Iterator[Diagnosis]:
        over.wait(60)
        yield Diagnosis("endless", "ok", "late")

    found = [*examine(setup, (endless, good), seconds=1)]
    over.set()
    assert [(each.check, each.status) for each in found] == [("endless", "problem"), ("good", "ok")]
    assert found[0].told == "no answer within 1 s"
