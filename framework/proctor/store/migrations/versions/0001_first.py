"""The first schema."""

from alembic import op

revision = "0001"
down_revision = None

STATEMENTS = (
    # What is queried or compared has a column; the rest of a session's present is one document, rewritten whole.
    """
    CREATE TABLE sessions (
        id TEXT PRIMARY KEY,
        root TEXT NOT NULL REFERENCES sessions,
        parent TEXT REFERENCES sessions,
        key TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        depth INTEGER NOT NULL,
        workflow TEXT NOT NULL,
        account TEXT NOT NULL,
        project TEXT NOT NULL,
        priority INTEGER NOT NULL,
        created_at REAL NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('active', 'complete', 'failed', 'cancelled')),
        paused INTEGER NOT NULL,
        blocked TEXT,
        parked TEXT CHECK (parked IN ('children', 'external')),
        open_children INTEGER NOT NULL,
        has_pending INTEGER NOT NULL,
        has_raw INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        fence INTEGER NOT NULL,
        lease_until REAL,
        owner TEXT,
        version INTEGER NOT NULL CHECK (version > 0),
        present TEXT NOT NULL
    ) STRICT
    """,
    "CREATE UNIQUE INDEX sessions_by_parent ON sessions (parent, key, attempt)",
    "CREATE INDEX sessions_by_root ON sessions (root, depth, created_at)",
    "CREATE INDEX sessions_newest ON sessions (account, project, created_at) WHERE parent IS NULL",
    """
    CREATE INDEX sessions_due ON sessions (root, priority DESC, created_at)
    WHERE status = 'active' AND paused = 0 AND blocked IS NULL
    """,
    # What is fixed at a session's birth lies apart, so that a step's write stays small.
    "CREATE TABLE births (session TEXT PRIMARY KEY REFERENCES sessions, document TEXT NOT NULL) STRICT",
    """
    CREATE TABLE interactions (
        session TEXT NOT NULL REFERENCES sessions,
        sequence INTEGER NOT NULL CHECK (sequence > 0),
        document TEXT NOT NULL,
        PRIMARY KEY (session, sequence)
    ) STRICT
    """,
    """
    CREATE TRIGGER interactions_never_change BEFORE UPDATE ON interactions
    BEGIN SELECT raise(ABORT, 'an interaction is never changed'); END
    """,
    """
    CREATE TABLE trees (
        root TEXT PRIMARY KEY REFERENCES sessions,
        account TEXT NOT NULL,
        project TEXT NOT NULL,
        user TEXT NOT NULL,
        fingerprint TEXT,
        active INTEGER NOT NULL,
        owner TEXT,
        events INTEGER NOT NULL,
        sessions INTEGER NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        cost_usd REAL NOT NULL
    ) STRICT
    """,
    "CREATE UNIQUE INDEX trees_active ON trees (account, project, fingerprint) WHERE active",
    "CREATE TABLE pins (root TEXT PRIMARY KEY REFERENCES trees, document TEXT NOT NULL) STRICT",
    """
    CREATE TABLE events (
        root TEXT NOT NULL REFERENCES trees,
        sequence INTEGER NOT NULL,
        session TEXT NOT NULL,
        kind TEXT NOT NULL,
        at REAL NOT NULL,
        data TEXT NOT NULL,
        PRIMARY KEY (root, sequence)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE TABLE blobs (id TEXT PRIMARY KEY, data BLOB NOT NULL, created_at REAL NOT NULL) STRICT",
    """
    CREATE TABLE answers (
        session TEXT NOT NULL REFERENCES sessions,
        operation TEXT NOT NULL,
        key TEXT NOT NULL,
        digest TEXT NOT NULL,
        answer TEXT NOT NULL,
        created_at REAL NOT NULL,
        PRIMARY KEY (session, operation, key)
    ) STRICT
    """,
    """
    CREATE TABLE tokens (
        digest TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        account TEXT NOT NULL,
        project TEXT NOT NULL,
        user TEXT NOT NULL,
        created_at REAL NOT NULL,
        expires_at REAL,
        revoked_at REAL
    ) STRICT
    """,
    """
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY,
        at REAL NOT NULL,
        account TEXT NOT NULL,
        project TEXT NOT NULL,
        user TEXT NOT NULL,
        action TEXT NOT NULL,
        session TEXT,
        detail TEXT NOT NULL
    ) STRICT
    """,
)


def upgrade() -> None:
    """Create every table."""
    for statement in STATEMENTS:
        op.execute(statement)
