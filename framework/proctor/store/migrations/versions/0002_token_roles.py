"""A token has a role, and its name is taken while it is not revoked."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the role, the least one for tokens that had none."""
    op.execute(
        "ALTER TABLE tokens ADD COLUMN role TEXT NOT NULL DEFAULT 'viewer' "
        "CHECK (role IN ('viewer', 'operator', 'admin'))"
    )
    op.execute("CREATE UNIQUE INDEX tokens_by_name ON tokens (name) WHERE revoked_at IS NULL")
    op.execute("CREATE INDEX audit_newest ON audit (account, project, id)")
