-- How roll-ups are made: the segments between consecutive readings, cut at the edges of the buckets.

CREATE FUNCTION rollup_level(period_s float8, timezone text) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN period_s < 60 THEN '1m'
        WHEN period_s <= 900 THEN '15m'
        WHEN period_s <= 3600 AND whole_hours THEN '1h'
        WHEN period_s <= 3600 THEN '15m'
        ELSE '1d'
    END
    FROM (SELECT bool_and(extract(minute FROM moment AT TIME ZONE timezone) = 0) AS whole_hours
          FROM (VALUES (timestamptz '2024-01-01 00:00+00'), (timestamptz '2024-07-01 00:00+00')) AS v (moment)) AS z
$$;

COMMENT ON FUNCTION rollup_level IS
    'Finest level kept for a point: none finer than two readings a bucket, and days must be made of whole buckets.';

CREATE FUNCTION rollup_width(level text) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE level WHEN '1m' THEN 60 WHEN '15m' THEN 900 WHEN '1h' THEN 3600 WHEN '1d' THEN 86400 END
$$;

COMMENT ON FUNCTION rollup_width IS 'Width of a bucket [s]; a day is 82,800 or 90,000 twice a year.';

CREATE FUNCTION bucket_number(level text, timezone text, ts timestamptz) RETURNS int
LANGUAGE sql STABLE AS $$
    SELECT CASE level
        WHEN '1d' THEN (ts AT TIME ZONE timezone)::date - date '1970-01-01'
        ELSE floor(date_part('epoch', ts) / rollup_width(level))::int
    END
$$;

COMMENT ON FUNCTION bucket_number IS 'Number of the bucket that a time falls into, counted from 1970.';

CREATE FUNCTION bucket_start(level text, timezone text, number int) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT CASE level
        WHEN '1d' THEN (date '1970-01-01' + number)::timestamp AT TIME ZONE timezone
        ELSE to_timestamp(number::float8 * rollup_width(level))
    END
$$;

COMMENT ON FUNCTION bucket_start IS 'Start of the bucket of this number.';

CREATE FUNCTION bucket_range(level text, timezone text, first_number int, last_number int) RETURNS tstzrange
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN first_number IS NULL THEN 'empty'
                ELSE tstzrange(bucket_start(level, timezone, first_number),
                               bucket_start(level, timezone, last_number + 1)) END
$$;

COMMENT ON FUNCTION bucket_range IS 'From the start of one bucket to the end of another; empty where there is none.';

CREATE FUNCTION rollup_longest_s() RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT 172800.0::float8';

COMMENT ON FUNCTION rollup_longest_s IS
    'A counter''s increment over more than this [s] is booked by days alone: finer, a late reading would write a year.';

CREATE FUNCTION counter_step(
    went float8, came float8, seconds float8, modulus float8, rate_limit float8) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN came >= went THEN 'rise'
        WHEN modulus IS NOT NULL AND went < modulus AND came >= 0
            AND came - went + modulus <= coalesce(rate_limit * seconds, modulus / 2)
            AND came - went + modulus <= modulus / 2 THEN 'rollover'
        WHEN came < went THEN 'reset'
    END
$$;

COMMENT ON FUNCTION counter_step IS 'What happened between two values of a register, `seconds` apart.';

CREATE FUNCTION counter_gain(step text, went float8, came float8, modulus float8) RETURNS float8
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE step WHEN 'rise' THEN came - went
                     WHEN 'rollover' THEN came - went + modulus
                     WHEN 'reset' THEN greatest(came, 0) END
$$;

COMMENT ON FUNCTION counter_gain IS 'What a register gained by such a step.';

CREATE TYPE rollup_reach AS (
    point_id int,
    first_bucket int,          -- buckets to make anew, both ends included
    last_bucket int,
    before_ts timestamptz,     -- counters: the reading before the first bucket, and the one after the last
    before_value float8,
    before_quality int2,
    after_ts timestamptz,
    after_value float8,
    after_quality int2,
    raw tstzmultirange         -- where raw readings have to be read
);

CREATE FUNCTION rollup_reaches(
    level text, timezone text, points int[], first_ts timestamptz[], last_ts timestamptz[])
