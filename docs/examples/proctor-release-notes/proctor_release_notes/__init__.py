"""A workflow for Proctor: what happened since the last tag becomes a section of the changelog, once somebody agrees.

The steps stand in modules of their own. Who does not agree may hand in another text, which leads back to the draft.
"""

from proctor import Workflow

WORKFLOW = Workflow("release_notes", main=("collect_commits", "draft_notes", "approve", "land"))
