-- Every statement that the SQLite store executes. Time always comes in as a parameter, in seconds since the epoch.
-- What every step executes takes its parameters by position: by name costs twice the CPU.

-- name: head
SELECT b.document, s.status, s.paused, s.blocked, s.parked, s.open_children, s.sequence, s.fence, s.lease_until,
       s.owner, s.version, s.present
FROM sessions s JOIN births b ON b.session = s.id
WHERE s.id = ? AND s.account = ? AND s.project = ?;

-- name: children
SELECT b.document, s.status, s.paused, s.blocked, s.parked, s.open_children, s.sequence, s.fence, s.lease_until,
       s.owner, s.version, s.present
FROM sessions s JOIN births b ON b.session = s.id
WHERE s.parent = :session AND s.account = :account AND s.project = :project AND (s.key, s.attempt) > (:key, :attempt)
ORDER BY s.key, s.attempt
LIMIT :limit;

-- name: roots
SELECT b.document, s.status, s.paused, s.blocked, s.parked, s.open_children, s.sequence, s.fence, s.lease_until,
       s.owner, s.version, s.present
FROM sessions s JOIN births b ON b.session = s.id
WHERE s.parent IS NULL AND s.account = :account AND s.project = :project
  AND (:status IS NULL OR s.status = :status) AND (:workflow IS NULL OR s.workflow = :workflow)
  AND (:created_at IS NULL OR (s.created_at, s.id) < (:created_at, :session))
ORDER BY s.created_at DESC, s.id DESC
LIMIT :limit;

-- name: descendants
SELECT b.document, s.status, s.paused, s.blocked, s.parked, s.open_children, s.sequence, s.fence, s.lease_until,
       s.owner, s.version, s.present
FROM sessions s JOIN births b ON b.session = s.id
WHERE s.root = :root AND s.account = :account AND s.project = :project
ORDER BY s.depth, s.created_at, s.rowid;

-- name: interactions
-- A session without its birth is being forgotten.
SELECT i.document
FROM interactions i JOIN sessions s ON s.id = i.session JOIN births b ON b.session = s.id
WHERE i.session = :session AND i.sequence > :after AND s.account = :account AND s.project = :project
ORDER BY i.sequence
LIMIT :limit;

-- name: events
SELECT e.root, e.sequence, e.session, e.kind, e.at, e.data
FROM events e JOIN trees t ON t.root = e.root
WHERE e.root = :root AND e.sequence > :after AND t.account = :account AND t.project = :project
ORDER BY e.sequence
LIMIT :limit;

-- name: events_below
-- The stream is walked in order and left at the limit: an index by session would have to sort a whole family's events.
WITH RECURSIVE family (id) AS (
    SELECT :session UNION SELECT s.id FROM sessions s JOIN family f ON s.parent = f.id
)
SELECT e.root, e.sequence, e.session, e.kind, e.at, e.data
FROM events e JOIN trees t ON t.root = e.root
WHERE e.root = :root AND e.sequence > :after AND t.account = :account AND t.project = :project
  AND e.session IN (SELECT id FROM family)
ORDER BY e.sequence
LIMIT :limit;

-- name: events_of_children
SELECT e.root, e.sequence, e.session, e.kind, e.at, e.data
FROM events e JOIN trees t ON t.root = e.root
WHERE e.root = :root AND e.sequence > :after AND t.account = :account AND t.project = :project
  AND e.kind NOT IN ('activity', 'output') AND e.session IN (SELECT id FROM sessions WHERE parent = :session)
ORDER BY e.sequence
LIMIT :limit;

-- name: tree
SELECT t.root, t.account, t.project, t.user, t.fingerprint, t.owner, t.events, t.forgotten, t.sessions,
       t.input_tokens, t.output_tokens, t.cost_usd, p.document
FROM trees t JOIN pins p ON p.root = t.root
WHERE t.root = :root AND t.account = :account AND t.project = :project;

-- name: find_tree
SELECT t.root, t.account, t.project, t.user, t.fingerprint, t.owner, t.events, t.forgotten, t.sessions,
       t.input_tokens, t.output_tokens, t.cost_usd, p.document
FROM trees t JOIN pins p ON p.root = t.root JOIN sessions s ON s.id = t.root
WHERE t.root = (
    SELECT root FROM trees
    WHERE fingerprint = :fingerprint AND account = :account AND project = :project
    ORDER BY active DESC, rowid DESC
    LIMIT 1
) AND (t.active OR (t.owner IS NOT NULL AND s.status IN ('complete', 'failed')));

-- name: open_trees
SELECT t.root, t.account, t.project, t.user, t.fingerprint, t.owner, t.events, t.forgotten, t.sessions,
       t.input_tokens, t.output_tokens, t.cost_usd, p.document
FROM trees t JOIN pins p ON p.root = t.root
WHERE t.active
ORDER BY t.rowid;

-- name: answer
SELECT session, operation, key, digest, answer
FROM answers
WHERE session = :session AND operation = :operation AND key = :key;

-- name: due
SELECT id
FROM sessions
WHERE root = :root AND status = 'active' AND paused = 0 AND blocked IS NULL
  AND (has_pending = 0 OR lease_until < :now OR (has_raw = 1 AND parked IS NOT 'children')
       OR (parked = 'children' AND open_children = 0))
