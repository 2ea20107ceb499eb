-- Every statement with which the SQLite store forgets. A tree that is leaving has lost its births, so that no reader
-- finds it, and takes no news, so that nobody opens it again; what else there is of it goes piece by piece, its root
-- last. `:before` is in seconds since the epoch.

-- name: claim
INSERT INTO chores (name, at) VALUES (:chore, :now)
ON CONFLICT DO UPDATE SET at = excluded.at WHERE at <= :now - :every OR at > :now;

-- name: leaving
SELECT root FROM trees WHERE leaving LIMIT 1;

-- name: expired
SELECT root
FROM trees t
WHERE t.ended_at < :before
  AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.root = t.root AND s.status = 'active')
ORDER BY t.ended_at
LIMIT 1;

-- name: leave
UPDATE trees SET leaving = 1 WHERE root = :root;

-- name: forget_births
DELETE FROM births WHERE session IN (SELECT id FROM sessions WHERE root = :root);

-- name: forget_pins
DELETE FROM pins WHERE root = :root;

-- name: told
SELECT root
FROM trees t
WHERE t.ended_at < :before AND EXISTS (SELECT 1 FROM events e WHERE e.root = t.root)
  AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.root = t.root AND s.status = 'active')
ORDER BY t.ended_at
LIMIT 1;

-- name: forget_events
DELETE FROM events
WHERE root = :root
  AND sequence IN (SELECT sequence FROM events WHERE root = :root ORDER BY sequence LIMIT :limit)
RETURNING length(data), sequence;

-- name: mark_forgotten
UPDATE trees SET forgotten = :sequence WHERE root = :root;

-- name: forget_interactions
DELETE FROM interactions
WHERE rowid IN (SELECT i.rowid FROM sessions s JOIN interactions i ON i.session = s.id WHERE s.root = :root LIMIT :limit)
RETURNING length(document);

-- name: forget_answers
DELETE FROM answers
WHERE rowid IN (SELECT a.rowid FROM sessions s JOIN answers a ON a.session = s.id WHERE s.root = :root LIMIT :limit)
RETURNING length(answer);

-- name: forget_sessions
-- The deepest first: a child names its parent.
DELETE FROM sessions
WHERE id IN (SELECT id FROM sessions WHERE root = :root AND parent IS NOT NULL ORDER BY depth DESC LIMIT :limit)
RETURNING length(present);

-- name: forget_tree
DELETE FROM trees WHERE root = :root;

-- name: forget_root
DELETE FROM sessions WHERE id = :root RETURNING length(present);

-- name: forget_deeds
-- They are in the order of their numbers, as they came.
DELETE FROM audit
WHERE id IN (SELECT id FROM (SELECT id, at FROM audit ORDER BY id LIMIT :limit) WHERE at < :before)
RETURNING length(detail);

-- name: blobs
SELECT id FROM blobs INDEXED BY blobs_put WHERE put_at < :before;

-- name: forget_blob
DELETE FROM blobs WHERE id = :blob AND put_at < :before RETURNING length(data);

-- name: named
-- What may name a blob: the documents of the trees that stay.
WITH staying (root) AS (
    SELECT root FROM trees t
    WHERE NOT leaving
      AND (:before IS NULL OR t.ended_at IS NULL OR t.ended_at >= :before
           OR EXISTS (SELECT 1 FROM sessions s WHERE s.root = t.root AND s.status = 'active'))
), kept (id, present) AS (
    SELECT s.id, s.present FROM staying t JOIN sessions s ON s.root = t.root
)
SELECT present FROM kept
UNION ALL SELECT b.document FROM kept s JOIN births b ON b.session = s.id
UNION ALL SELECT i.document FROM kept s JOIN interactions i ON i.session = s.id;

-- name: count_trees
SELECT count(*), coalesce(sum(size), 0), coalesce(sum(present), 0) FROM (
    SELECT count(*) AS size, sum(length(s.present)) AS present
    FROM trees t JOIN sessions s ON s.root = t.root
    WHERE t.ended_at < :before OR t.leaving
    GROUP BY t.root
    HAVING NOT max(s.status = 'active')
);

-- name: count_interactions
SELECT count(*), coalesce(sum(length(i.document)), 0)
FROM trees t JOIN sessions s ON s.root = t.root JOIN interactions i ON i.session = s.id
WHERE (t.ended_at < :before OR t.leaving)
  AND NOT EXISTS (SELECT 1 FROM sessions a WHERE a.root = t.root AND a.status = 'active');

-- name: count_events
SELECT count(*), coalesce(sum(length(e.data)), 0)
FROM trees t JOIN events e ON e.root = t.root
WHERE (t.ended_at < :before OR t.leaving)
  AND NOT EXISTS (SELECT 1 FROM sessions a WHERE a.root = t.root AND a.status = 'active');

-- name: count_deeds
SELECT count(*), coalesce(sum(length(detail)), 0) FROM audit WHERE at < :before;

-- name: size_of_blob
SELECT length(data) FROM blobs WHERE id = ?;

-- name: auto_vacuum
PRAGMA auto_vacuum;

-- name: page_size
PRAGMA page_size;

-- name: free_pages
PRAGMA freelist_count;

-- name: free
PRAGMA incremental_vacuum(32);
