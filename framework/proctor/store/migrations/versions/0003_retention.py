"""What is needed to forget: when a tree ended, what of it is gone, and who did which chore when."""

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS = (
    "ALTER TABLE trees ADD COLUMN ended_at REAL",
    "ALTER TABLE trees ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE trees ADD COLUMN leaving INTEGER NOT NULL DEFAULT 0",
    # Of a tree that ended before, its last event tells when that was.
    """
    UPDATE trees SET ended_at = coalesce(
        (SELECT e.at FROM events e WHERE e.root = trees.root ORDER BY e.sequence DESC LIMIT 1),
        (SELECT s.created_at FROM sessions s WHERE s.id = trees.root)
    )
    WHERE NOT active
    """,
    "CREATE INDEX trees_ended ON trees (ended_at) WHERE ended_at IS NOT NULL",
    "CREATE INDEX trees_leaving ON trees (root) WHERE leaving",
    "ALTER TABLE blobs RENAME COLUMN created_at TO put_at",
    # It covers what is asked of a blob without its data, behind which `put_at` lies.
    "CREATE INDEX blobs_put ON blobs (id, put_at)",
    "CREATE TABLE chores (name TEXT PRIMARY KEY, at REAL NOT NULL) STRICT",
)


def upgrade() -> None:
    """Add the columns, their indexes and the table of chores."""
    for statement in STATEMENTS:
        op.execute(statement)
