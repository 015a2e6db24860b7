-- Roll-ups are made as before (see 0005), but a reading of coarser history holds until the next one of it is due.
-- depends: 0012-history-cadence

CREATE OR REPLACE FUNCTION rollup_reaches(
    level text, timezone text, points int[], first_ts timestamptz[], last_ts timestamptz[])
RETURNS SETOF rollup_reach LANGUAGE plpgsql STABLE AS $fn$
BEGIN
    -- Neighbours are looked up in the roll-ups themselves, by (point, bucket): the raw table has no such path, and
    -- a silent point would have it searched from end to end.
    RETURN QUERY EXECUTE format($sql$
        WITH ask AS (
            SELECT u.point_id, p.kind, u.first_ts, u.last_ts, rollup_level(p.period_s, $2) <> $1 AS beside,
                   -- The longest hold that the new readings may have, or may have cut short.
                   make_interval(secs => rollup_hold(p.silent_after_s, (
                       SELECT max(h.cadence_s) FROM history_cadence AS h
                       WHERE h.point_id = u.point_id AND h.starts <= u.last_ts
                           AND h.ends + make_interval(secs => rollup_hold(0, h.cadence_s)) >= u.first_ts))) AS hold,
                   bucket_number($1, $2, u.first_ts) AS k0, bucket_number($1, $2, u.last_ts) AS k1
            FROM unnest($3, $4, $5) AS u (point_id, first_ts, last_ts)
            JOIN point AS p ON p.id = u.point_id
        ), near AS (
            -- The buckets with readings, of any quality, before and after the new ones.
            SELECT ask.*, bucket_number($1, $2, prev.bucket) AS prev, bucket_number($1, $2, next.bucket) AS next,
                   bucket_number($1, $2, earlier.bucket) AS earlier, bucket_number($1, $2, later.bucket) AS later
            FROM ask
            LEFT JOIN LATERAL (
                SELECT r.bucket FROM %1$I AS r
                WHERE r.point_id = ask.point_id AND r.bucket < bucket_start($1, $2, k0) AND r.n + r.n_bad > 0
                ORDER BY r.bucket DESC LIMIT 1) AS prev ON true
            LEFT JOIN LATERAL (
                SELECT r.bucket FROM %1$I AS r
                WHERE r.point_id = ask.point_id AND r.bucket >= bucket_start($1, $2, k1 + 1) AND r.n + r.n_bad > 0
                ORDER BY r.bucket LIMIT 1) AS next ON true
            -- Beside history a bucket may hold finer ones, and a point's last hold ended with such a one. So the bucket
            -- before is made anew, and it is looked whether anything follows on the one after.
            LEFT JOIN LATERAL (
                SELECT r.bucket FROM %1$I AS r
                WHERE beside AND r.point_id = ask.point_id AND r.bucket < prev.bucket AND r.n + r.n_bad > 0
                ORDER BY r.bucket DESC LIMIT 1) AS earlier ON true
            LEFT JOIN LATERAL (
                SELECT r.bucket FROM %1$I AS r
                WHERE beside AND r.point_id = ask.point_id AND r.bucket > next.bucket AND r.n + r.n_bad > 0
                ORDER BY r.bucket LIMIT 1) AS later ON true
            WHERE kind IN ('gauge', 'state')
        ), plain AS (
            -- A hold that was a point's last ended with its bucket; now it goes on, and so may the new one.
            SELECT point_id, coalesce(CASE WHEN beside THEN prev ELSE prev + 1 END, k0) AS lo,
                   CASE WHEN next IS NULL THEN k1
                        ELSE least(next, bucket_number($1, $2, last_ts + hold - interval '1 microsecond')) END AS hi,
                   tstzmultirange(
                       bucket_range($1, $2, earlier, earlier), bucket_range($1, $2, prev, prev),
                       bucket_range($1, $2, k0, k1), bucket_range($1, $2, next, next),
                       bucket_range($1, $2, later, later)) AS raw
            FROM near
            UNION ALL
            SELECT point_id, k0, k1, tstzmultirange(bucket_range($1, $2, k0, k1))
            FROM ask WHERE kind = 'event'
        ), edge AS (
            SELECT ask.*, coalesce(
                       CASE WHEN own_first.first_ts < ask.first_ts THEN k0 END,
                       bucket_number($1, $2, prev.bucket), least(k0, bucket_number($1, $2, swap.first_at))) AS lo,
                   coalesce(
                       CASE WHEN own_last.last_ts > ask.last_ts THEN k1 END,
                       bucket_number($1, $2, next.bucket), greatest(k1, bucket_number($1, $2, swap.last_at))) AS hi
            FROM ask
            LEFT JOIN %1$I AS own_first
                ON own_first.point_id = ask.point_id AND own_first.bucket = bucket_start($1, $2, k0)
            LEFT JOIN %1$I AS own_last
                ON own_last.point_id = ask.point_id AND own_last.bucket = bucket_start($1, $2, k1)
            LEFT JOIN LATERAL (
                SELECT r.bucket FROM %1$I AS r
                WHERE r.point_id = ask.point_id AND r.bucket < bucket_start($1, $2, k0) AND r.last_ts IS NOT NULL
                ORDER BY r.bucket DESC LIMIT 1) AS prev ON true
            LEFT JOIN LATERAL (
                SELECT r.bucket FROM %1$I AS r
                WHERE r.point_id = ask.point_id AND r.bucket >= bucket_start($1, $2, k1 + 1) AND r.first_ts IS NOT NULL
                ORDER BY r.bucket LIMIT 1) AS next ON true
            LEFT JOIN LATERAL (
                SELECT min(s.at) AS first_at, max(s.at) AS last_at FROM meter_swap AS s
                WHERE s.point_id = ask.point_id) AS swap ON true
            WHERE kind = 'counter'
        )
        SELECT point_id, lo, hi, NULL::timestamptz, NULL::float8, NULL::int2, NULL::timestamptz, NULL::float8,
               NULL::int2, raw
        FROM plain
        UNION ALL
        SELECT edge.point_id, lo, hi, prev.last_ts, prev.last_value, prev.last_quality,
               next.first_ts, next.first_value, next.first_quality,
               tstzmultirange(
                   bucket_range($1, $2, lo, lo), bucket_range($1, $2, k0, k1), bucket_range($1, $2, hi, hi))
               + coalesce(passed.raw, '{}')
        FROM edge
        LEFT JOIN LATERAL (
            -- Between the neighbours there is nothing to read but what was passed over as bad.
            SELECT range_agg(tstzrange(r.bucket, bucket_start($1, $2, bucket_number($1, $2, r.bucket) + 1))) AS raw
            FROM %1$I AS r
            WHERE r.point_id = edge.point_id AND r.bucket >= bucket_start($1, $2, lo)
              AND r.bucket < bucket_start($1, $2, hi + 1) AND r.n_bad > 0) AS passed ON true
        LEFT JOIN LATERAL (
            SELECT r.last_ts, r.last_value, r.last_quality FROM %1$I AS r
            WHERE r.point_id = edge.point_id AND r.bucket < bucket_start($1, $2, lo) AND r.last_ts IS NOT NULL
            ORDER BY r.bucket DESC LIMIT 1) AS prev ON true
        LEFT JOIN LATERAL (
            SELECT r.first_ts, r.first_value, r.first_quality FROM %1$I AS r
            WHERE r.point_id = edge.point_id AND r.bucket >= bucket_start($1, $2, hi + 1) AND r.first_ts IS NOT NULL
            ORDER BY r.bucket LIMIT 1) AS next ON true
    $sql$, 'reading_' || level) USING level, timezone, points, first_ts, last_ts;
