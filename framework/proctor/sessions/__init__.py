"""The session service: every caller, a runner of ours included, comes through here.

Each operation reads a head, lets the pure rules and the step's plugin decide, and commits one `Change` on condition
that the head is still the one that was read; otherwise it begins again. Plugin code never runs inside a transaction.
"""

from proctor.sessions.draft import Draft
from proctor.sessions.service import Sessions
from proctor.sessions.turn import Started, Submitted
from proctor.sessions.turns import LEASE_S

__all__ = ["LEASE_S", "Draft", "Sessions", "Started", "Submitted"]
