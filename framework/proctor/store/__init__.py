"""Stores: where sessions live. SQLite, embedded, is the one that needs no server."""

from proctor.store.sqlite import SqliteStore, open_store

__all__ = ["SqliteStore", "open_store"]