END
$fn$;

CREATE OR REPLACE FUNCTION rollup_rows(level text, timezone text, reaches rollup_reach[], kept text)
RETURNS SETOF reading_1m LANGUAGE plpgsql STABLE AS $fn$
DECLARE
    width int := rollup_width(level);
    -- Number of the bucket of a time given in seconds; of the last bucket of a stretch that ends then; start of one.
    number_of text := CASE level WHEN '1d' THEN '((to_timestamp(%s) AT TIME ZONE $2)::date - date ''1970-01-01'')'
                                 ELSE 'floor(%s / ' || width || ')::int' END;
    last_of text := CASE level WHEN '1d' THEN '((to_timestamp(%s - 1e-6) AT TIME ZONE $2)::date - date ''1970-01-01'')'
                               ELSE '(ceil(%s / ' || width || ')::int - 1)' END;
    start_of text := CASE level
        WHEN '1d' THEN 'date_part(''epoch'', (date ''1970-01-01'' + %s)::timestamp AT TIME ZONE $2)'
        ELSE '((%s)::float8 * ' || width || ')' END;
    points int[];
    -- The stretches of raw readings as literals: the planner then sees how little of the table each one is.
    stretches text;
    -- The level whose bucket ends the hold of a point's last reading.
    kept_there text := quote_literal(kept);
