-- Increments of counters over long gaps: shared out over days, and over nothing finer.

CREATE FUNCTION rollup_gap_days(source text, timezone text, points int[], first_day int[], last_day int[])
RETURNS SETOF reading_1m LANGUAGE plpgsql STABLE AS $fn$
BEGIN
    -- A gap is longer than any bucket of the source, so first and last readings of its rows tell all gaps.
    RETURN QUERY EXECUTE format($sql$
        WITH ask AS (
            SELECT u.*, p.modulus, p.rate_limit, p.silent_after_s AS silent,
                   bucket_start('1d', $1, u.k0) AS from_ts, bucket_start('1d', $1, u.k1 + 1) AS to_ts
            FROM unnest($2, $3, $4) AS u (point_id, k0, k1) JOIN point AS p ON p.id = u.point_id
            WHERE p.kind = 'counter'
        ), known AS (
            SELECT r.* FROM ask CROSS JOIN LATERAL (
                (SELECT f.* FROM %1$I AS f
                 WHERE f.point_id = ask.point_id AND f.bucket < ask.from_ts AND f.last_ts IS NOT NULL
                 ORDER BY f.bucket DESC LIMIT 1)
                UNION ALL
                (SELECT f.* FROM %1$I AS f
                 WHERE f.point_id = ask.point_id AND f.bucket >= ask.from_ts AND f.bucket < ask.to_ts
                   AND f.last_ts IS NOT NULL)
                UNION ALL
                (SELECT f.* FROM %1$I AS f
                 WHERE f.point_id = ask.point_id AND f.bucket >= ask.to_ts AND f.first_ts IS NOT NULL
                 ORDER BY f.bucket LIMIT 1)) AS r
        ), node AS (
            SELECT point_id, date_part('epoch', first_ts) AS e, first_value AS came, first_value AS went,
                   first_quality AS quality, true AS is_reading
            FROM known
            UNION ALL
            SELECT point_id, date_part('epoch', last_ts), last_value, last_value, last_quality, true FROM known
            UNION ALL
            SELECT s.point_id, date_part('epoch', s.at), s.register_before, s.register_after, 0::int2, false
            FROM meter_swap AS s JOIN ask ON ask.point_id = s.point_id
        ), link AS (
            SELECT node.*, lead(e) OVER line AS next_e, lead(came) OVER line AS next_came,
                   lead(quality) OVER line AS next_quality
            FROM node
            WINDOW line AS (PARTITION BY point_id ORDER BY e, is_reading)
        ), gap AS (
            SELECT link.*, k0, k1, silent, modulus, next_e - e AS length_s,
                   bucket_number('1d', $1, to_timestamp(e)) AS own_day,
                   bucket_number('1d', $1, to_timestamp(next_e - 1e-6)) AS end_day,
                   counter_step(went, next_came, next_e - e, modulus, rate_limit) AS step
            FROM link JOIN ask USING (point_id)
            WHERE next_e - e > rollup_longest_s()
        ), piece AS (
            SELECT gap.*, day, bucket_start('1d', $1, day) AS start,
                   length_s > rollup_hold(silent, greatest(rollup_cadence(point_id, to_timestamp(e)),
                                                           correction_cadence(point_id, to_timestamp(e)))) AS is_spread,
                   least(next_e, date_part('epoch', bucket_start('1d', $1, day + 1)))
                   - greatest(e, date_part('epoch', bucket_start('1d', $1, day))) AS known_s
            FROM gap CROSS JOIN LATERAL generate_series(greatest(own_day, k0), least(end_day, k1)) AS day
        )
        SELECT point_id, start, 0::bigint, 0::bigint, NULL::float8, NULL::float8, NULL::float8,
               counter_gain(step, went, next_came, modulus) * known_s / length_s, NULL::float8,
               CASE WHEN is_spread THEN 0 ELSE known_s END, CASE WHEN is_spread THEN known_s ELSE 0 END, 0::float8,
               NULL::timestamptz, NULL::float8, NULL::int2, NULL::timestamptz, NULL::float8, NULL::int2,
               (step = 'reset' AND day = end_day)::int,
               ((quality | next_quality) & 8191 | CASE WHEN step = 'reset' THEN 1 ELSE 0 END
                | CASE WHEN is_spread THEN 65 ELSE 0 END)::int2
        FROM piece
    $sql$, source) USING timezone, points, first_day, last_day;
END
$fn$;

COMMENT ON FUNCTION rollup_gap_days IS 'What counters gained within these days over gaps that no finer level holds.';
