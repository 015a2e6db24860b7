-- Which levels are made where: in stretches of coarser history from the common level on, elsewhere as before.
-- depends: 0012-history-cadence

CREATE FUNCTION rollup_store_coarser(level text, timezone text, reaches rollup_reach[]) RETURNS void
LANGUAGE plpgsql AS $fn$
DECLARE
    -- Days are made of hours, which history has too, where the zone is a whole number of hours off; else of quarters.
    finer_than_day constant text := rollup_level(3600, timezone);
    coarser text;
    finer text;
BEGIN
    FOREACH coarser IN ARRAY ARRAY['15m', '1h', '1d'] LOOP
        CONTINUE WHEN rollup_width(coarser) <= rollup_width(level);
        finer := CASE coarser WHEN '15m' THEN '1m' WHEN '1h' THEN '15m' ELSE finer_than_day END;
        PERFORM rollup_store(
            'reading_' || coarser, format('rollup_sums(%L, $1, $2, $4, $5, $6)', 'reading_' || finer),
            coarser, timezone, reaches, level);
    END LOOP;
END
$fn$;

COMMENT ON FUNCTION rollup_store_coarser IS 'Sums the rows of a level up into every coarser one.';

CREATE FUNCTION rollup_rows_beside_history(
    level text, timezone text, reaches rollup_reach[], from_level text, finest text)
RETURNS SETOF reading_1m LANGUAGE plpgsql STABLE AS $fn$
DECLARE
    finer constant text := CASE WHEN level <> finest THEN CASE level WHEN '1h' THEN '15m' ELSE '1m' END END;
    own rollup_reach[];        -- the reaches in buckets of this level, as far as it is kept there
BEGIN
    SELECT array_agg((r.point_id, bucket_number(level, timezone, lower(kept)),
                      bucket_number(level, timezone, upper(kept) - interval '1 microsecond'), before_ts, before_value,
                      before_quality, after_ts, after_value, after_quality, raw)::rollup_reach)
    INTO own
    FROM unnest(reaches) AS r
    CROSS JOIN LATERAL (
        SELECT range_merge(tstzmultirange(bucket_range(from_level, timezone, r.first_bucket, r.last_bucket))
                           - rollup_left_out(level, timezone, r.point_id)) AS kept) AS k
    WHERE NOT isempty(kept);
    IF own IS NULL THEN
        RETURN;
    END IF;
    -- A bucket is made of finer rows where they are kept, else of readings; where it is left out it is not made at all.
    RETURN QUERY
        WITH place AS MATERIALIZED (
            SELECT r.point_id, rollup_left_out(level, timezone, r.point_id) AS left_out,
                   CASE WHEN finer IS NULL THEN '{(,)}' ELSE rollup_left_out(finer, timezone, r.point_id) END
                       AS of_readings
            FROM unnest(own) AS r
        )
        SELECT r.* FROM rollup_rows(level, timezone, own, finest) AS r JOIN place ON place.point_id = r.point_id
        WHERE of_readings @> r.bucket AND NOT left_out @> r.bucket
        UNION ALL
        SELECT s.*
        FROM rollup_sums(
            'reading_' || coalesce(finer, level), level, timezone,
            ARRAY(SELECT r.point_id FROM unnest(own) AS r), ARRAY(SELECT r.first_bucket FROM unnest(own) AS r),
            ARRAY(SELECT r.last_bucket FROM unnest(own) AS r)) AS s
        JOIN place ON place.point_id = s.point_id
        WHERE finer IS NOT NULL AND NOT of_readings @> s.bucket;
END
$fn$;

COMMENT ON FUNCTION rollup_rows_beside_history IS
    'Roll-up rows of one level within reaches that count buckets of `from_level`, where history may be coarser.';

CREATE FUNCTION refresh_rollups_beside_history(
    level text, finest text, timezone text, points int[], first_ts timestamptz[], last_ts timestamptz[])
RETURNS int LANGUAGE plpgsql
SET jit = off SET work_mem = '64MB' SET max_parallel_workers_per_gather = 0 AS $fn$
DECLARE
    reaches rollup_reach[];
    made text;
BEGIN
    SELECT array_agg(r) INTO reaches FROM rollup_reaches(level, timezone, points, first_ts, last_ts) AS r;
    IF reaches IS NULL THEN
        RETURN 0;
    END IF;
    FOREACH made IN ARRAY ARRAY['1m', '15m', '1h'] LOOP
        CONTINUE WHEN rollup_width(made) NOT BETWEEN rollup_width(finest) AND rollup_width(level);
        PERFORM rollup_store(
            'reading_' || made, format('rollup_rows_beside_history($1, $2, $3, %L, %L)', level, finest),
            made, timezone, reaches, level);
    END LOOP;
    PERFORM rollup_store_coarser(level, timezone, reaches);
    RETURN cardinality(reaches);
END
$fn$;

COMMENT ON FUNCTION refresh_rollups_beside_history IS
    'As refresh_rollups, where coarser history is near: neighbours are found at `level`, which is kept at all times.';
