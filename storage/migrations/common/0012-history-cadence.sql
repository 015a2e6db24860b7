-- Stretches of history, which may be coarser than live readings: how long a reading holds there, what is kept of them.
-- depends: 0007-roles

CREATE TABLE history_cadence (
    point_id int NOT NULL REFERENCES point,
    cadence_s float8 NOT NULL CHECK (cadence_s > 0),
    starts timestamptz NOT NULL,               -- first and last reading of the stretch, both within it
    ends timestamptz NOT NULL CHECK (ends >= starts),
    PRIMARY KEY (point_id, cadence_s, starts)
) WITH (fillfactor = 50);                      -- a stretch grows with every part of an import

GRANT SELECT, INSERT, UPDATE, DELETE ON history_cadence TO quaymeter_app;

CREATE FUNCTION rollup_cadence(point int, at timestamptz) RETURNS float8
LANGUAGE sql STABLE AS $$
    SELECT max(h.cadence_s) FROM history_cadence AS h WHERE h.point_id = point AND h.starts <= at AND h.ends >= at
$$;

COMMENT ON FUNCTION rollup_cadence IS
    'Cadence [s] of the history that a reading of this time belongs to, the coarsest of several; NULL outside.';

CREATE FUNCTION rollup_hold(silent_s float8, cadence_s float8) RETURNS float8
LANGUAGE sql IMMUTABLE AS 'SELECT greatest(silent_s, 1.05 * cadence_s)';

COMMENT ON FUNCTION rollup_hold IS
    'How long a reading holds [s]; in history until the next is due and a twentieth longer, for clocks are not exact.';

CREATE FUNCTION rollup_left_out(level text, timezone text, point int) RETURNS tstzmultirange
LANGUAGE sql STABLE AS $$
    SELECT coalesce(range_agg(bucket_range(
               kept, timezone, bucket_number(kept, timezone, starts), bucket_number(kept, timezone, ends))), '{}')
    FROM (SELECT h.starts, h.ends, rollup_level(least(h.cadence_s, 3600), timezone) AS kept
          FROM history_cadence AS h WHERE h.point_id = point) AS stretch
    WHERE rollup_width(kept) > rollup_width(level)
$$;

COMMENT ON FUNCTION rollup_left_out IS
    'When no rows of this level are kept for a point: in stretches of coarser history, hours and days excepted.';

