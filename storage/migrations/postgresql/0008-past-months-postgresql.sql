-- Months that are over are read point by point: they get an index that answers from itself alone.
-- depends: 0007-roles

CREATE FUNCTION index_past_month(ended_before timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    month date;
    partition text;
BEGIN
    -- The key (ts, point_id) writes fastest and puts a point's readings of a day on as many pages as it has readings.
    -- That is dear only when the month has left the memory, so the month being written goes without a second index.
    IF NOT pg_try_advisory_xact_lock(1903519095) THEN
        RETURN NULL;
    END IF;
    FOR month, partition IN
        SELECT to_date(right(c.relname, 7), 'YYYY_MM'), c.relname
        FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'reading'::regclass ORDER BY 1 DESC
    LOOP
        CONTINUE WHEN (month + interval '1 month')::date::timestamp AT TIME ZONE 'UTC' > ended_before
            OR to_regclass(partition || '_by_point') IS NOT NULL;
        EXECUTE format('CREATE INDEX %I ON %I (point_id, ts) INCLUDE (value, quality, received_at)',
                       partition || '_by_point', partition);
        RETURN partition;
    END LOOP;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION index_past_month IS
    'Indexes by point the newest month that ended before this time and is not indexed; NULL when there is none.';

REVOKE EXECUTE ON FUNCTION index_past_month(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION index_past_month(timestamptz) TO quaymeter_app;
