"""The contracts, and the way from commits to a text that somebody agreed to."""

import pytest
from proctor_release_notes import WORKFLOW
from proctor_release_notes.approve import Approve
from proctor_release_notes.collect_commits import CollectCommits
from proctor_release_notes.draft_notes import DraftNotes
from proctor_release_notes.land import Land

from proctor import JsonObject, Result, Session
from proctor.testing import StepContract, WorkflowContract, a_result, a_session, ask

REPORT: JsonObject = {
    "since": "v1.0",
    "commits": [{"id": "a" * 40, "subject": "Round prices"}, {"id": "b" * 40, "subject": "Add a shop"}],
}
COLLECTED = a_result(data={"report": REPORT})
DRAFTED = a_result(files={"CHANGELOG.md": "d" * 64})


def a_release(**state: JsonObject | str) -> Session:
    """Give a session that has come so far."""
    return a_session("release_notes", state=state)


class TestWorkflow(WorkflowContract):
    """Every rule for a workflow."""

    workflow = WORKFLOW
    steps = (CollectCommits, DraftNotes, Approve, Land)


class TestCollectCommits(StepContract):
    """Every rule for a step."""

    step = CollectCommits

    def result(self) -> Result:
        """Give what the program reports."""
        return COLLECTED


class TestDraftNotes(StepContract):
    """Every rule for a step."""

    step = DraftNotes

    def session(self) -> Session:
        """Give one that has its commits."""
        return a_release(collected=REPORT)

    def result(self) -> Result:
        """Give the changelog that was brought back."""
        return DRAFTED


class TestApprove(StepContract):
    """Every rule for a step."""

    step = Approve


class TestLand(StepContract):
    """Every rule for a step."""

    step = Land

    def result(self) -> Result:
        """Give what landed."""
        return a_result(data={"branch": "release-notes", "commit": "e" * 40, "files": ["CHANGELOG.md"]})


def test_without_commits_there_is_nothing_to_write() -> None:
    """The session ends at once."""
    outcome = ask(CollectCommits, a_release(), a_result(data={"report": {**REPORT, "commits": []}}))
    assert outcome.session_status == "failed"
    assert outcome.result.error_message == "Nothing was committed since v1.0."


def test_the_draft_has_a_line_for_each_commit() -> None:
    """And the question shows it."""
    drafted = ask(DraftNotes, a_release(collected=REPORT), DRAFTED)
    notes = drafted.state["notes"]
    assert notes == "## Unreleased\n\n- Round prices (aaaaaaaaaa)\n- Add a shop (bbbbbbbbbb)\n"
    assert ask(Approve, a_release(notes=str(notes))).arguments["notes"] == notes


def test_another_text_is_drafted_in_its_place() -> None:
    """The table leads from `error` back to the draft."""
    answer = a_result("error", data={"notes": "- Prices are rounded."})
    outcome = ask(Approve, a_release(), answer)
    assert (outcome.result.status, outcome.session_status) == ("error", None)
    again = ask(DraftNotes, a_release(collected=REPORT, wanted="- Prices are rounded."), DRAFTED)
    assert again.state["notes"] == "## Unreleased\n\n- Prices are rounded.\n"


@pytest.mark.parametrize("status", ["error", "warning", "rejected"])
def test_a_refusal_without_another_text_ends_the_session(status: str) -> None:
    """With the reason that was given."""
    outcome = ask(Approve, a_release(), a_result(status, error_message="not today"))
    assert (outcome.session_status, outcome.result.error_message) == ("failed", "not approved: not today")
