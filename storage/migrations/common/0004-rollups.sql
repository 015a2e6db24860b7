-- Roll-ups: one row a point and bucket, at four widths; see docs/storage.md for the algorithm.

CREATE TABLE reading_1m (
    point_id int NOT NULL,
    bucket timestamptz NOT NULL,               -- its start; days begin at midnight in the site's zone
    n bigint NOT NULL,                         -- readings that count (good or uncertain)
    n_bad bigint NOT NULL,                     -- readings stored, never counted
    mean float8,                               -- gauges, states: weighted by time
    minimum float8,
    maximum float8,
    increase float8,                           -- counters: what the register gained within the bucket
    total float8,                              -- events: sum of amounts
    valid_s float8 NOT NULL,                   -- seconds of the bucket that are known
    spread_s float8 NOT NULL,                  -- seconds filled by spreading the increment of a longer gap
    coverage float8 NOT NULL,                  -- valid_s as a share of the bucket
    first_ts timestamptz,                      -- first and last reading that counts, within the bucket
    first_value float8,
    first_quality int2,
    last_ts timestamptz,
    last_value float8,
    last_quality int2,
    resets int NOT NULL,                       -- counters: drops that were no rollover
    quality int2 NOT NULL,                     -- worst class that counted, and all reasons seen
    -- Rows lie in order of time, a point's month on as many pages as it has rows; the key's index, in order of point,
    -- holds all that is asked for, so that a window is read from it alone.
    PRIMARY KEY (point_id, bucket) INCLUDE (n, n_bad, mean, minimum, maximum, increase, total, valid_s, spread_s, coverage,
        resets, quality)
) WITH (fillfactor = 80);                      -- the current bucket is written again and again

CREATE TABLE reading_15m (LIKE reading_1m INCLUDING ALL) WITH (fillfactor = 80);
CREATE TABLE reading_1h (LIKE reading_1m INCLUDING ALL) WITH (fillfactor = 80);
CREATE TABLE reading_1d (LIKE reading_1m INCLUDING ALL) WITH (fillfactor = 80);

CREATE TABLE rollup_set_aside (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    point_id int NOT NULL REFERENCES point,
    from_ts timestamptz NOT NULL,              -- the window whose roll-ups could not be made
    to_ts timestamptz NOT NULL,
    cause text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