ORDER BY priority DESC, created_at, rowid
LIMIT :limit;

-- name: blob
SELECT data FROM blobs WHERE id = :blob;

-- name: has_blob
SELECT 1 FROM blobs INDEXED BY blobs_put WHERE id = :blob AND put_at > :since;

-- name: last_event
SELECT events FROM trees WHERE root = :root AND NOT leaving;

-- name: spent
SELECT seconds - seconds_before, input_tokens + output_tokens - tokens_before, cost_usd - money_before,
       sessions - sessions_before
FROM trees
WHERE root = ?;

-- name: data_version
PRAGMA data_version;

-- name: insert_session
INSERT INTO sessions (status, paused, blocked, parked, open_children, has_pending, has_raw, sequence, fence,
                      lease_until, owner, present, version, id, root, parent, key, attempt, depth, workflow, account,
                      project, priority, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: insert_birth
INSERT INTO births (session, document) VALUES (?, ?);

-- name: status
SELECT status FROM sessions WHERE id = ?;

-- name: update_session
UPDATE sessions
SET status = ?, paused = ?, blocked = ?, parked = ?, open_children = ?, has_pending = ?, has_raw = ?, sequence = ?,
    fence = ?, lease_until = ?, owner = ?, present = ?, version = version + 1
WHERE version = ? - 1 AND id = ?;

-- name: count_open_children
UPDATE sessions
SET open_children = (SELECT count(*) FROM sessions c WHERE c.parent = :id AND c.status = 'active')
WHERE id = :id
RETURNING open_children;

-- name: child_ended
-- The caller judges the columns: of a STRICT table, SQLite 3.40 answers `IS NULL` in RETURNING wrongly.
UPDATE sessions
SET open_children = max(open_children - 1, 0), version = version + 1
WHERE id = ?
RETURNING status, paused, blocked, parked, open_children;

-- name: insert_interaction
INSERT INTO interactions (session, sequence, document) VALUES (?, ?, ?);

-- name: insert_answer
INSERT INTO answers (session, operation, key, digest, answer, created_at)
VALUES (:session, :operation, :key, :digest, :answer, :created_at)
ON CONFLICT DO NOTHING;

-- name: insert_tree
INSERT INTO trees (root, account, project, user, fingerprint, active, ended_at, owner, events, sessions, input_tokens,
                   output_tokens, cost_usd)
VALUES (:root, :account, :project, :user, :fingerprint, :active, iif(:active, NULL, :now), :owner, 0, 0,
        :input_tokens, :output_tokens, :cost_usd)
ON CONFLICT DO NOTHING;

-- name: insert_pins
INSERT INTO pins (root, document) VALUES (:root, :workflows);

-- name: end_tree
UPDATE trees SET active = 0, ended_at = ? WHERE root = ?;

-- name: reopen_tree
UPDATE OR IGNORE trees
SET active = 1, ended_at = NULL, seconds_before = seconds, tokens_before = input_tokens + output_tokens,
    money_before = cost_usd, sessions_before = sessions
WHERE root = ? AND NOT leaving;

-- name: own
UPDATE trees SET owner = :owner WHERE root = :root AND owner IS :expected;

-- name: insert_event
INSERT INTO events (root, sequence, session, kind, at, data) VALUES (?, ?, ?, ?, ?, ?);

-- name: count_tree
UPDATE trees
SET events = :events, sessions = sessions + :sessions, input_tokens = input_tokens + :input_tokens,
    output_tokens = output_tokens + :output_tokens, cost_usd = cost_usd + :cost_usd
WHERE root = :root;

-- name: count_time
-- Where the time was counted up to a moment that is yet to come, the clock has been set back.
UPDATE trees
SET seconds = seconds + max(:until - max(iif(counted_until > :until + :set_back, 0, counted_until), :since), 0),
    counted_until = iif(counted_until > :until + :set_back, :until, max(counted_until, :until))
WHERE root = :root;

-- name: insert_blob
INSERT INTO blobs (id, data, put_at) VALUES (:blob, :data, :now)
ON CONFLICT DO UPDATE SET put_at = excluded.put_at;

-- name: token
SELECT digest, name, role, account, project, user, created_at, expires_at, revoked_at
FROM tokens
WHERE digest = :digest;

-- name: tokens
SELECT digest, name, role, account, project, user, created_at, expires_at, revoked_at
FROM tokens
ORDER BY created_at, rowid;

-- name: insert_token
INSERT INTO tokens (digest, name, role, account, project, user, created_at, expires_at)
VALUES (:digest, :name, :role, :account, :project, :user, :created_at, :expires_at)
ON CONFLICT DO NOTHING;

-- name: revoke_token
UPDATE tokens SET revoked_at = :now WHERE name = :name AND revoked_at IS NULL;

-- name: insert_deed
INSERT INTO audit (at, account, project, user, action, session, detail)
VALUES (:at, :account, :project, :user, :action, :session, :detail);

-- name: deeds
SELECT at, account, project, user, action, session, detail
FROM audit
WHERE account = :account AND project = :project
ORDER BY id DESC
LIMIT :limit;
