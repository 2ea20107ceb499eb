import pytest

from proctor.cli.tree.summary import summarise


def test_landed_is_success(story):
    story.root()
    story.proven("larder.shelf")
    story.land()
    summary = summarise(story.view)
    assert (summary.branch, summary.exit_code()) == ("tests-for-larder", 0)


def test_landed_in_part_is_success(story):
    story.root()
    story.proven("larder.shelf")
    story.end(story.child("larder.clock"), outcome="none", product={"reason": "no examples"})
    story.land()
    summary = summarise(story.view)
    assert summary.exit_code() == 0


@pytest.mark.parametrize(("status", "code"), [("failed", 1), ("cancelled", 130), ("active", 130)])
def test_what_did_not_land_has_its_own_exit_code(story, status, code):
    story.root()
    story.tell("root", "session_changed", status=status, error="why")
    assert summarise(story.view).exit_code() == code


def test_what_the_root_says_of_a_component_goes_first(story, product):
    story.root()
    bug = {"test": "test_x", "message": "wrong"}
    story.end(story.child("larder.oven"), outcome="proven", product=product(suspected_bugs=[bug]))
    entry = {"name": "larder.oven", "outcome": "partial", "tests": 2, "dropped": 1, "suspected_bugs": 1}
    story.land([entry])
    (row,) = summarise(story.view).rows
    assert (row.verdict, row.product.tests, row.product.dropped, row.product.after) == ("partial", 2, 1, 87.6)
    assert [bug.test for bug in row.product.bugs] == ["test_x"]


def test_a_component_without_tests_says_why(story):
    story.root()
    story.end(story.child("larder.clock"), outcome="none", product={"reason": "no examples"})
    story.end(story.child("larder.oven"), "failed", error="no agent")
    assert [row.why for row in summarise(story.view).rows] == ["no examples", "no agent"]


def test_the_form_for_machines_has_everything(story):
    story.root()
    story.proven("larder.shelf", tests=4)
    story.land()
    told = summarise(story.view).to_json()
    assert told["status"] == "complete"
    assert told["components"][0]["coverage"] == {"before": 40.0, "after": 87.6}
    assert told["components"][0]["session"] == "larder.shelf-1"


def test_what_is_blocked_is_a_failure_and_says_so_once(story):
    story.root()
    for name in ("larder.oven", "larder.shelf"):
        story.tell(story.child(name), "session_changed", status="active", blocked="the plugin x is not installed")
    summary = summarise(story.view)
    assert summary.blocked == ("the plugin x is not installed",)
    assert [(row.verdict, row.why) for row in summary.rows] == [("blocked", "the plugin x is not installed")] * 2
    assert summary.exit_code() == 1
    assert summary.to_json()["blocked"] == ["the plugin x is not installed"]


def test_what_was_cancelled_while_it_was_blocked_is_cancelled(story):
    story.root()
    child = story.child("larder.oven")
    for session in (child, "root"):
        for status in ("active", "cancelled"):
            story.tell(session, "session_changed", status=status, blocked="the plugin x is not installed")
    summary = summarise(story.view)
    assert (summary.blocked, summary.rows[0].verdict, summary.exit_code()) == ((), "cancelled", 130)
