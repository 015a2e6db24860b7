-- name: list
-- Refused entries, newest first.
SELECT q.id, q.arrived_at, q.gateway, p.topic, p.content_type, p.payload_bytes, q.reason, q.detail, q.entry,
       q.replayed_at, q.replayed_by, NULL::bytea
FROM quarantine AS q JOIN quarantine_payload AS p ON p.id = q.payload_id
WHERE (%(reason)s::text IS NULL OR q.reason = %(reason)s)
  AND q.arrived_at >= coalesce(%(start)s, '-infinity'::timestamptz)
  AND q.arrived_at < coalesce(%(end)s, 'infinity'::timestamptz)
  AND (NOT %(open_only)s OR q.replayed_at IS NULL)
  AND (%(before)s::bigint IS NULL OR q.id < %(before)s)
ORDER BY q.id DESC
LIMIT %(limit)s;

-- name: show
-- One refused entry with its whole message.
SELECT q.id, q.arrived_at, q.gateway, p.topic, p.content_type, p.payload_bytes, q.reason, q.detail, q.entry,
       q.replayed_at, q.replayed_by, p.payload
FROM quarantine AS q JOIN quarantine_payload AS p ON p.id = q.payload_id
WHERE q.id = %s;

-- name: counts
-- How many entries each reason has, and how many of them were not replayed.
SELECT reason, count(*), count(*) FILTER (WHERE replayed_at IS NULL) FROM quarantine GROUP BY reason ORDER BY reason;

-- name: messages
-- The messages of these entries, the oldest entry first, each with those of its entries that were asked for.
SELECT payload_id, array_agg(id ORDER BY id) FROM quarantine WHERE id = ANY(%s) GROUP BY payload_id ORDER BY min(id);

-- name: entries
-- What was asked for of one message, without the message.
SELECT id, reason, entry FROM quarantine WHERE id = ANY(%s) ORDER BY id;

-- name: mark_replayed
-- Marks the entries of the messages of these entries: a message is replayed whole.
UPDATE quarantine SET replayed_at = now(), replayed_by = %(who)s
WHERE payload_id IN (SELECT payload_id FROM quarantine WHERE id = ANY(%(ids)s)) AND replayed_at IS NULL;

-- name: close
-- Closes entries whose cause will not be mended.
UPDATE quarantine SET replayed_at = now(), replayed_by = %(who)s WHERE id = ANY(%(ids)s) AND replayed_at IS NULL;

-- name: close_imported
-- Closes what earlier runs of an import refused: this run has stored it, or refused it as an entry of its own.
UPDATE quarantine AS q SET replayed_at = now(), replayed_by = %(who)s
FROM quarantine_payload AS p
WHERE p.id = q.payload_id AND q.gateway = %(gateway)s AND q.replayed_at IS NULL
  AND substring(p.payload FOR length(%(job)s::bytea)) = %(job)s::bytea AND p.payload <> %(run)s::bytea;

-- name: forget
-- Forgets a piece of what was closed before a time.
SELECT forget_quarantine(%(before)s, %(most)s);
