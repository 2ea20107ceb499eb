import pytest

from proctor.domain.workflow import CHECK, PinnedStep, Workflow, pin
from proctor.scaffold.place import Place, anchors

MAIN = ("initialize", "generate_tests", "run_tests", "check_coverage", "finalize")
CHECKS = ("run_tests", "check_coverage")


def workflow(name="component_testing", **replaced):
    own = [PinnedStep(step, CHECK) if step in CHECKS else PinnedStep(step) for step in MAIN]
    aside = [PinnedStep(step, {"*": "run_tests"}) for step in ("fix_tests", "drop_tests")]
    strangers = [PinnedStep(name, replaces=step) for step, name in replaced.items()]
    return pin(Workflow(name, MAIN, ("fix_tests", "drop_tests")), [*own, *aside, *strangers])


@pytest.mark.parametrize(
    ("relation", "anchor", "said"),
    [
        ("after", "run_tests", None),
        ("before", "initialize", None),
        ("before", "finalize", None),
        ("replaces", "fix_tests", None),
        ("wraps", "fix_tests", None),
        ("after", "finalize", "finalize is the last step of component_testing"),
        ("after", "fix_tests", "Possible are initialize, generate_tests, run_tests, check_coverage."),
        ("before", "nowhere", "component_testing has no such place"),
        ("wraps", "nowhere", "component_testing has no such place"),
    ],
)
def test_what_can_stand_where(relation, anchor, said):
    problem = Place(workflow(), relation, anchor).problem()
    assert problem is None if said is None else said in problem


def test_a_step_that_is_replaced_already_is_not_replaced_again():
    assert "run_tests" not in anchors(workflow(run_tests="other_tests"), "replaces")
    assert "run_tests" in anchors(workflow(run_tests="other_tests"), "wraps")


@pytest.mark.parametrize(
    ("relation", "anchor", "among"),
    [
        ("after", "initialize", False),
        ("after", "generate_tests", True),
        ("after", "check_coverage", True),
        ("before", "initialize", False),
        ("before", "generate_tests", False),
        ("before", "finalize", True),
        ("replaces", "run_tests", True),
        ("replaces", "finalize", False),
    ],
)
def test_beside_a_check_stands_a_check(relation, anchor, among):
    assert Place(workflow(), relation, anchor).is_among_checks() is among


def test_elsewhere_nobody_knows_what_could_be_checked():
    assert not Place(workflow("review"), "after", "run_tests").is_among_checks()
