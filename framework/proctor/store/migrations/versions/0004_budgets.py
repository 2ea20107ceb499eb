"""A tree counts time, and keeps what it had spent when its root was opened again."""

from alembic import op

revision = "0004"
down_revision = "0003"

COLUMNS = (
    "seconds REAL",
    "counted_until REAL",  # time that lies before this moment was counted
    "seconds_before REAL",
    "tokens_before INTEGER",
    "money_before REAL",
    "sessions_before INTEGER",
)


def upgrade() -> None:
    """Add the columns; in the trees that are there, no time was counted."""
    for column in COLUMNS:
        op.execute(f"ALTER TABLE trees ADD COLUMN {column} NOT NULL DEFAULT 0")
