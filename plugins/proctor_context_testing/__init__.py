"""The workflow of a whole context: look it over, have every component tested, land what was proven."""

from proctor import Workflow

WORKFLOW = Workflow(
    "context_testing",
    main=("initialize", "spawn_component_testing_sessions", "finalize"),
    spawns=("component_testing",),
)
