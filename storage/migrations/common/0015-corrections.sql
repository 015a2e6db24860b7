-- Corrections: what counts instead of the raw readings of a point within a window. The raw readings stay as they are.
-- depends: 0012-history-refresh

CREATE TABLE correction (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    point_id int NOT NULL REFERENCES point,
    starts timestamptz NOT NULL,               -- the window: from here …
    ends timestamptz NOT NULL,                 -- … until before here
    cadence_s float8 CHECK (cadence_s > 0),    -- of its readings, where they are coarser than the point is live
    who text NOT NULL CHECK (who <> ''),
    why text NOT NULL CHECK (why <> ''),
    source text,                               -- name of the file; NULL: struck out, there is none
    sha256 text,                               -- of its content
    made_at timestamptz NOT NULL DEFAULT now(),
    withdrawn_at timestamptz,
    withdrawn_by text,
    withdrawn_why text,
    CONSTRAINT window_not_empty CHECK (ends > starts),
    CONSTRAINT file_known CHECK ((source IS NULL) = (sha256 IS NULL)),
    CONSTRAINT withdrawn_with_name CHECK (
        (withdrawn_at IS NULL) = (withdrawn_by IS NULL) AND (withdrawn_at IS NULL) = (withdrawn_why IS NULL))
);

CREATE INDEX correction_of_point ON correction (point_id, starts, ends);

CREATE TABLE correction_reading (
    correction_id int NOT NULL REFERENCES correction,
    ts timestamptz NOT NULL,
    value float8 NOT NULL,                     -- in the quantity's canonical unit
    quality int2 NOT NULL,                     -- with the reason `substituted`
    PRIMARY KEY (correction_id, ts)
);

CREATE FUNCTION keep_correction() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    mark constant text[] := ARRAY['withdrawn_at', 'withdrawn_by', 'withdrawn_why'];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.withdrawn_at IS NULL AND NEW.withdrawn_at = now() AND to_jsonb(NEW) - mark = to_jsonb(OLD) - mark THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE restrict_violation USING MESSAGE = 'a correction stays as it was made: it can be withdrawn, once, and made anew';
END
$$;

COMMENT ON FUNCTION keep_correction IS 'Lets a correction be withdrawn, and nothing else be done to it.';

CREATE TRIGGER keep_correction BEFORE UPDATE OR DELETE ON correction FOR EACH ROW EXECUTE FUNCTION keep_correction();

CREATE FUNCTION keep_correction_readings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE restrict_violation USING MESSAGE = 'readings of a correction stay as they were made: withdraw it and make another';
END
$$;

COMMENT ON FUNCTION keep_correction_readings IS 'Lets nobody change or remove readings of a correction.';

CREATE TRIGGER keep_correction_readings BEFORE UPDATE OR DELETE ON correction_reading
    FOR EACH STATEMENT EXECUTE FUNCTION keep_correction_readings();

CREATE FUNCTION fit_correction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- now() is the beginning of the transaction: only the one that makes a correction can give it readings.
    IF EXISTS (SELECT FROM added AS a JOIN correction AS c ON c.id = a.correction_id
               WHERE c.made_at <> now() OR a.ts < c.starts OR a.ts >= c.ends) THEN
        RAISE restrict_violation
            USING MESSAGE = 'readings of a correction come with it, in its transaction and within its window';
    END IF;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION fit_correction IS 'Takes readings of a correction only while it is made, and only within its window.';

CREATE TRIGGER fit_correction AFTER INSERT ON correction_reading REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION fit_correction();

CREATE VIEW v_corrected_reading AS
SELECT r.ts, r.point_id, r.value, r.quality FROM reading AS r
WHERE NOT EXISTS (
    SELECT FROM correction AS c
    WHERE c.point_id = r.point_id AND c.withdrawn_at IS NULL AND c.starts <= r.ts AND c.ends > r.ts)
UNION ALL
SELECT k.ts, c.point_id, k.value, k.quality FROM correction AS c JOIN correction_reading AS k ON k.correction_id = c.id
WHERE c.withdrawn_at IS NULL AND NOT EXISTS (
    SELECT FROM correction AS later
    WHERE later.point_id = c.point_id AND later.id > c.id AND later.withdrawn_at IS NULL
        AND later.starts <= k.ts AND later.ends > k.ts);

COMMENT ON VIEW v_corrected_reading IS
    'Readings as they count: within the window of a correction in force those of the newest, elsewhere the raw ones.';

CREATE VIEW v_correction AS
SELECT c.id AS number, s.key AS site, p.key AS point, c.starts, c.ends, c.cadence_s,
       (SELECT count(*) FROM correction_reading AS k WHERE k.correction_id = c.id) AS readings,
       c.who, c.why, c.source, c.sha256, c.made_at, c.withdrawn_at IS NULL AS in_force, c.withdrawn_at, c.withdrawn_by,
       c.withdrawn_why
FROM correction AS c JOIN point AS p ON p.id = c.point_id JOIN site AS s ON s.id = p.site_id;

CREATE FUNCTION correction_cadence(point int, at timestamptz) RETURNS float8
LANGUAGE sql STABLE AS $$
    SELECT c.cadence_s FROM correction AS c
    WHERE c.point_id = point AND c.withdrawn_at IS NULL AND c.starts <= at AND c.ends > at
    ORDER BY c.id DESC LIMIT 1
$$;

COMMENT ON FUNCTION correction_cadence IS 'Cadence [s] of the correction that a reading of this time comes from, if it has one.';

CREATE FUNCTION pend_readings(points int[], first_ts timestamptz[], last_ts timestamptz[]) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO rollup_pending (point_id, from_ts, to_ts)
    SELECT array_agg(point_id), array_agg(starts), array_agg(ends)
    FROM (
        SELECT r.point_id, floor(date_part('epoch', r.ts) / 86400) AS day, min(r.ts) AS starts, max(r.ts) AS ends
        FROM unnest(points, first_ts, last_ts) AS w (point_id, starts, ends)
        JOIN (
            SELECT point_id, ts FROM reading
            UNION ALL
            SELECT c.point_id, k.ts FROM correction AS c JOIN correction_reading AS k ON k.correction_id = c.id) AS r
            ON r.point_id = w.point_id AND r.ts BETWEEN w.starts AND w.ends
        -- The same again for all windows at once: the raw table is gone through once, and only where it must be.
        WHERE r.point_id = ANY(points) AND r.ts >= (SELECT min(t) FROM unnest(first_ts) AS t)
            AND r.ts <= (SELECT max(t) FROM unnest(last_ts) AS t)
        GROUP BY 1, 2) AS note
    GROUP BY day ORDER BY day
$$;

COMMENT ON FUNCTION pend_readings IS
    'Asks for the roll-ups of points anew, day by day, wherever they have readings, raw or of a correction in force or not.';

-- What was corrected once stays said; only that it is withdrawn may be added.
GRANT SELECT ON correction, correction_reading TO quaymeter_app;
GRANT INSERT (point_id, starts, ends, cadence_s, who, why, source, sha256) ON correction TO quaymeter_app;
GRANT UPDATE (withdrawn_at, withdrawn_by, withdrawn_why) ON correction TO quaymeter_app;
GRANT INSERT ON correction_reading TO quaymeter_app;
GRANT SELECT ON v_correction, v_corrected_reading TO quaymeter_app, quaymeter_reader;
