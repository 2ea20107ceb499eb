"""The workflow of one component: tests are written, judged, repaired or dropped, until what is left is proven."""

from proctor import Workflow

WORKFLOW = Workflow(
    "component_testing",
    main=("initialize", "generate_tests", "run_tests", "check_stability", "check_coverage", "finalize"),
    aside=("fix_tests", "drop_tests"),
)
