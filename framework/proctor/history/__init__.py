"""Recorded histories: a session tree as one document, and the same decisions made once more over it."""

from proctor.history.document import History, Recorded, Unreadable, read, write
from proctor.history.recording import record
from proctor.history.replay import Divergence, Replayed, replay

__all__ = ["Divergence", "History", "Recorded", "Replayed", "Unreadable", "read", "record", "replay", "write"]
