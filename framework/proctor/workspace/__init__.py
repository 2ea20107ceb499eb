"""git without trust: workspaces to work in, and a branch for what came of it.

The user's checkout is never written, and nothing that its repository configures ever runs. A repository's base commit
is copied into a cache repository of ours; workspaces are laid out from there; commits are made there; only objects and
one new ref go back.
"""

from proctor.workspace.carried import carried
from proctor.workspace.folder import sweep
from proctor.workspace.repository import Identity, Repository, identify
from proctor.workspace.workspaces import Workspaces

__all__ = ["Identity", "Repository", "Workspaces", "carried", "identify", "sweep"]
