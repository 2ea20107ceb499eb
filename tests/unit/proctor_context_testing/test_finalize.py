import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from context_world import begin as begin_context
from context_world import child, file_of, surveyed, without_tests
from walks import Turn, Walk, answer

from proctor import ChildSummary, Command, Json, Result, Scope
from proctor_context_testing.finalize import Finalize, FinalizeOptions

COMMIT = "d" * 40
LANDED = {"branch": "test-context-testing-session-for-shop", "commit": COMMIT}


def report(*tests: str, removed: Sequence[str] = (), reason: str = "failed", message: str = "") -> dict[str, Any]:
    return {
        "tests": [{"test": test, "outcome": "passed"} for test in tests],
        "files": sorted({test.partition("::")[0] for test in tests}),
        "removed": [{"test": test, "reason": reason} for test in removed],
        "suite": {"ran": 1, "passed": 1},
        "message": message,
    }


def made_for(name: str) -> list[str]:
    return [f"{file_of(name)}::test_{number}" for number in range(2)]


def finalizing(children: Sequence[ChildSummary], result: Result, names: Sequence[str] = ()) -> Walk:
    names = names or [each.key for each in children]
    return begin_context({"initialize": surveyed(*names), "finalize": result}, children, deterministic=True)


def landed(children: Sequence[ChildSummary], *tests: str, removed: Sequence[str] = ()) -> Turn:
    files: list[Json] = sorted({test.partition("::")[0] for test in tests})
    data = {**LANDED, "files": files, "report": report(*tests, removed=removed)}
    return finalizing(children, Result("ok", data)).to_the_end().turns[-1]


def command(children: Sequence[ChildSummary], **options: Any) -> Command:
    walk = finalizing(children, Result("fault"))
    while walk.turn().step != "finalize":
        pass
    return answer(Finalize().get_command(Scope(), walk.session, FinalizeOptions(**options)))


class TestCommand:
    def test_the_accepted_files_of_complete_children_lie_over_the_base(self) -> None:
        made = command([child("shop.a", attempt=2), child("shop.a", "failed"), child("shop.b", "failed")])
        assert (made.kind, made.workspace.base) == ("land", "c" * 40)
        assert made.workspace.overlay == {file_of("shop.a"): "blob of shop.a 2"}

    def test_what_a_child_made_that_did_not_complete_is_not_landed(self) -> None:
        made = command([child("shop.a"), replace(child("shop.b"), status="cancelled")])
        assert made.workspace.overlay == {file_of("shop.a"): "blob of shop.a 1"}

    def test_verify_knows_our_files_and_the_suite_at_the_baseline(self) -> None:
        data = {"tests/test_shop_a_data/prices.csv": "b", file_of("shop.a"): "c"}
        verify = command([child("shop.a", files=data)]).arguments["verify"]
        told = json.loads(verify["inputs"]["arguments.json"])
        assert (told["ours"], told["paths"]) == ([file_of("shop.a")], ["tests"])
        assert told["suite"] == {"tests/test_old.py::test_it": "passed"}
        assert verify["seconds"] > told["seconds"]

    def test_the_message_has_a_line_for_each_component(self) -> None:
        children = [
            child("shop.a", tests=1),
            child("shop.b", coverage={"before": None, "after": 50.0}),
            child("shop.c", coverage={"before": None, "after": None}),
            without_tests("shop.d", "no docstring of it has an example\nand more"),
            child("shop.e", "failed", error="the agent crashed"),
            without_tests("shop.f", None),
        ]
        made = command(children).arguments
        assert made["title"] == "Add tests for User Management & Auth"
        assert made["body"].splitlines() == [
            "- shop.a: 1 test, coverage 12 % -> 88 %",
            "- shop.b: 2 tests, coverage 50 %",
            "- shop.c: 2 tests, coverage not measured",
            "- shop.d: no tests (no docstring of it has an example)",
            "- shop.e: no tests (the agent crashed)",
            "- shop.f: no tests (no reason was given)",
        ]

    def test_the_same_is_committed_however_often_it_runs(self) -> None:
        children = [child("shop.a")]
        assert command(children) == command(children)
        assert command(children).arguments["date"] == 86400.0

    def test_a_branch_that_the_user_names_is_that_one_or_none(self) -> None:
        given, made = command([child("shop.a")], branch="mine").arguments, command([child("shop.a")]).arguments
        assert (given["branch"], given["explicit_branch"]) == ("mine", True)
        assert (made["branch"], made["explicit_branch"]) == (
            "test-context-testing-session-for-user-management-auth",
            False,
        )


