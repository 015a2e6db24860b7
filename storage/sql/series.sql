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
-- On which days (of UTC) of a window readings of these points arrived after a moment, with the first and the last.
SELECT point_id, min(ts), max(ts) FROM reading
WHERE point_id = ANY(%(points)s) AND ts >= %(start)s AND ts < %(end)s AND received_at > %(known_at)s
GROUP BY point_id, date_trunc('day', ts) ORDER BY point_id, min(ts);

-- name: cadences
-- Stretches of coarser history of a point.
SELECT cadence_s, starts, ends FROM history_cadence WHERE point_id = %s;

-- name: swaps
-- When a point's meter was changed, with both registers.
SELECT at, register_before, register_after FROM meter_swap WHERE point_id = %s ORDER BY at;
