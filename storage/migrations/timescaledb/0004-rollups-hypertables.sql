-- Roll-ups on TimescaleDB: hypertables as well, compressed when late data have become rare.
-- depends: 0004-rollups

DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT * FROM (VALUES
        ('reading_1m', interval '7 days'), ('reading_15m', interval '30 days'),
        ('reading_1h', interval '90 days'), ('reading_1d', interval '1 year')) AS v (name, chunk)
    LOOP
        PERFORM create_hypertable(one.name, 'bucket', chunk_time_interval => one.chunk, create_default_indexes => false);
        EXECUTE format(
            'ALTER TABLE %I SET (timescaledb.compress, timescaledb.compress_segmentby = ''point_id'','
            ' timescaledb.compress_orderby = ''bucket'')', one.name);
        PERFORM add_compression_policy(one.name, one.chunk + interval '60 days');
    END LOOP;
END
$$;
