"""The schema's revisions, in order, and Alembic's way to them."""

REVISIONS = ("0001", "0002", "0003", "0004")
"""Every revision that this program knows, oldest first."""

HEAD = REVISIONS[-1]