BEGIN
    SELECT array_agg(r.point_id) INTO points FROM unnest(reaches) AS r;
    IF EXISTS (SELECT FROM history_cadence AS h WHERE h.point_id = ANY(points)) THEN
        kept_there := format('rollup_kept_at(%L, $2, point_id, to_timestamp(e))', kept);
    END IF;
    SELECT string_agg(format(
               'SELECT r.point_id, r.ts, r.value, r.quality FROM reading AS r'
               ' WHERE r.ts >= %L AND r.ts < %L AND r.point_id = ANY($3)', lower(s), upper(s)), ' UNION ALL ')
    INTO stretches
    FROM unnest((SELECT range_agg(r.raw) FROM unnest(reaches) AS r)) AS s;
    RETURN QUERY EXECUTE format($sql$
        WITH reach AS MATERIALIZED (
            SELECT r.*, p.kind, p.silent_after_s AS silent, p.period_s, p.modulus, p.rate_limit,
                   lower(r.raw) AS raw_from, upper(r.raw) AS raw_to
            FROM unnest($1) AS r JOIN point AS p ON p.id = r.point_id
        ), node AS (
            -- Readings; bad ones end a gauge's hold, a counter passes over them.
            SELECT raw.point_id, date_part('epoch', raw.ts) AS e, raw.value AS came, raw.value AS went,
                   raw.quality, raw.quality & 3 < 2 AS good, true AS is_reading
            FROM (%7$s) AS raw
            JOIN reach ON reach.point_id = raw.point_id AND raw.ts >= reach.raw_from AND raw.ts < reach.raw_to
            UNION ALL
            SELECT point_id, date_part('epoch', before_ts), before_value, before_value, before_quality, true, true
            FROM reach WHERE before_ts IS NOT NULL
            UNION ALL
            SELECT point_id, date_part('epoch', after_ts), after_value, after_value, after_quality, true, true
            FROM reach WHERE after_ts IS NOT NULL
            UNION ALL
            -- A meter swap: one register ends here, another begins.
            SELECT s.point_id, date_part('epoch', s.at), s.register_before, s.register_after, 0::int2, true, false
            FROM meter_swap AS s JOIN reach ON reach.point_id = s.point_id AND reach.kind = 'counter'
        ), link AS (
            SELECT n.*, r.kind, r.silent, r.period_s, r.modulus, r.rate_limit, r.first_bucket, r.last_bucket,
                   lead(n.e) OVER line AS next_e, lead(n.came) OVER line AS next_came,
                   lead(n.quality) OVER line AS next_quality,
                   -- A counter's longer gaps are booked by days alone, by rollup_gap_days.
                   r.kind = 'counter' AND n.good AND lead(n.e) OVER line - n.e <= %8$s AS is_gain
            FROM node AS n JOIN reach AS r ON r.point_id = n.point_id
            -- A counter passes over bad readings: they stand aside, to be counted as bad and no more.
            -- At a swap's own instant the reading is the new meter's.
            WINDOW line AS (PARTITION BY n.point_id, r.kind = 'counter' AND NOT n.good ORDER BY n.e, n.is_reading)
        ), told AS (
            -- What cadence it is of matters where a reading stands alone for longer than its point may be silent.
            -- OFFSET 0, here and below, keeps what is found from being worked out anew wherever it is used.
            SELECT link.*, CASE WHEN good AND (kind = 'event' OR next_e IS NULL OR next_e - e > silent)
                                THEN rollup_cadence(point_id, to_timestamp(e)) END AS cadence_s
            FROM link OFFSET 0
        ), gain AS (
            SELECT told.*,
                   CASE WHEN is_gain THEN counter_step(went, next_came, next_e - e, modulus, rate_limit) END AS step,
                   CASE WHEN is_gain THEN next_e
                        WHEN NOT good OR kind IN ('counter', 'event') THEN e
                        -- A point's last reading holds to the end of its bucket: nothing is said of what has not begun.
                        ELSE least(coalesce(next_e, %9$s), e + rollup_hold(silent, cadence_s)) END AS until_e
            FROM told OFFSET 0
        ), piece AS (
            SELECT g.*, k, %1$s AS own_bucket, %2$s AS end_bucket,
                   greatest(0, least(until_e, %3$s) - greatest(e, %4$s)) AS known_s,
                   counter_gain(step, went, next_came, modulus) AS gained,
                   kind = 'counter' AND until_e - e > rollup_hold(silent, cadence_s) AS is_spread
            FROM gain AS g
            CROSS JOIN LATERAL generate_series(
                greatest(%1$s, first_bucket), least(greatest(%1$s, %2$s), last_bucket)) AS k
        ), share AS (
            SELECT piece.*, k = own_bucket AND is_reading AS own,
                   CASE WHEN until_e > e THEN gained * known_s / (until_e - e)
                        WHEN k = own_bucket THEN gained END AS increase
            FROM piece
        ), bucket AS (
            SELECT point_id, k, kind, sum(greatest(period_s, cadence_s)) FILTER (WHERE own AND good) AS stands_s,
                   count(*) FILTER (WHERE own AND good) AS n,
                   count(*) FILTER (WHERE own AND NOT good) AS n_bad,
                   sum(went * known_s) FILTER (WHERE kind IN ('gauge', 'state')) AS integral,
                   min(went) FILTER (WHERE good AND kind <> 'counter') AS minimum,
                   max(went) FILTER (WHERE good AND kind <> 'counter') AS maximum,
                   sum(increase) AS increase,
                   sum(went) FILTER (WHERE own AND good AND kind = 'event') AS total,
                   coalesce(sum(known_s) FILTER (WHERE NOT is_spread), 0) AS known_s,
                   coalesce(sum(known_s) FILTER (WHERE is_spread), 0) AS spread_s,
                   min(ARRAY[e, went, quality]) FILTER (WHERE own AND good) AS opening,
                   max(ARRAY[e, came, quality]) FILTER (WHERE own AND good) AS closing,
                   count(*) FILTER (WHERE step = 'reset' AND k = greatest(own_bucket, end_bucket)) AS resets,
                   bit_or(CASE WHEN NOT good THEN quality & 8188
                               WHEN kind <> 'counter' THEN quality & 8191
                               ELSE (quality | CASE WHEN is_gain THEN next_quality ELSE 0::int2 END) & 8191
                                    | CASE WHEN step = 'reset' THEN 1 ELSE 0 END
                                    | CASE WHEN is_spread THEN 65 ELSE 0 END END) AS quality
            FROM share
            WHERE own OR known_s > 0 OR increase IS NOT NULL
            GROUP BY point_id, k, kind
        ), timed AS (
            SELECT b.*, %5$s AS start_e, %6$s - %5$s AS width_s FROM bucket AS b
        ), known AS (
            SELECT timed.*, CASE kind WHEN 'event' THEN least(coalesce(stands_s, 0), width_s) ELSE known_s END AS valid_s
            FROM timed
        )
        SELECT point_id, to_timestamp(start_e), n, n_bad, integral / nullif(known_s, 0), minimum, maximum, increase, total,
               valid_s, spread_s, least(1, valid_s / width_s),
               to_timestamp(opening[1]), opening[2], opening[3]::int2, to_timestamp(closing[1]), closing[2],
               closing[3]::int2, resets::int, quality::int2
        FROM known
    $sql$,
        format(number_of, 'e'), format(last_of, 'until_e'), format(start_of, 'k + 1'), format(start_of, 'k'),
        format(start_of, 'b.k'), format(start_of, 'b.k + 1'), stretches,
        CASE level WHEN '1d' THEN '''infinity''::float8' ELSE 'rollup_longest_s()' END,
        format('date_part(''epoch'', bucket_start(%1$s, $2, bucket_number(%1$s, $2, to_timestamp(e)) + 1))', kept_there))
    USING reaches, timezone, points;
END
$fn$;

CREATE OR REPLACE FUNCTION rollup_gap_days(source text, timezone text, points int[], first_day int[], last_day int[])
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
                   length_s > rollup_hold(silent, rollup_cadence(point_id, to_timestamp(e))) AS is_spread,
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
