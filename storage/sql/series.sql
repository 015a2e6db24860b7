-- name: latest
-- Every point of a site with its latest reading.
SELECT p.id, p.key, p.name, a.key, p.quantity, p.canonical_unit, p.kind, p.period_s, p.silent_after_s,
       l.ts, l.value, l.quality, l.received_at
FROM point AS p
JOIN site AS s ON s.id = p.site_id
JOIN asset AS a ON a.id = p.asset_id
LEFT JOIN point_latest AS l ON l.point_id = p.id
WHERE s.key = %s AND p.retired_at IS NULL
ORDER BY p.key;

-- name: seconds_to_make
-- How much time of these points lies within a window, from a point's first bucket to its last.
SELECT coalesce(sum(date_part('epoch', least(last, %(end)s) - greatest(first, %(start)s))), 0)
FROM (SELECT min(bucket) AS first, max(bucket) + interval '2 days' AS last FROM reading_1d
      WHERE point_id = ANY(%(points)s) GROUP BY point_id) AS extent
WHERE least(last, %(end)s) > greatest(first, %(start)s);

-- name: left_out
-- Stretches within a window for which these points have no rows of a level: of coarser history.
SELECT p.id, lower(r), upper(r)
FROM point AS p JOIN site AS s ON s.id = p.site_id
CROSS JOIN LATERAL unnest(rollup_left_out(%(level)s, s.timezone, p.id)
                          * tstzmultirange(tstzrange(%(start)s, %(end)s))) AS r
WHERE p.id = ANY(%(points)s) AND EXISTS (SELECT FROM history_cadence AS h WHERE h.point_id = p.id)
ORDER BY p.id, r;

-- name: extent
-- From when to when the roll-ups of these points reach; every point has days.
SELECT min(bucket), max(bucket) + interval '2 days' FROM reading_1d WHERE point_id = ANY(%(points)s);

-- name: late
-- Where points are known otherwise since a moment: by readings (a day each) or corrections that came or went later.
SELECT point_id, min(ts), max(ts) FROM reading
WHERE point_id = ANY(%(points)s) AND ts >= %(start)s AND ts < %(end)s AND received_at > %(known_at)s
GROUP BY point_id, date_trunc('day', ts)
UNION ALL
SELECT point_id, greatest(starts, %(start)s), least(ends, %(end)s) FROM correction
WHERE point_id = ANY(%(points)s) AND starts < %(end)s AND ends > %(start)s
    AND (made_at > %(known_at)s OR withdrawn_at > %(known_at)s)
ORDER BY 1, 2;

-- name: known_raw
-- The readings of a point that counted at a moment: within the window of a correction in force then those of the newest.
WITH in_force AS (
    SELECT id, starts, ends FROM correction
    WHERE point_id = %(point)s AND made_at <= %(known_at)s AND (withdrawn_at IS NULL OR withdrawn_at > %(known_at)s)
)
SELECT ts, value, quality FROM reading AS r
WHERE point_id = %(point)s AND ts >= %(start)s AND ts < %(end)s AND received_at <= %(known_at)s
    AND NOT EXISTS (SELECT FROM in_force AS f WHERE f.starts <= r.ts AND f.ends > r.ts)
UNION ALL
SELECT k.ts, k.value, k.quality FROM in_force AS c JOIN correction_reading AS k ON k.correction_id = c.id
WHERE k.ts >= %(start)s AND k.ts < %(end)s
    AND NOT EXISTS (SELECT FROM in_force AS f WHERE f.id > c.id AND f.starts <= k.ts AND f.ends > k.ts)
ORDER BY 1;

-- name: cadences
-- Stretches of a point that are coarser than it is live: of history, and of corrections that were in force at a moment.
SELECT cadence_s, starts, ends FROM history_cadence WHERE point_id = %(point)s
UNION ALL
SELECT cadence_s, starts, ends FROM correction
WHERE point_id = %(point)s AND cadence_s IS NOT NULL AND made_at <= %(known_at)s
    AND (withdrawn_at IS NULL OR withdrawn_at > %(known_at)s);

-- name: swaps
-- When a point's meter was changed, with both registers.
SELECT at, register_before, register_after FROM meter_swap WHERE point_id = %s ORDER BY at;
