-- Raw readings on plain PostgreSQL: one partition a month, made when the first reading of that month comes.

CREATE TABLE reading (
    ts timestamptz NOT NULL,                   -- device time
    point_id int NOT NULL,
    value float8 NOT NULL,                     -- in the quantity's canonical unit
    quality int2 NOT NULL,
    received_at timestamptz NOT NULL,          -- arrival at the gateway
    PRIMARY KEY (ts, point_id)
) PARTITION BY RANGE (ts);

CREATE FUNCTION ensure_reading_space(months date[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    month date;
    name text;
BEGIN
    -- One maker at a time; readers and writers are not held up, since attaching takes no lock that they need.
    PERFORM pg_advisory_xact_lock(1903519094);
    FOR month IN SELECT DISTINCT date_trunc('month', m)::date FROM unnest(months) m ORDER BY 1 LOOP
        name := 'reading_' || to_char(month, 'YYYY_MM');
        CONTINUE WHEN to_regclass('public.' || name) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE reading INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
        EXECUTE format(
            'ALTER TABLE reading ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            name, month::text || ' 00:00:00+00', (month + interval '1 month')::date::text || ' 00:00:00+00');
    END LOOP;
END
$$;

COMMENT ON FUNCTION ensure_reading_space IS 'Makes the partitions that readings of these months need.';

CREATE FUNCTION time_bucket(width interval, ts timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT date_bin(width, ts, timestamptz '2000-01-03 00:00:00+00')
$$;

COMMENT ON FUNCTION time_bucket(interval, timestamptz) IS 'Start of the bucket of a fixed width, as TimescaleDB counts it.';

CREATE FUNCTION time_bucket(width interval, ts timestamptz, timezone text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT date_bin(width, ts AT TIME ZONE timezone, timestamp '2000-01-03 00:00:00') AT TIME ZONE timezone
$$;

COMMENT ON FUNCTION time_bucket(interval, timestamptz, text) IS 'Start of the bucket in local time, as TimescaleDB counts it.';