CREATE FUNCTION rollup_kept_at(finest text, timezone text, point int, at timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT level FROM unnest(ARRAY['1m', '15m', '1h', '1d']) WITH ORDINALITY AS l (level, place)
    WHERE rollup_width(level) >= rollup_width(finest) AND NOT rollup_left_out(level, timezone, point) @> at
    ORDER BY place LIMIT 1
$$;

COMMENT ON FUNCTION rollup_kept_at IS 'Finest level kept at this time, for a point whose finest level is `finest`.';

CREATE FUNCTION rollup_common_level(finest text, timezone text, point int) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT level FROM (
        SELECT finest AS level
        UNION ALL
        SELECT rollup_level(least(h.cadence_s, 3600), timezone) FROM history_cadence AS h WHERE h.point_id = point) AS l
    ORDER BY rollup_width(level) DESC LIMIT 1
$$;

COMMENT ON FUNCTION rollup_common_level IS
    'Finest level that is kept at all times, in stretches of coarser history too.';

CREATE FUNCTION rollup_found_at(finest text, timezone text, point int, first_ts timestamptz, last_ts timestamptz)
RETURNS text LANGUAGE plpgsql STABLE AS $fn$
DECLARE
    around tstzrange;
BEGIN
    IF NOT EXISTS (SELECT FROM history_cadence AS h WHERE h.point_id = point) THEN
        RETURN finest;
    END IF;
    -- Two buckets with good readings on either side are all that a refresh ever looks at. Those that a correction
    -- touched may be about to lose theirs, so they do not count.
    EXECUTE format($sql$
        WITH sure AS NOT MATERIALIZED (
            SELECT bucket FROM %1$I WHERE point_id = $1 AND n > 0 AND NOT EXISTS (
                SELECT FROM correction AS c WHERE c.point_id = $1 AND c.ends > bucket
                    AND c.starts < bucket_start($2, $3, bucket_number($2, $3, bucket) + 1)))
        SELECT tstzrange(
            (SELECT bucket FROM sure WHERE bucket < bucket_start($2, $3, bucket_number($2, $3, $4))
                 ORDER BY bucket DESC OFFSET 1 LIMIT 1),
            (SELECT bucket FROM sure WHERE bucket > $5 ORDER BY bucket OFFSET 1 LIMIT 1), '[]')
    $sql$, 'reading_' || finest) INTO around USING point, finest, timezone, first_ts, last_ts;
    RETURN CASE WHEN rollup_left_out(finest, timezone, point) && around
                THEN rollup_common_level(finest, timezone, point) ELSE finest END;
END
$fn$;

COMMENT ON FUNCTION rollup_found_at IS
    'Level at which the neighbours of new readings are found: the finest, but where a stretch of history is near.';

CREATE FUNCTION note_history(points int[], first_ts timestamptz[], last_ts timestamptz[], cadence float8) RETURNS void
LANGUAGE plpgsql AS $fn$
DECLARE
    part record;
    grown record;
BEGIN
    -- No refresher at work (see storage/sql/rollups.sql): one would still write what held before.
    PERFORM pg_advisory_xact_lock_shared(1903519093);
    FOR part IN
        SELECT u.*, make_interval(secs => greatest(2 * cadence, p.silent_after_s, rollup_longest_s())) AS apart
        FROM unnest(points, first_ts, last_ts) AS u (point_id, starts, ends) JOIN point AS p ON p.id = u.point_id
        ORDER BY u.point_id
    LOOP
        CONTINUE WHEN EXISTS (
            SELECT FROM history_cadence AS h WHERE h.point_id = part.point_id AND h.cadence_s = cadence
                AND h.starts <= part.starts AND h.ends >= part.ends);
        SELECT least(part.starts, min(h.starts)) AS starts, greatest(part.ends, max(h.ends)) AS ends,
               coalesce(max(h.ends) FILTER (WHERE h.ends < part.starts), part.starts) AS new_from,
               coalesce(min(h.starts) FILTER (WHERE h.starts > part.ends), part.ends) AS new_to
        INTO grown FROM history_cadence AS h
        WHERE h.point_id = part.point_id AND h.cadence_s = cadence
            AND h.starts <= part.ends + part.apart AND h.ends >= part.starts - part.apart;
        DELETE FROM history_cadence AS h
        WHERE h.point_id = part.point_id AND h.cadence_s = cadence AND h.starts > grown.starts AND h.ends <= grown.ends;
        INSERT INTO history_cadence AS h (point_id, cadence_s, starts, ends)
        VALUES (part.point_id, cadence, grown.starts, grown.ends)
        ON CONFLICT (point_id, cadence_s, starts) DO UPDATE SET ends = greatest(h.ends, excluded.ends);
        -- What is rolled up already holds otherwise from now on; of all else a note is waiting anyway.
        CONTINUE WHEN NOT EXISTS (
            SELECT FROM reading_1d AS d WHERE d.point_id = part.point_id AND d.n + d.n_bad > 0
                AND d.bucket > grown.new_from - interval '25 hours' AND d.bucket <= grown.new_to);
        PERFORM pend_readings(ARRAY[part.point_id], ARRAY[grown.new_from], ARRAY[grown.new_to]);
    END LOOP;
END
$fn$;

COMMENT ON FUNCTION note_history IS
    'Notes that these points have history of this cadence [s] from their first reading to their last. A stretch grows'
    ' over holes of two days, two cadences or what its point may be silent, whichever is longest.';
