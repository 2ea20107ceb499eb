"""The contract, the question, and what follows from each answer."""

from proctor_approval import Approve

from proctor import Session
from proctor.testing import StepContract, a_child, a_result, a_session, ask


def waiting() -> Session:
    """Give a session with two components, one of them in its second attempt."""
    children = (a_child("failed"), a_child(attempt=2), a_child(name="shop.stock"))
    return a_session("context_testing", children=children)


class TestApprove(StepContract):
    """Every rule for a step."""

    step = Approve

    def session(self) -> Session:
        """Give one whose components have been tested."""
        return waiting()


def test_the_question_says_what_would_land_and_where() -> None:
    """Whoever answers sees nothing else."""
    command = ask(Approve, waiting())
    assert command.kind == "external"
    assert command.arguments["question"] == "Shall 2 tests of shop land on test-context-testing-session-for-shop?"
    assert command.arguments["components"] == ["shop.cart: proven, 1 test", "shop.stock: proven, 1 test"]


def test_the_question_names_the_branch_that_the_user_wants() -> None:
    """The one in the state is the one that Proctor would make."""
    question = ask(Approve, waiting(), options={"branch": "tests-for-ada"}).arguments["question"]
    assert question == "Shall 2 tests of shop land on tests-for-ada?"


def test_yes_goes_on() -> None:
    """The default table leads from `ok` to the next step."""
    outcome = ask(Approve, waiting(), a_result())
    assert (outcome.result.status, outcome.session_status) == ("ok", None)


def test_no_ends_the_session_with_the_reason() -> None:
    """Whatever word was used for it."""
    for status in ("error", "rejected"):
        outcome = ask(Approve, waiting(), a_result(status, error_message="wait for the release"))
        assert (outcome.result.status, outcome.session_status) == ("error", "failed")
        assert outcome.result.error_message == "not approved: wait for the release"
