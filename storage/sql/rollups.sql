-- name: lock
-- One refresher at a time; released with the transaction.
SELECT pg_try_advisory_xact_lock(1903519093);

-- name: wait_for_lock
-- Waits until no refresher is at work, and keeps them away for the transaction.
SELECT pg_advisory_xact_lock(1903519093);

-- name: take
-- Takes batches whose roll-ups are to be made, new ones before the past, with what decides how, window by window.
WITH importing AS (
    SELECT EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory' AND classid = 1903519095 AND objsubid = 2 AND granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS now
), dated AS (
    SELECT id, to_ts[1] AS last, to_ts[1] < now() - interval '2 days' AS past FROM rollup_pending
), chosen AS (
    SELECT id, past, row_number() OVER (PARTITION BY past ORDER BY CASE WHEN past THEN last END DESC, id) AS place
    FROM dated
), taken AS (
    DELETE FROM rollup_pending
    WHERE id IN (
        SELECT id FROM chosen, importing
        WHERE NOT past OR %(whole_past)s OR (place <= %(past_batches)s AND NOT importing.now)
        ORDER BY past, place LIMIT %(batches)s)
    RETURNING id, point_id, from_ts, to_ts
)
SELECT taken.id, w.point_id, rollup_found_at(f.finest, s.timezone, w.point_id, w.from_ts, w.to_ts), f.finest, s.timezone,
       (date_part('epoch', w.from_ts) * 1e6)::int8, (date_part('epoch', w.to_ts) * 1e6)::int8
FROM taken
CROSS JOIN LATERAL unnest(taken.point_id, taken.from_ts, taken.to_ts) AS w (point_id, from_ts, to_ts)
LEFT JOIN point AS p ON p.id = w.point_id
LEFT JOIN site AS s ON s.id = p.site_id
LEFT JOIN LATERAL (SELECT rollup_level(p.period_s, s.timezone) AS finest) AS f ON true;

-- name: waiting
-- The windows that wait for these points, as `take` gives them; their notes stay.
SELECT b.id, w.point_id, rollup_found_at(f.finest, s.timezone, w.point_id, w.from_ts, w.to_ts), f.finest, s.timezone,
       (date_part('epoch', w.from_ts) * 1e6)::int8, (date_part('epoch', w.to_ts) * 1e6)::int8
FROM rollup_pending AS b
CROSS JOIN LATERAL unnest(b.point_id, b.from_ts, b.to_ts) AS w (point_id, from_ts, to_ts)
JOIN point AS p ON p.id = w.point_id
JOIN site AS s ON s.id = p.site_id
CROSS JOIN LATERAL (SELECT rollup_level(p.period_s, s.timezone) AS finest) AS f
WHERE w.point_id = ANY(%s)
ORDER BY b.id;

-- name: refresh
-- Makes anew the buckets that these windows reach, at every level.
SELECT refresh_rollups(%(level)s, %(timezone)s, %(point_id)s, %(first)s, %(last)s);

-- name: refresh_beside_history
-- The same where a stretch of coarser history is near, in which finer levels are left out.
SELECT refresh_rollups_beside_history(%(level)s, %(finest)s, %(timezone)s, %(point_id)s, %(first)s, %(last)s);

-- name: set_aside
-- Keeps the note of a window whose roll-ups cannot be made, with the cause.
INSERT INTO rollup_set_aside (point_id, from_ts, to_ts, cause)
SELECT * FROM unnest(%(point_id)s, %(first)s, %(last)s) CROSS JOIN (VALUES (%(cause)s)) AS c (cause);

-- name: backlog
-- Batches that wait for their roll-ups, and the age of the oldest in seconds.
SELECT count(*), coalesce(date_part('epoch', now() - min(created_at)), 0) FROM rollup_pending;

-- name: backlog_before
-- Batches that wait for their roll-ups and hold readings from before a time.
SELECT count(*) FROM rollup_pending AS p WHERE EXISTS (SELECT FROM unnest(p.from_ts) AS t WHERE t < %s);
