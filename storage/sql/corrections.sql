-- name: made_before
-- A correction in force of this point, window and file, and the newest that took its place anywhere, if one did.
SELECT c.id, (SELECT max(later.id) FROM correction AS later
              WHERE later.point_id = c.point_id AND later.id > c.id AND later.withdrawn_at IS NULL
                  AND later.starts < c.ends AND later.ends > c.starts)
FROM correction AS c
WHERE c.point_id = %(point_id)s AND c.withdrawn_at IS NULL AND c.starts = %(starts)s AND c.ends = %(ends)s
    AND c.sha256 IS NOT DISTINCT FROM %(sha256)s AND c.cadence_s IS NOT DISTINCT FROM %(cadence_s)s
ORDER BY c.id DESC LIMIT 1;

-- name: counting
-- How many readings count within a window of a point, raw or corrected.
SELECT count(*) FROM v_corrected_reading WHERE point_id = %(point_id)s AND ts >= %(starts)s AND ts < %(ends)s;

-- name: add
-- Makes a correction, without its readings.
INSERT INTO correction (point_id, starts, ends, cadence_s, who, why, source, sha256)
VALUES (%(point_id)s, %(starts)s, %(ends)s, %(cadence_s)s, %(who)s, %(why)s, %(source)s, %(sha256)s)
RETURNING id;

-- name: add_readings
-- Gives a correction its readings.
INSERT INTO correction_reading (correction_id, ts, value, quality)
SELECT %(number)s, * FROM unnest(%(ts)s, %(value)s, %(quality)s);

-- name: pend
-- Asks for the roll-ups that these corrections touch.
SELECT pend_readings(array_agg(point_id), array_agg(starts), array_agg(ends - interval '1 microsecond'))
FROM correction WHERE id = ANY(%s);

-- name: days
-- The figures of these points by day of their site: mean of a gauge, increase of a counter, total of events.
SELECT p.key, (d.bucket AT TIME ZONE s.timezone)::date, p.canonical_unit,
       CASE p.kind WHEN 'counter' THEN d.increase WHEN 'event' THEN d.total ELSE d.mean END, d.n, d.coverage
FROM reading_1d AS d JOIN point AS p ON p.id = d.point_id JOIN site AS s ON s.id = p.site_id
WHERE d.point_id = ANY(%s) ORDER BY 1, 2;

-- name: list
-- Corrections, the newest first.
SELECT number, site, point, starts, ends, cadence_s, readings, who, why, source, sha256, made_at, withdrawn_at, withdrawn_by,
       withdrawn_why
FROM v_correction
WHERE (%(site)s::text IS NULL OR site = %(site)s) AND (%(point)s::text IS NULL OR point = %(point)s)
    AND (in_force OR %(withdrawn)s) AND (%(numbers)s::int[] IS NULL OR number = ANY(%(numbers)s))
ORDER BY number DESC;

-- name: reaching
-- Corrections of some points that reach into a window, in force now or at a moment, the oldest first.
SELECT number, site, point, starts, ends, cadence_s, readings, who, why, source, sha256, made_at, withdrawn_at, withdrawn_by,
       withdrawn_why
FROM v_correction
WHERE site = %(site)s AND point = ANY(%(points)s) AND starts < %(ends)s AND ends > %(starts)s
    AND CASE WHEN %(known_at)s::timestamptz IS NULL THEN in_force
        ELSE made_at <= %(known_at)s AND (withdrawn_at IS NULL OR withdrawn_at > %(known_at)s) END
ORDER BY number;

-- name: content
-- What a correction holds by day of its site, beside the raw readings of that day within its window.
SELECT day, sum(corrected)::int8, max(mean) FILTER (WHERE corrected > 0), sum(raw)::int8, max(mean) FILTER (WHERE raw > 0)
FROM (
    SELECT (k.ts AT TIME ZONE s.timezone)::date AS day, count(*) AS corrected, 0 AS raw, avg(k.value) AS mean
    FROM correction AS c JOIN correction_reading AS k ON k.correction_id = c.id
    JOIN point AS p ON p.id = c.point_id JOIN site AS s ON s.id = p.site_id
    WHERE c.id = %(number)s GROUP BY 1
    UNION ALL
    SELECT (r.ts AT TIME ZONE s.timezone)::date, 0, count(*), avg(r.value)
    FROM correction AS c JOIN reading AS r ON r.point_id = c.point_id AND r.ts >= c.starts AND r.ts < c.ends
    JOIN point AS p ON p.id = c.point_id JOIN site AS s ON s.id = p.site_id
    WHERE c.id = %(number)s GROUP BY 1) AS part
GROUP BY day ORDER BY day;

-- name: withdraw
-- Marks corrections as withdrawn; what they are stays.
UPDATE correction SET withdrawn_at = now(), withdrawn_by = %(who)s, withdrawn_why = %(why)s
WHERE id = ANY(%(numbers)s) AND withdrawn_at IS NULL;