class TestLanded:
    def test_the_context_is_complete_and_says_where_its_tests_are(self) -> None:
        turn = landed([child("shop.a"), without_tests("shop.b", "why not")], *made_for("shop.a"))
        product = turn.head.product
        assert turn.head.status == "complete"
        assert (product["branch"], product["commit"], product["files"], product["tests"]) == (
            LANDED["branch"], COMMIT, [file_of("shop.a")], 2,
        )  # fmt: skip
        assert [(each["name"], each["outcome"], each["tests"], each["reason"]) for each in product["components"]] == [
            ("shop.a", "proven", 2, None),
            ("shop.b", "none", 0, "why not"),
        ]
        assert turn.outcome.result.data["suite"]["passed"] == 1

    def test_the_result_names_each_test_that_landed(self) -> None:
        data = landed([child("shop.a")], *made_for("shop.a")).outcome.result.data
        assert [each["test"] for each in data["landed"]] == made_for("shop.a")

    def test_a_component_is_told_with_the_tests_that_did_land(self) -> None:
        gone = [made_for("shop.a")[1], *made_for("shop.b")]
        product = landed([child("shop.a"), child("shop.b")], made_for("shop.a")[0], removed=gone).head.product
        assert [
            (each["name"], each["outcome"], each["tests"], each["dropped"], each["reason"])
            for each in product["components"]
        ] == [
            ("shop.a", "partial", 1, 1, "1 test failed together with the others"),
            ("shop.b", "none", 0, 2, "2 tests failed together with the others"),
        ]
        assert [each["test"] for each in product["removed"]] == gone
        assert product["components"][1]["coverage"] is None

    def test_a_product_stays_under_its_limit_and_the_result_has_the_rest(self) -> None:
        names = [f"package_with_a_long_name.subpackage.module_{number:03}" for number in range(500)]
        children = [child(name) if number % 2 else without_tests(name, "ä" * 5000) for number, name in enumerate(names)]
        tests = [test for name in names[1::2] for test in made_for(name)]
        turn = landed(children, *tests, removed=[f"{test}_gone_{'x' * 300}" for test in tests])
        product, data = turn.head.product, turn.outcome.result.data
        assert turn.head.status == "complete"
        assert len(json.dumps(product, ensure_ascii=False).encode()) < 64 * 1024
        for name, whole in [("components", 500), ("files", 250), ("removed", 500)]:
            assert 0 < len(product[name]) == whole - product["left_out"][name]
            assert len(data[name]) == whole
        assert product["tests"] == 500

    def test_what_fits_is_there_as_a_whole(self) -> None:
        product = landed([child("shop.a")], *made_for("shop.a")).head.product
        assert "left_out" not in product


class TestNotLanded:
    def end(self, result: Result) -> Walk:
        return finalizing([child("shop.a")], result).to_the_end()

    @pytest.mark.parametrize("code", ["identity_missing", "branch_exists", "invalid_branch_name"])
    def test_a_refusal_fails_the_session_at_once(self, code: str) -> None:
        walk = self.end(Result("error", {"code": code}, error_message="Git knows no name for you."))
        assert walk.told[2:] == ["finalize: error"]
        assert (walk.head.status, walk.head.last_error) == ("failed", "Git knows no name for you.")

    def test_with_no_test_left_it_fails_at_once_and_says_what_became_of_them(self) -> None:
        data = {"report": report(removed=made_for("shop.a"), reason="it needs a network")}
        walk = self.end(Result("error", data, error_message="it ended with exit code 1"))
        assert walk.told[2:] == ["finalize: error"]
        assert walk.head.last_error.splitlines() == [
            "No new test is left after all of them ran with the existing suite.",
            *(f"{test}: it needs a network" for test in made_for("shop.a")),
        ]

    @pytest.mark.parametrize(
        "lost",
        [
            Result("fault", error_message="the disk is full"),
            Result("error", {"report": None}, error_message="it ended with exit code 1", stderr="the disk is full"),
            Result("ok", {"report": None, **LANDED}, error_message="the disk is full"),
        ],
    )
    def test_anything_else_is_repeated_within_the_budget(self, lost: Result) -> None:
        walk = self.end(lost)
        assert len(walk.told[2:]) == 3
        assert walk.head.status == "failed"
        assert ("the disk is full" in walk.head.last_error) == (lost.status != "ok")
