-- Raw readings on TimescaleDB: a hypertable of weekly chunks, compressed behind the redelivery window.

CREATE TABLE reading (
    ts timestamptz NOT NULL,                   -- device time
    point_id int NOT NULL,
    value float8 NOT NULL,                     -- in the quantity's canonical unit
    quality int2 NOT NULL,
    received_at timestamptz NOT NULL,          -- arrival at the gateway
    PRIMARY KEY (ts, point_id)
);

DO $$
BEGIN
    PERFORM create_hypertable('reading', 'ts', chunk_time_interval => interval '7 days', create_default_indexes => false);
    ALTER TABLE reading SET (
        timescaledb.compress,
        timescaledb.compress_segmentby = 'point_id',
        timescaledb.compress_orderby = 'ts');
    PERFORM add_compression_policy('reading', interval '30 days');
END
$$;

CREATE FUNCTION ensure_reading_space(months date[]) RETURNS void LANGUAGE sql AS $$
    SELECT NULL::void
$$;

COMMENT ON FUNCTION ensure_reading_space IS 'Nothing to do: the hypertable makes its chunks by itself.';