RETURNS SETOF rollup_reach LANGUAGE plpgsql STABLE AS $fn$
BEGIN
    -- Neighbours are looked up in the roll-ups themselves, by (point, bucket): the raw table has no such path, and
    -- a silent point would have it searched from end to end.
    RETURN QUERY EXECUTE format($sql$
        WITH ask AS (
            SELECT u.point_id, p.kind, u.first_ts, u.last_ts, rollup_level(p.period_s, $2) <> $1 AS beside,
                   -- The longest hold that the new readings may have, or may have cut short.
                   make_interval(secs => rollup_hold(p.silent_after_s, greatest((
                       SELECT max(h.cadence_s) FROM history_cadence AS h
                       WHERE h.point_id = u.point_id AND h.starts <= u.last_ts
                           AND h.ends + make_interval(secs => rollup_hold(0, h.cadence_s)) >= u.first_ts), (
                       SELECT max(c.cadence_s) FROM correction AS c
                       WHERE c.point_id = u.point_id AND c.starts <= u.last_ts
                           AND c.ends + make_interval(secs => rollup_hold(0, c.cadence_s)) >= u.first_ts)))) AS hold,
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

COMMENT ON FUNCTION rollup_reaches IS
    'How far new readings reach: from the bucket of the reading before to that of the one after, or to a hold''s end.';

CREATE FUNCTION rollup_rows(level text, timezone text, reaches rollup_reach[], kept text)
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
    cadence_there text := 'rollup_cadence(point_id, to_timestamp(e))';
BEGIN
    SELECT array_agg(r.point_id) INTO points FROM unnest(reaches) AS r;
    IF EXISTS (SELECT FROM history_cadence AS h WHERE h.point_id = ANY(points)) THEN
        kept_there := format('rollup_kept_at(%L, $2, point_id, to_timestamp(e))', kept);
    END IF;
    IF EXISTS (SELECT FROM correction AS c WHERE c.point_id = ANY(points) AND c.cadence_s IS NOT NULL) THEN
        cadence_there := format('greatest(%s, correction_cadence(point_id, to_timestamp(e)))', cadence_there);
    END IF;
    -- Where nothing is corrected the raw table is read alone.
    SELECT string_agg(format(
               'SELECT r.point_id, r.ts, r.value, r.quality FROM %I AS r'
               ' WHERE r.ts >= %L AND r.ts < %L AND r.point_id = ANY($3)',
               CASE WHEN EXISTS (
                   SELECT FROM correction AS c
                   WHERE c.point_id = ANY(points) AND c.withdrawn_at IS NULL AND c.starts < upper(s) AND c.ends > lower(s))
               THEN 'v_corrected_reading' ELSE 'reading' END, lower(s), upper(s)), ' UNION ALL ')
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
                                THEN %10$s END AS cadence_s
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
        format('date_part(''epoch'', bucket_start(%1$s, $2, bucket_number(%1$s, $2, to_timestamp(e)) + 1))', kept_there),
        cadence_there)
    USING reaches, timezone, points;
END
$fn$;

COMMENT ON FUNCTION rollup_rows IS
    'Roll-up rows of these buckets from readings as they count, exactly; `kept` is the finest level. Nothing is written.';

CREATE FUNCTION rollup_sums(source text, level text, timezone text, points int[], first_bucket int[], last_bucket int[])
RETURNS SETOF reading_1m LANGUAGE plpgsql STABLE AS $fn$
BEGIN
    RETURN QUERY EXECUTE format($sql$
        WITH summed AS (
            SELECT s.point_id, s.k, sum(s.n)::bigint AS n, sum(s.n_bad)::bigint AS n_bad,
                   sum(s.mean * s.valid_s) / nullif(sum(s.valid_s) FILTER (WHERE s.mean IS NOT NULL), 0) AS mean,
                   min(s.minimum) AS minimum, max(s.maximum) AS maximum, sum(s.increase) AS increase,
                   sum(s.total) AS total, sum(s.valid_s) AS valid_s, sum(s.spread_s) AS spread_s,
                   min(ARRAY[date_part('epoch', s.first_ts), s.first_value, s.first_quality])
                       FILTER (WHERE s.first_ts IS NOT NULL) AS opening,
                   max(ARRAY[date_part('epoch', s.last_ts), s.last_value, s.last_quality])
                       FILTER (WHERE s.last_ts IS NOT NULL) AS closing,
                   sum(s.resets)::int AS resets, bit_or(s.quality) AS quality
            FROM (
                SELECT f.* FROM unnest($3, $4, $5) AS u (point_id, k0, k1)
                CROSS JOIN LATERAL (
                    -- OFFSET 0 keeps this a look-up by key for each point.
                    SELECT f.*, bucket_number($1, $2, f.bucket) AS k FROM %1$I AS f
                    WHERE f.point_id = u.point_id AND f.bucket >= bucket_start($1, $2, u.k0)
                      AND f.bucket < bucket_start($1, $2, u.k1 + 1)
                    OFFSET 0) AS f
                %2$s) AS s
            GROUP BY s.point_id, s.k
        ), timed AS (
            SELECT summed.*, bucket_start($1, $2, k) AS start, bucket_start($1, $2, k + 1) AS stop FROM summed
        )
        SELECT point_id, start, n, n_bad, mean, minimum, maximum, increase, total, valid_s, spread_s,
               least(1, valid_s / date_part('epoch', stop - start)),
               to_timestamp(opening[1]), opening[2], opening[3]::int2,
               to_timestamp(closing[1]), closing[2], closing[3]::int2, resets, quality
        FROM timed
    $sql$, source, CASE level WHEN '1d' THEN format(
        'UNION ALL SELECT g.*, bucket_number($1, $2, g.bucket) FROM rollup_gap_days(%L, $2, $3, $4, $5) AS g', source) END)
    USING level, timezone, points, first_bucket, last_bucket;
END
$fn$;

COMMENT ON FUNCTION rollup_sums IS
    'Roll-up rows of these buckets from a finer level; every figure adds up, days have a counter''s long gaps besides.';

CREATE FUNCTION rollup_store(
    target text, source text, level text, timezone text, reaches rollup_reach[], from_level text) RETURNS void
LANGUAGE plpgsql AS $fn$
DECLARE
    points int[];
    first_bucket int[];
    last_bucket int[];
    envelope tstzrange;
BEGIN
    SELECT array_agg(r.point_id),
           array_agg(bucket_number(level, timezone, bucket_start(from_level, timezone, r.first_bucket))),
           array_agg(bucket_number(
               level, timezone, bucket_start(from_level, timezone, r.last_bucket + 1) - interval '1 microsecond'))
    INTO points, first_bucket, last_bucket
    FROM unnest(reaches) AS r;
    SELECT tstzrange(bucket_start(level, timezone, min(b.k0)), bucket_start(level, timezone, max(b.k1) + 1))
    INTO envelope
    FROM unnest(first_bucket, last_bucket) AS b (k0, k1);
    EXECUTE format($sql$
        WITH fresh AS MATERIALIZED (
            SELECT * FROM %2$s
        ), gone AS (
            DELETE FROM %1$I AS t
            USING unnest($4, $5, $6) AS u (point_id, k0, k1)
            WHERE t.point_id = u.point_id AND t.bucket >= bucket_start($1, $2, u.k0)
              AND t.bucket < bucket_start($1, $2, u.k1 + 1)
              -- The same again as constants: chunks outside are not looked at, nor decompressed.
              AND t.bucket >= lower($7) AND t.bucket < upper($7) AND t.point_id = ANY($4)
              AND (t.point_id, t.bucket) NOT IN (SELECT f.point_id, f.bucket FROM fresh AS f)
        )
        INSERT INTO %1$I AS t SELECT * FROM fresh
        ON CONFLICT (point_id, bucket) DO UPDATE SET
            n = excluded.n, n_bad = excluded.n_bad, mean = excluded.mean, minimum = excluded.minimum,
            maximum = excluded.maximum, increase = excluded.increase, total = excluded.total,
            valid_s = excluded.valid_s, spread_s = excluded.spread_s, coverage = excluded.coverage,
            first_ts = excluded.first_ts, first_value = excluded.first_value, first_quality = excluded.first_quality,
            last_ts = excluded.last_ts, last_value = excluded.last_value, last_quality = excluded.last_quality,
            resets = excluded.resets, quality = excluded.quality
        WHERE t.* IS DISTINCT FROM excluded.*
    $sql$, target, source) USING level, timezone, reaches, points, first_bucket, last_bucket, envelope;
END
$fn$;

COMMENT ON FUNCTION rollup_store IS 'Replaces the rows of these buckets by those of the source; what did not change is not written.';

CREATE FUNCTION refresh_rollups(
    level text, timezone text, points int[], first_ts timestamptz[], last_ts timestamptz[])
RETURNS int LANGUAGE plpgsql
SET jit = off SET work_mem = '64MB' SET max_parallel_workers_per_gather = 0 AS $fn$
DECLARE
    reaches rollup_reach[];
BEGIN
    SELECT array_agg(r) INTO reaches FROM rollup_reaches(level, timezone, points, first_ts, last_ts) AS r;
    IF reaches IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM rollup_store('reading_' || level, 'rollup_rows($1, $2, $3, $1)', level, timezone, reaches, level);
    PERFORM rollup_store_coarser(level, timezone, reaches);
    RETURN cardinality(reaches);
END
$fn$;

COMMENT ON FUNCTION refresh_rollups IS 'Makes anew exactly the buckets that these new readings reach, at every level.';

CREATE FUNCTION rollup_window(level text, point int, first_ts timestamptz, end_ts timestamptz)
RETURNS SETOF reading_1m LANGUAGE plpgsql STABLE
SET jit = off SET work_mem = '64MB' SET max_parallel_workers_per_gather = 0 AS $fn$
DECLARE
    zone text;
    finest text;
    kept text;                 -- the finest that is kept at all times: neighbours are found there
    known tstzrange;
    near int[];                -- buckets with readings next to those asked for
    reach rollup_reach;
BEGIN
    SELECT s.timezone, rollup_level(p.period_s, s.timezone) INTO zone, finest
    FROM point AS p JOIN site AS s ON s.id = p.site_id WHERE p.id = point;
    kept := rollup_common_level(finest, zone, point);
    -- Beyond what is kept there is nothing to make.
    EXECUTE format(
        'SELECT greatest($2, min(bucket)), least($3, max(bucket) + interval ''2 days'') FROM %I WHERE point_id = $1',
        'reading_' || kept)
    INTO first_ts, end_ts USING point, first_ts, end_ts;
    IF zone IS NULL OR end_ts <= first_ts THEN
        RETURN;
    END IF;
    IF date_part('epoch', end_ts - first_ts) / rollup_width(level) > 600000 THEN
        RAISE invalid_parameter_value
            USING MESSAGE = format('%s of %s is too long to be made while you wait', end_ts - first_ts, level);
    END IF;
    reach.point_id := point;
    reach.first_bucket := bucket_number(level, zone, first_ts);
    reach.last_bucket := bucket_number(level, zone, end_ts - interval '1 microsecond');
    -- Whole buckets of the level that is kept are read; what lies beyond them is in its rows.
    known := tstzrange(bucket_start(kept, zone, bucket_number(kept, zone, first_ts)),
                       bucket_start(kept, zone, bucket_number(kept, zone, end_ts - interval '1 microsecond') + 1));
    EXECUTE format(
        'SELECT ARRAY[bucket_number($1, $2, (SELECT bucket FROM %1$I WHERE point_id = $3 AND bucket < lower($4)'
        ' AND n + n_bad > 0 ORDER BY bucket DESC LIMIT 1)), bucket_number($1, $2, (SELECT bucket FROM %1$I'
        ' WHERE point_id = $3 AND bucket >= upper($4) AND n + n_bad > 0 ORDER BY bucket LIMIT 1))]', 'reading_' || kept)
    INTO near USING kept, zone, point, known;
    reach.raw := tstzmultirange(
        bucket_range(kept, zone, near[1], near[1]), known, bucket_range(kept, zone, near[2], near[2]));
    EXECUTE format(
        'SELECT last_ts, last_value, last_quality FROM %I WHERE point_id = $1 AND bucket < $2 AND last_ts IS NOT NULL'
        ' ORDER BY bucket DESC LIMIT 1', 'reading_' || kept)
    INTO reach.before_ts, reach.before_value, reach.before_quality USING point, lower(known);
    EXECUTE format(
        'SELECT first_ts, first_value, first_quality FROM %I WHERE point_id = $1 AND bucket >= $2'
        ' AND first_ts IS NOT NULL ORDER BY bucket LIMIT 1', 'reading_' || kept)
    INTO reach.after_ts, reach.after_value, reach.after_quality USING point, upper(known);
    RETURN QUERY SELECT * FROM rollup_rows(level, zone, ARRAY[reach], finest);
END
$fn$;

COMMENT ON FUNCTION rollup_window IS 'Roll-up rows of one point finer than any that are kept, made while you wait.';
